"""Tells people at once of questions, answers and proposals that are theirs to read, within the transaction of the step.

Only those who want to be told at once; the others read it in their digest.
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import override

from reconciliation.letters.outbox import put_into_outbox
from reconciliation.letters.readers import Reader, find_reader
from reconciliation.letters.wording import Chapter, Content, Part, Row, describe
from reconciliation.models import Discrepancy, DiscrepancyStep, Letter, Reason
from reconciliation.permissions import list_asked, list_workers
from shops.presentation import show_amount, show_day

Action = DiscrepancyStep.Action


def tell_at_once(step: DiscrepancyStep, *, asked_by: User | None = None, now: datetime) -> None:
    """Puts a letter into the outbox for everybody whom the step concerns; `asked_by` has asked what it answers."""
    row = step.discrepancy
    for person in _list_concerned(step, asked_by):
        reader = find_reader(person)
        if reader is None or person == step.actor or not reader.hears_at_once_of(row.shop_id):
            continue
        with override(reader.subscription.language):
            content = _compose(step, reader)
            put_into_outbox(person, Letter.Kind.QUESTION, f"step:{step.pk}:{person.pk}", content, now=now)


def _list_concerned(step: DiscrepancyStep, asked_by: User | None) -> Iterable[User]:
    row = step.discrepancy
    match step.action:
        case Action.ASKED:
            return list_asked(row.case.shop)
        case Action.ANSWERED:
            return [asked_by] if asked_by else []
        case Action.PROPOSED:
            return [row.assignee] if row.assignee else list_workers(row.case.shop).filter(is_superuser=False)
        case _:
            return [proposer] if (proposer := _find_proposer(row)) else []


def _find_proposer(row: Discrepancy) -> User | None:
    steps = row.steps.filter(action=Action.PROPOSED).select_related("actor").order_by("-pk")
    proposal = steps.first()
    return proposal.actor if proposal else None


def _compose(step: DiscrepancyStep, reader: Reader) -> Content:
    row = step.discrepancy
    about = describe(row, reader.pages, with_shop=True)
    rows = [Row(line) for line in step.comment.splitlines() if line.strip()]
    if step.action == Action.PROPOSED and step.reason == Reason.PAID_ANOTHER_WAY:
        paid = step.other_payment
        rows.insert(0, Row(f"{paid.get_how_display()}, {show_day(paid.paid_on)}", show_amount(paid.amount)))
    said = [Part(_("What is said"), rows)] if rows else []
    lead = _word_step(step)
    chapters = [Chapter(str(row.case.shop), [Part(_("What it is about"), [about]), *said])]
    return Content(f"{lead} {about.label}"[:200], lead, chapters, reader.pages.settings())


def _word_step(step: DiscrepancyStep) -> str:
    """Who did what. The sentence says nothing of the matter: that follows."""
    name = {"person": (step.actor.get_full_name() or step.actor.get_username()) if step.actor else ""}
    match step.action:
        case Action.ASKED:
            return _("Question from %(person)s.") % name
        case Action.ANSWERED:
            return _("Answer from %(person)s.") % name
        case Action.PROPOSED:
            return _("%(person)s says that the customer has paid another way: confirm or decline it.") % name
        case Action.CONFIRMED:
            return _("Confirmed by %(person)s: what you have proposed.") % name
        case _:
            return _("Declined by %(person)s: what you have proposed.") % name
