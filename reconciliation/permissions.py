"""What this app lets people do, by the names under which groups hold it. Anyone may import it."""

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet

from reconciliation.rules.reasons import Reason
from shops.models import Shop
from shops.roles import people_with

VIEW_PERMISSION = "reconciliation.view_discrepancy"
WORK_PERMISSION = "reconciliation.work_discrepancy"
WRITE_OFF_PERMISSION = "reconciliation.write_off_discrepancy"
LINK_PERMISSION = "reconciliation.link_receipt"
VIEW_PERIOD_PERMISSION = "reconciliation.view_period"
CLOSE_PERIOD_PERMISSION = "reconciliation.close_period"
REOPEN_PERIOD_PERMISSION = "reconciliation.reopen_period"
ADD_RULE_PERMISSION = "reconciliation.add_houserule"
CHANGE_RULE_PERMISSION = "reconciliation.change_houserule"
COMMENT_PERMISSION = "reconciliation.comment_discrepancy"
PROPOSE_PERMISSION = "reconciliation.propose_resolution"
SEND_LETTER_PERMISSION = "reconciliation.send_letter"


def list_confirming(reason: str) -> tuple[str, ...]:
    """What takes part in confirming or declining a proposal to close with that reason: all of these permissions."""
    return (WORK_PERMISSION, WRITE_OFF_PERMISSION) if reason == Reason.WRITTEN_OFF else (WORK_PERMISSION,)


def list_asked(shop: Shop | OuterRef | None = None) -> QuerySet[User]:
    """Whom questions about a shop go to: its owners. Administrators may do everything, and are asked nothing."""
    return people_with(PROPOSE_PERMISSION, shop).filter(is_superuser=False)


def list_workers(shop: Shop | OuterRef | None = None) -> QuerySet[User]:
    """Who may work the discrepancies of that shop now, or of any."""
    return people_with(WORK_PERMISSION, shop)
