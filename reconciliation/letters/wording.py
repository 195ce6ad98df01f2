"""How a letter is written: one structure, as plain text and as HTML, in the language that is active."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from reconciliation.letters.figures import Figures
from reconciliation.letters.pages import Pages
from reconciliation.models import Discrepancy
from shops.presentation import show_date, show_quantity, show_signed_amount

TEMPLATE = "reconciliation/letters/letter.html"
INDENT = "  "


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is about, its figure, and where to look closer."""

    label: str
    figure: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Usually a shop."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Content:
    """A whole letter before it is written down."""

    subject: str
    lead: str
    chapters: Sequence[Chapter]
    settings_link: str = ""

    def write_text(self) -> str:
        return "\n".join(self._list_lines()) + "\n"

    def write_html(self) -> str:
        return render_to_string(TEMPLATE, {"content": self, "settings_link": self.settings_link})

    def _list_lines(self) -> Iterator[str]:
        yield self.lead
        for chapter in self.chapters:
            yield from ("", chapter.title, "=" * len(chapter.title))
            for part in chapter.parts:
                yield from ("", part.title)
                for row in part.rows:
                    yield INDENT + (f"{row.label}: {row.figure}" if row.figure else row.label)
                    if row.link:
                        yield INDENT * 2 + row.link
        if self.settings_link:
            yield from ("", "-- ", _("What you are told, and when: %(link)s") % {"link": self.settings_link})


def show_figures(figures: Figures) -> str:
    """`3, −31,040.00 in all`, or only the count of what is not about money."""
    count = show_quantity(Decimal(figures.count))
    if figures.amount is None:
        return count
    return _("%(count)s, %(amount)s in all") % {"count": count, "amount": show_signed_amount(figures.amount)}


def describe(discrepancy: Discrepancy, pages: Pages, *, with_shop: bool = False) -> Row:
    """One discrepancy in a line, with the way to its page."""
    case = discrepancy.case
    if case.bill:
        document = _("bill %(number)s of %(day)s") % {
            "number": case.bill,
            "day": show_date(case.bill.issued_at, case.shop.zone),
        }
    elif case.receipt:
        document = _("receipt of %(day)s") % {"day": show_date(case.receipt.printed_at, case.shop.zone)}
    else:
        document = str(case)
    words = [str(case.shop)] if with_shop else []
    words += [document, discrepancy.get_kind_display()]
    if discrepancy.assignee:
        words.append(discrepancy.assignee.get_full_name() or discrepancy.assignee.get_username())
    figure = "" if discrepancy.amount is None else show_signed_amount(discrepancy.amount)
    return Row(", ".join(words), figure, pages.discrepancy(discrepancy))
