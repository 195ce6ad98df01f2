"""What the owner's pages say, in plain words: the days, the verdict, what happens next, what is quiet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reconciliation.models import Discrepancy, Reason, Status
from reconciliation.owner.days import Choice, Comparison, Days
from reconciliation.owner.habit import Silence
from reconciliation.owner.page import ShopPage
from reconciliation.rules.kinds import Kind
from shops.presentation import SHORT_DASH, show_amount, show_duration, show_time

CHOICES: Mapping[Choice, Promise] = {
    Choice.TODAY: gettext_lazy("Today"),
    Choice.YESTERDAY: gettext_lazy("Yesterday"),
    Choice.WEEK: gettext_lazy("Week"),
    Choice.MONTH: gettext_lazy("Month"),
    Choice.OWN: gettext_lazy("Own days"),
}


def word_day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def word_days(days: Days) -> str:
    if days.length == 1:
        return word_day(days.first)
    first, last = (date_format(day, "SHORT_DATE_FORMAT") for day in (days.first, days.last))
    return f"{first} {SHORT_DASH} {last}"


def word_comparison(comparison: Comparison) -> str:
    """What the figures are held against, so that nobody takes half a day for a whole one."""
    before = word_days(comparison.before)
    if comparison.until is None:
        return _("compared with %(days)s") % {"days": before}
    return _("so far; compared with %(days)s, up to the same time: %(time)s") % {
        "days": before,
        "time": comparison.until.strftime("%H:%M"),
    }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "is the money all there", and how it looks: `good`, `warn`, `bad` or `info`."""

    look: str
    sentence: str


def judge_page(page: ShopPage) -> Verdict:
    """Of what was found on the days and is open still, money missing is worst."""
    found = page.found.open
    if found.missing:
        return Verdict("bad", word_missing(found.count) % {"amount": show_amount(-found.missing), "count": found.count})
    if found.beyond:
        sentence = ngettext(
            "%(amount)s too much came in: %(count)d open discrepancy",
            "%(amount)s too much came in: %(count)d open discrepancies",
            found.count,
        )
        return Verdict("warn", sentence % {"amount": show_amount(found.beyond), "count": found.count})
    if found.count:
        sentence = ngettext(
            "No money is missing, but %(count)d discrepancy is open",
            "No money is missing, but %(count)d discrepancies are open",
            found.count,
        )
        return Verdict("warn", sentence % {"count": found.count})
    if page.found.waiting:
        return Verdict("info", _("No discrepancy so far; some documents are still being compared"))
    if not page.billed.count and not page.taken.sales and not page.taken.refunds:
        return Verdict("info", _("Nothing was billed and nothing was received"))
    return Verdict("good", _("The money is all there: no open discrepancy"))


def word_missing(count: int) -> str:
    return ngettext(
        "%(amount)s is missing: %(count)d open discrepancy",
        "%(amount)s is missing: %(count)d open discrepancies",
        count,
    )


def word_silence(silence: Silence, page: ShopPage) -> str:
    """`usually a receipt every 20 min, silent for 5 h of its working time, since 25 November, 10:05`."""
    return _("usually a receipt every %(gap)s; silent for %(hours)s of its working time, since %(time)s") % {
        "gap": show_duration(max(silence.usual_gap, timedelta(minutes=1))),
        "hours": show_duration(silence.hours),
        "time": show_time(silence.last_at, page.shop.zone),
    }


STILL_TO_BE_PAID = gettext_lazy("It closes by itself once the rest is paid at a register.")
LOOK_FOR_THE_BILL = gettext_lazy("An accountant looks for the bill that it pays.")
ASK_ABOUT_THE_EXCESS = gettext_lazy("An accountant finds out whether the customer gets it back.")
COMPARE_WITH_THE_CRM = gettext_lazy("An accountant compares the register with the CRM.")
NO_MONEY_TWICE = gettext_lazy("Tell the cashiers not to take money for this bill again.")
COUNT_THE_CASH = gettext_lazy("Count the cash of the shift, and keep the Z-report.")
CALL_SUPPORT = gettext_lazy("An accountant looks at the message; the original is kept.")

NEXT_BY_KIND: Mapping[str, Promise] = {
    Kind.PARTIAL_RECEIPT: STILL_TO_BE_PAID,
    Kind.OPENED_NOT_PAID: STILL_TO_BE_PAID,
    Kind.NO_BILL: LOOK_FOR_THE_BILL,
    Kind.UNKNOWN_BILL: LOOK_FOR_THE_BILL,
    Kind.REFERENCE_MISMATCH: LOOK_FOR_THE_BILL,
    Kind.DUPLICATE_RECEIPT: ASK_ABOUT_THE_EXCESS,
    Kind.QUANTITY_MISMATCH: ASK_ABOUT_THE_EXCESS,
    Kind.UNEXPECTED_ITEM: ASK_ABOUT_THE_EXCESS,
    Kind.LISTED_AFTER_RECEIPT: NO_MONEY_TWICE,
    Kind.SHIFT_MISMATCH: COUNT_THE_CASH,
    Kind.UNANSWERED: CALL_SUPPORT,
    Kind.UNREADABLE: CALL_SUPPORT,
    Kind.CONFLICTING_RECEIPT: CALL_SUPPORT,
}


def word_next(discrepancy: Discrepancy) -> str:
    """Who has it, and what happens next. Needs the assignee at hand."""
    if discrepancy.asked_by_id is not None:
        return _("You are asked about it: an accountant waits for the answer.")
    match discrepancy.status:
        case Status.RESOLVED:
            return _("Closed: %(reason)s.") % {"reason": discrepancy.get_reason_display()}
        case Status.WAITING if discrepancy.reason == Reason.PAID_ANOTHER_WAY:
            return _("It is said that the customer has paid another way; an accountant confirms it.")
        case Status.WAITING:
            return _("It is proposed to be written off; a second person confirms.")
        case Status.IN_REVIEW:
            who = _("%(person)s is working on it.") % {"person": word_person(discrepancy)}
        case Status.REOPENED:
            who = _("It was closed and is open again.")
        case _:
            who = _("Nobody has taken it yet.")
    return f"{who} {NEXT_BY_KIND.get(discrepancy.kind, COMPARE_WITH_THE_CRM)}"


def word_person(discrepancy: Discrepancy) -> str:
    person = discrepancy.assignee
    return (person.get_full_name() or person.get_username()) if person else _("somebody")


def word_subject(discrepancy: Discrepancy) -> str:
    """What a discrepancy is about: the bill with its customer, the receipt, the shift, or the message."""
    case = discrepancy.case
    if case.bill is not None:
        number, customer = case.bill.number or case.bill.external_id, case.bill.customer_name.strip()
        named = _("bill %(number)s") % {"number": number}
        return f"{named} · {customer}" if customer else named
    if case.receipt is not None:
        return _("receipt over %(amount)s of %(time)s") % {
            "amount": show_amount(case.receipt.total),
            "time": show_time(case.receipt.printed_at or case.receipt.received_at, case.shop.zone),
        }
    if case.shift is not None:
        return _("shift of %(terminal)s") % {"terminal": case.shift.terminal or ""}
    return _("message of a register")
