"""What the owner of a shop is asked, and what they have said that waits for an accountant."""

from collections.abc import Iterable

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status
from reconciliation.owner.acts.frame import shop_page, show
from reconciliation.owner.found import with_subjects
from reconciliation.owner.wording import word_subject
from reconciliation.permissions import VIEW_PERMISSION
from shops.models import Shop
from shops.people import name_person
from shops.presentation import show_signed_amount, show_time

SHOWN = 100
Action = DiscrepancyStep.Action


@require_safe
@shop_page(VIEW_PERMISSION)
def questions_view(request: HttpRequest, shop: Shop) -> HttpResponseBase:
    ours = Discrepancy.objects.filter(shop=shop)
    asked = ours.filter(asked_by__isnull=False).order_by("opened_at", "pk").select_related("asked_by")
    proposed = ours.filter(resolved_at=None, status=Status.WAITING, reason=Reason.PAID_ANOTHER_WAY).order_by("pk")
    context = {"asked": _describe(asked, Action.ASKED, shop), "proposed": _describe(proposed, Action.PROPOSED, shop)}
    return show(request, "questions", shop, "questions", context)


def _describe(rows: QuerySet[Discrepancy], action: str, shop: Shop) -> list[dict[str, object]]:
    """Each with the last step of that kind: who said what, and when."""
    steps = DiscrepancyStep.objects.filter(discrepancy=OuterRef("pk"), action=action).order_by("-pk")
    found = with_subjects(rows.annotate(said_in=Subquery(steps.values("pk")[:1])), shop, SHOWN)
    said = _load_steps(row.said_in for row in found)  # type: ignore[attr-defined]
    return [
        {
            "discrepancy": row,
            "subject": word_subject(row),
            "amount": "" if row.amount is None else show_signed_amount(row.amount),
            "person": name_person(step.actor) if step.actor else "",
            "time": show_time(step.at, shop.zone),
            "comment": step.comment,
        }
        for row in found
        for step in (said[row.said_in],)  # type: ignore[attr-defined]
    ]


def _load_steps(keys: Iterable[int]) -> dict[int, DiscrepancyStep]:
    return DiscrepancyStep.objects.select_related("actor").in_bulk(list(keys))
