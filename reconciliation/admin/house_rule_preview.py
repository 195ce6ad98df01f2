"""The preview of a rule as its page and its form show it."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from reconciliation.house_rules.preview import PREVIEW_DAYS, Preview, Verdict
from reconciliation.models import KindChoice

SHOWN = 200
VERDICTS = {
    Verdict.SAME: _("people decided the same"),
    Verdict.OTHERWISE: _("people decided otherwise"),
    Verdict.IN_WORK: _("somebody is working on it"),
    Verdict.BY_RULES: _("decided by a rule"),
    Verdict.DOCUMENTS: _("closed by later documents"),
    Verdict.NOBODY: _("nobody has decided yet"),
}
FLAGS = {Verdict.SAME: "flag-good", Verdict.OTHERWISE: "flag-bad", Verdict.NOBODY: "flag-warn"}


def describe_preview(preview: Preview) -> dict[str, Any]:
    """What `preview.html` shows: totals of all rows, the first 200 of them, and those that are in conflict apart."""
    return {
        "days": PREVIEW_DAYS,
        "total": preview.total,
        "by_verdict": [(VERDICTS[verdict], total) for verdict, total in preview.by_verdict().items()],
        "by_kind": [(KindChoice(kind).label, total) for kind, total in preview.by_kind().items()],
        "by_shop": list(preview.by_shop().items()),
        "conflicts": [_describe_row(row) for row in preview.conflicts[:SHOWN]],
        "conflict_count": len(preview.conflicts),
        "rows": [_describe_row(row) for row in preview.rows[:SHOWN]],
        "shown": SHOWN,
        "is_cut": preview.is_cut,
    }


def _describe_row(row: Any) -> dict[str, Any]:
    discrepancy = row.discrepancy
    return {
        "discrepancy": discrepancy,
        "shop": discrepancy.case.shop,
        "amount": row.amount,
        "verdict": VERDICTS[row.verdict],
        "flag": FLAGS.get(row.verdict, ""),
    }
