"""Working one discrepancy on its page: its buttons, what they do, and the files beside its comments."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.defaultfilters import capfirst
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext

from reconciliation import write_offs
from reconciliation.admin.steps import STEPS, Step, make_form
from reconciliation.attachments import check_files, send_file
from reconciliation.decisions import DecisionRefused, pick_step_to_undo, undoes_link
from reconciliation.models import Attachment, Discrepancy, DiscrepancyStep, Status
from reconciliation.permissions import LINK_PERMISSION, WORK_PERMISSION, WRITE_OFF_PERMISSION
from reconciliation.rules.kinds import MONETARY
from reconciliation.wording import find_other_payment, word_closing, word_payment
from shops.presentation import show_amount, show_signed_amount, show_time

ASKED_WITHOUT_A_FORM = ("take",)


@dataclass(frozen=True, slots=True)
class Button:
    """A step that this person may take now; `form` is None where nothing is asked, `remark` says what will happen."""

    step: Step
    form: Form | None
    remark: str = ""
    is_main: bool = False


class WorkMixin:
    """Put it before the admin class of Discrepancy."""

    admin_site: Any
    model: Any
    opts: Any

    def has_work_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm(WORK_PERMISSION)

    def has_write_off_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perms((WORK_PERMISSION, WRITE_OFF_PERMISSION))

    def get_urls(self) -> list[URLPattern]:
        work = path(
            "<int:discrepancy_id>/work/<slug:step>/",
            self.admin_site.admin_view(self.work_view),
            name="reconciliation_discrepancy_work",
        )
        attachment = path(
            "<int:discrepancy_id>/attachments/<int:attachment_id>/",
            self.admin_site.admin_view(self.attachment_view),
            name="reconciliation_discrepancy_attachment",
        )
        return [work, attachment, *super().get_urls()]  # type: ignore[misc]

    def describe_work(self, request: HttpRequest, row: Discrepancy, history: list[DiscrepancyStep]) -> list[Button]:
        """The buttons and forms of the page for this person; none without the permission."""
        if not request.user.has_perm(WORK_PERMISSION, row):
            return []
        latest = sorted(history, key=lambda step: step.pk, reverse=True)
        last = pick_step_to_undo(latest)
        can_undo = last is not None and (last.allocation_id is None or request.user.has_perm(LINK_PERMISSION, row))
        proposal = next((step for step in latest if step.action == DiscrepancyStep.Action.PROPOSED), None)
        steps = [
            step
            for step in STEPS.values()
            if step.is_allowed(request, row)
            and is_open_to(row, step, is_mine=row.assignee_id == request.user.pk, can_undo=can_undo)
            and not (step.name == "confirm" and proposal is not None and proposal.actor == request.user)
        ]
        return [
            Button(
                step,
                None if step.name in ASKED_WITHOUT_A_FORM else make_form(step, request, [row], bound=False),
                describe_consequence(row, step, last, proposal),
                is_main=step is steps[0],
            )
            for step in steps
        ]

    def work_view(self, request: HttpRequest, discrepancy_id: int, step: str) -> HttpResponse:
        """One step, by POST; then back to the page, where a message says what was done or why not."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = STEPS.get(step)
        if chosen is None or not chosen.is_allowed(request):
            raise PermissionDenied
        page = HttpResponseRedirect(reverse("admin:reconciliation_discrepancy_change", args=[discrepancy_id]))
        row = self._find(request, discrepancy_id)
        if row is None:
            return HttpResponseRedirect(reverse("admin:reconciliation_discrepancy_changelist"))
        form = make_form(chosen, request, [row], bound=True)
        if not form.is_valid():
            complain(request, form)
            return page
        refusal = self.decide(request, row, chosen, read_answers(request, form))
        if refusal:
            messages.error(request, f"{row}: {refusal}")
        else:
            messages.success(request, say_done(chosen, row))
        return page

    def attachment_view(self, request: HttpRequest, discrepancy_id: int, attachment_id: int) -> HttpResponse:
        row = self._find(request, discrepancy_id)
        if row is None or not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise Http404
        attachment = Attachment.objects.filter(step__discrepancy=row, pk=attachment_id).first()
        if attachment is None:
            raise Http404
        return send_file(attachment)

    def decide(self, request: HttpRequest, row: Discrepancy, step: Step, answers: dict[str, Any]) -> str:
        """Takes the step, and writes it into the admin's own log too; where it is refused, says why."""
        if not step.is_allowed(request, row):
            return gettext("In this shop you may not do that.")
        if step.name == "undo" and undoes_link(row) and not request.user.has_perm(LINK_PERMISSION, row):
            raise PermissionDenied
        try:
            step.decide(row, actor=request.user, now=timezone.now(), **answers)
        except DecisionRefused as refusal:
            return str(refusal)
        self.log_change(request, row, say_done(step, row))  # type: ignore[attr-defined]
        return ""

    def _find(self, request: HttpRequest, discrepancy_id: int) -> Discrepancy | None:
        rows: QuerySet[Discrepancy] = self.get_queryset(request)  # type: ignore[attr-defined]
        return rows.select_related("case__shop", "case__bill", "case__receipt").filter(pk=discrepancy_id).first()


def is_open_to(row: Discrepancy, step: Step, *, is_mine: bool, can_undo: bool) -> bool:
    """Whether the state of the discrepancy allows the step, as far as the page can know."""
    resolved, waits = row.status == Status.RESOLVED, row.status == Status.WAITING
    match step.name:
        case "take":
            return not resolved and not waits and not is_mine
        case "resolve" | "hand-over":
            return not resolved and not waits
        case "write-off":
            return not resolved and not waits and row.kind in MONETARY
        case "confirm" | "decline":
            return waits
        case "ask":
            return not resolved
        case "answer":
            return row.asked_by_id is not None
        case "reopen":
            return resolved and row.cause_present
        case "undo":
            return can_undo
        case _:
            return True


def describe_consequence(
    row: Discrepancy, step: Step, last: DiscrepancyStep | None, proposal: DiscrepancyStep | None
) -> str:
    """What the step will come to, said before it is taken."""
    amount = show_signed_amount(row.amount)
    match step.name:
        case "write-off" if write_offs.needs_second_person(row):
            return gettext("%(amount)s is beyond the shop's limit of %(limit)s: a second person will confirm it.") % {
                "amount": amount,
                "limit": show_amount(row.case.shop.write_off_limit),
            }
        case "write-off":
            return gettext("%(amount)s will be written off at once.") % {"amount": amount}
        case "confirm" if proposal is not None and (paid := find_other_payment(proposal)) is not None:
            return gettext("%(amount)s is resolved as paid another way: %(payment)s.") % {
                "amount": amount,
                "payment": word_payment(paid),
            }
        case "confirm":
            return gettext("%(amount)s will be written off to “%(account)s”.") % {
                "amount": amount,
                "account": row.write_off_account,
            }
        case "undo" if last is not None:
            return gettext("Will be taken back: %(step)s, %(person)s, %(time)s.") % {
                "step": last.get_action_display(),
                "person": last.actor,
                "time": show_time(last.at, row.case.shop.zone),
            }
        case _:
            return ""


def say_done(step: Step, row: Discrepancy) -> str:
    """What was done, with the account where something was written off or is to be."""
    if step.name in ("write-off", "confirm") and row.reason:
        return f"{capfirst(word_closing(row.status, row.reason, row.write_off_account))}."
    return str(step.done)


def read_answers(request: HttpRequest, form: Form) -> dict[str, Any]:
    """The answers as the decision takes them. A file that is refused is named, and the rest goes on."""
    answers = dict(form.cleaned_data)
    if "attachments" in answers:
        answers["attachments"], refused = check_files(answers["attachments"])
        for refusal in refused:
            messages.error(request, str(refusal))
    return answers


def complain(request: HttpRequest, form: Form) -> None:
    for name, faults in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for fault in faults:
            messages.error(request, f"{label}: {fault}")
