"""The life of a discrepancy in plain words, for who is no accountant."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from reconciliation.models import Attachment, DiscrepancyStep, Reason, Status
from reconciliation.wording import find_other_payment, word_closing, word_payment
from shops.models import Shop
from shops.people import name_person
from shops.presentation import show_signed_amount, show_time

Action = DiscrepancyStep.Action


@dataclass(frozen=True, slots=True)
class Told:
    """One step: when, what happened, what was said with it."""

    time: str
    sentence: str
    comment: str
    files: list[Attachment]


def tell_history(steps: Iterable[DiscrepancyStep], shop: Shop) -> list[Told]:
    """The steps, the last one first. They come with their people and files."""
    told = [
        Told(show_time(step.at, shop.zone), word_step(step), step.comment, list(step.attachments.all()))
        for step in steps
    ]
    return told[::-1]


def word_step(step: DiscrepancyStep) -> str:
    """What happened, in a sentence."""
    if step.rule is not None:
        return _("A rule of the house: %(what)s.") % {"what": _word_outcome(step)}
    if step.actor is None:
        return _word_documents(step)
    return _word_person(step) % {
        "person": name_person(step.actor),
        "what": _word_outcome(step),
        "colleague": name_person(step.assignee) if step.assignee else _("nobody"),
    }


def _word_documents(step: DiscrepancyStep) -> str:
    match step.action:
        case Action.OPENED:
            return _("Found when the documents were compared.")
        case Action.CAUSE_GONE:
            return _("The documents do not show it any more.")
        case Action.RETURNED:
            return _("The documents show it again.")
        case Action.AMOUNT_CHANGED:
            return _("Documents have changed the amount from %(before)s to %(amount)s.") % {
                "before": show_signed_amount(step.amount_before),
                "amount": show_signed_amount(step.amount),
            }
        case _:
            return str(step.get_action_display())


def _word_person(step: DiscrepancyStep) -> str:
    """The sentence about somebody's step, with places for the names."""
    sentences = {
        Action.TAKEN: _("%(person)s works on it."),
        Action.HANDED_OVER: _("%(person)s hands it over to %(colleague)s."),
        Action.COMMENTED: _("%(person)s writes:"),
        Action.ASKED: _("%(person)s asks the owner:"),
        Action.ANSWERED: _("%(person)s answers:"),
        Action.PROPOSED: _("%(person)s proposes: %(what)s."),
        Action.CONFIRMED: _("%(person)s confirms: %(what)s."),
        Action.DECLINED: _("%(person)s does not agree:"),
        Action.RESOLVED: _("%(person)s closes it: %(what)s."),
        Action.REOPENED: _("%(person)s opens it again."),
        Action.LINKED: _("%(person)s says which bill a receipt pays."),
        Action.UNLINKED: _("%(person)s takes a receipt off a bill."),
        Action.SPLIT: _("%(person)s splits a receipt over bills."),
        Action.UNDONE: _("%(person)s takes the step before back."),
    }
    return sentences.get(Action(step.action), _("%(person)s: a step."))


def _word_outcome(step: DiscrepancyStep) -> str:
    if not step.reason:
        return _("handed over to %(person)s") % {"person": name_person(step.assignee)} if step.assignee else ""
    if step.reason == Reason.PAID_ANOTHER_WAY:
        paid = find_other_payment(step)
        label = str(Reason(step.reason).label)
        return f"{label}, {word_payment(paid)}" if paid else label
    return word_closing(Status.RESOLVED, step.reason, step.write_off_account)
