"""The page of one discrepancy: what was billed and received, what happens next, and what an owner does about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from reconciliation import decisions, proposals, questions
from reconciliation.attachments import check_files, send_file
from reconciliation.case_page import Cause, draw_chart, list_discrepancies, list_steps, load_sides, number_receipts
from reconciliation.decision_forms import CommentWithFilesForm, PaidAnotherWayForm
from reconciliation.decisions import DecisionRefused, find_open_question, pick_step_to_undo
from reconciliation.models import Attachment, Discrepancy, DiscrepancyStep, Status
from reconciliation.owner.acts.frame import note, person_of, shop_page, show
from reconciliation.owner.acts.history import tell_history
from reconciliation.owner.found import NEAR
from reconciliation.owner.wording import word_next, word_subject
from reconciliation.permissions import COMMENT_PERMISSION, PROPOSE_PERMISSION, VIEW_PERMISSION, WORK_PERMISSION
from shops.models import Shop
from shops.presentation import show_signed_amount
from shops.visibility import only_permitted

MAY_TALK = (COMMENT_PERMISSION, WORK_PERMISSION)


@dataclass(frozen=True, slots=True)
class Act:
    """What an owner may do about a discrepancy, by its name in addresses."""

    name: str
    label: str | Promise
    done: str | Promise
    permissions: tuple[str, ...]
    decide: Callable[..., object]


ACTS: Mapping[str, Act] = {
    act.name: act
    for act in (
        Act("answer", _("Answer the question"), _("Your answer is sent."), MAY_TALK, questions.answer),
        Act(
            "paid-another-way",
            _("The customer has paid another way"),
            _("An accountant will confirm it."),
            (PROPOSE_PERMISSION,),
            proposals.propose_paid_another_way,
        ),
        Act("withdraw", _("Take it back"), _("Taken back."), (PROPOSE_PERMISSION,), proposals.withdraw),
        Act("comment", _("Write a comment"), _("Your comment is kept."), MAY_TALK, decisions.comment),
    )
}


@require_safe
@shop_page(VIEW_PERMISSION)
def discrepancy_view(request: HttpRequest, shop: Shop, discrepancy_id: int) -> HttpResponseBase:
    row = find_discrepancy(request, shop, discrepancy_id)
    return _show(request, row)


@require_POST
@shop_page(VIEW_PERMISSION)
def act_view(request: HttpRequest, shop: Shop, discrepancy_id: int, act: str) -> HttpResponseBase:
    """One act; then back to the page, which says what was done. A form that is not right is shown with its faults."""
    row, chosen = find_discrepancy(request, shop, discrepancy_id), ACTS.get(act)
    if chosen is None or not _is_allowed(request, chosen, row):
        raise Http404
    form = _make_form(chosen, row, request)
    if not form.is_valid():
        return _show(request, row, form)
    try:
        chosen.decide(row, actor=person_of(request), now=timezone.now(), **_read_answers(request, form))
    except DecisionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        note(person_of(request), row, str(chosen.done))
        messages.success(request, str(chosen.done))
    return HttpResponseRedirect(reverse("owner:discrepancy", args=[shop.pk, row.pk]))


@require_safe
@shop_page(VIEW_PERMISSION)
def attachment_view(request: HttpRequest, shop: Shop, discrepancy_id: int, attachment_id: int) -> HttpResponseBase:
    row = find_discrepancy(request, shop, discrepancy_id)
    return send_file(get_object_or_404(Attachment, step__discrepancy=row, pk=attachment_id))


def find_discrepancy(request: HttpRequest, shop: Shop, discrepancy_id: int) -> Discrepancy:
    """One of this shop, with what it is about; its shop is the one at hand."""
    rows = only_permitted(Discrepancy.objects.filter(shop=shop), request.user, VIEW_PERMISSION)
    row = get_object_or_404(rows.select_related("asked_by", *NEAR), pk=discrepancy_id)
    row.case.shop = shop
    return row


def _show(request: HttpRequest, row: Discrepancy, form: Form | None = None) -> HttpResponse:
    sides, causes, steps = load_sides(row.case), list_discrepancies(row.case), list_steps(row)
    latest = sorted(steps, key=lambda step: step.pk, reverse=True)
    context = {
        "discrepancy": row,
        "case": row.case,
        "subject": word_subject(row),
        "cause": _find_cause(causes, row),
        "amount": "" if row.amount is None else show_signed_amount(row.amount),
        "next": word_next(row),
        "question": find_open_question(latest),
        "table": sides.table,
        "receipts": number_receipts(sides),
        "zone": row.case.shop.zone,
        "chart": draw_chart(row.case, causes),
        "others": [cause for cause in causes if cause.discrepancy.pk != row.pk],
        "history": tell_history(steps, row.case.shop),
        "acts": _list_acts(request, row, latest, form),
    }
    return show(request, "discrepancy", row.case.shop, "discrepancies", context)


def _find_cause(causes: list[Cause], row: Discrepancy) -> Cause:
    return next(cause for cause in causes if cause.discrepancy.pk == row.pk)


def _list_acts(
    request: HttpRequest, row: Discrepancy, latest: list[DiscrepancyStep], form: Form | None
) -> list[dict[str, Any]]:
    """What this person may do now, with the form of each; `form` is one that was filled in and is not right."""
    open_acts = [act for act in ACTS.values() if _is_allowed(request, act, row) and _is_open(request, act, row, latest)]
    return [
        {
            "act": act,
            "form": form if form is not None and form.prefix == act.name else _make_form(act, row),
            "is_open": (form is not None and form.prefix == act.name) or act.name == "answer",
        }
        for act in open_acts
    ]


def _is_allowed(request: HttpRequest, act: Act, row: Discrepancy) -> bool:
    return any(request.user.has_perm(permission, row) for permission in act.permissions)


def _is_open(request: HttpRequest, act: Act, row: Discrepancy, latest: list[DiscrepancyStep]) -> bool:
    """Whether the state of the discrepancy allows it, as far as the page can know."""
    match act.name:
        case "answer":
            return row.asked_by_id is not None
        case "paid-another-way":
            is_decided = row.status in (Status.RESOLVED, Status.WAITING)
            return not is_decided and proposals.can_be_paid_another_way(row.kind)
        case "withdraw":
            last = pick_step_to_undo(latest) if row.status == Status.WAITING else None
            return last is not None and last.action == DiscrepancyStep.Action.PROPOSED and last.actor == request.user
        case _:
            return True


def _make_form(act: Act, row: Discrepancy, request: HttpRequest | None = None) -> Form:
    options: dict[str, Any] = {"prefix": act.name, "label_suffix": ""}
    if request is not None:
        options |= {"data": request.POST, "files": request.FILES}
    if act.name == "paid-another-way":
        return PaidAnotherWayForm(**options, seen_amount=row.amount)
    if act.name == "withdraw":
        return Form(**options)
    form = CommentWithFilesForm(**options)
    if act.name == "answer":
        form.fields["comment"].label = _("Your answer")
    return form


def _read_answers(request: HttpRequest, form: Form) -> dict[str, Any]:
    """The answers as the decision takes them. A file that is refused is named, and the rest goes on."""
    answers = dict(form.cleaned_data)
    if "attachments" in answers:
        answers["attachments"], refused = check_files(answers["attachments"])
        for refusal in refused:
            messages.error(request, str(refusal))
    if isinstance(form, PaidAnotherWayForm):
        payment = form.read_payment()
        answers = {name: answers[name] for name in ("comment", "attachments", "seen_amount")} | {"payment": payment}
    return answers
