"""The steps that people take in the admin, for the page and for the list: what each needs, asks, does and says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reconciliation import decisions, proposals, questions, write_offs
from reconciliation.decision_forms import (
    CommentForm,
    CommentWithFilesForm,
    HandOverForm,
    RequiredCommentForm,
    ResolveForm,
    SeenAmountForm,
    WriteOffForm,
)
from reconciliation.models import Discrepancy, WriteOffAccount
from reconciliation.permissions import WORK_PERMISSION, WRITE_OFF_PERMISSION, list_confirming, list_workers


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its name in addresses; `permissions` are all needed."""

    name: str
    label: str | Promise
    done: str | Promise
    decide: Callable[..., object]
    permissions: tuple[str, ...] = (WORK_PERMISSION,)

    def is_allowed(self, request: HttpRequest, row: Discrepancy | None = None) -> bool:
        """Whether the person may take the step in the shop of that row, or in any."""
        permissions = self.permissions
        if row is not None and self.name in DECIDING:
            permissions = list_confirming(row.reason)
        return request.user.has_perms(permissions, row)


DECIDING = ("confirm", "decline")  # about what somebody else proposes
WRITING_OFF = (WORK_PERMISSION, WRITE_OFF_PERMISSION)
STEPS = {
    step.name: step
    for step in (
        Step("take", _("Take"), _("Taken."), decisions.take),
        Step("resolve", _("Resolve"), _("Resolved."), decisions.resolve),
        Step("write-off", _("Write off"), _("Written off."), write_offs.write_off, WRITING_OFF),
        Step("confirm", _("Confirm"), _("Confirmed."), proposals.confirm),
        Step("decline", _("Decline"), _("Declined."), proposals.decline),
        Step("hand-over", _("Hand over"), _("Handed over."), decisions.hand_over),
        Step("ask", _("Ask the owner"), _("The owner is asked."), questions.ask),
        Step("answer", _("Enter the answer"), _("The answer is entered."), questions.answer),
        Step("comment", _("Add a comment"), _("Comment added."), decisions.comment),
        Step("reopen", _("Reopen"), _("Reopened."), decisions.reopen),
        Step("undo", _("Undo the last step"), _("The last step is undone."), decisions.undo),
    )
}


def make_form(
    step: Step, request: HttpRequest, rows: Sequence[Discrepancy], *, bound: bool, many: bool = False
) -> Form:
    """What the step asks about these discrepancies; with the answers of the request where it is `bound`."""
    options: dict[str, Any] = {"prefix": step.name}
    if bound:
        options |= {"data": request.POST, "files": request.FILES}
    match step.name:
        case "take":
            return Form(**options)
        case "resolve":
            return ResolveForm(**options, rows=rows)
        case "write-off":
            return WriteOffForm(**options, accounts=list_accounts(rows), seen_amount=_amount_of(rows, many))
        case "confirm":
            return SeenAmountForm(**options, seen_amount=_amount_of(rows, many))
        case "hand-over":
            return HandOverForm(**options, colleagues=list_colleagues(request, rows))
        case "comment" | "answer" if not many:
            return CommentWithFilesForm(**options)
        case "comment" | "decline" | "ask":
            return RequiredCommentForm(**options)
        case _:
            return CommentForm(**options)


def list_accounts(rows: Sequence[Discrepancy]) -> QuerySet[WriteOffAccount]:
    """The accounts that all of these can be written off to."""
    accounts = WriteOffAccount.objects.filter(is_active=True)
    for shop in {row.case.shop for row in rows}:
        accounts = accounts.usable_in(shop)
    return accounts


def list_colleagues(request: HttpRequest, rows: Sequence[Discrepancy]) -> QuerySet[User]:
    """Whom these discrepancies can be handed to: everybody else who may work them all."""
    colleagues = User.objects.exclude(username=request.user.get_username())
    for shop in {row.case.shop for row in rows}:
        colleagues &= list_workers(shop)
    return colleagues


def _amount_of(rows: Sequence[Discrepancy], many: bool) -> Any:
    """What is shown of one; the page of many carries the amount of each row beside the row."""
    return None if many else rows[0].amount
