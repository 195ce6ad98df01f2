"""What this app lets people do, by the names under which groups hold it. Anyone may import it."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

VIEW_PERMISSION = "reconciliation.view_discrepancy"
WORK_PERMISSION = "reconciliation.work_discrepancy"
WRITE_OFF_PERMISSION = "reconciliation.write_off_discrepancy"
LINK_PERMISSION = "reconciliation.link_receipt"
CLOSE_PERIOD_PERMISSION = "reconciliation.close_period"
REOPEN_PERIOD_PERMISSION = "reconciliation.reopen_period"
SEND_LETTER_PERMISSION = "reconciliation.send_letter"

BACKEND = "django.contrib.auth.backends.ModelBackend"


def list_workers() -> QuerySet[User]:
    """Who may work discrepancies now."""
    return User.objects.with_perm(WORK_PERMISSION, backend=BACKEND)
