"""Erases a customer's names from the books of a shop, and records it. The one door to erasures.

Doors check the permission `shops.erase_customer`. `preview` says what would be erased, `erase` does it in one
transaction. Judgements stay as they are: the marks that stand in the place of names are equal where the names were.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from reconciliation.case_index import JudgedFacts, write_case_index
from reconciliation.loading import load_bill_cases, load_receipt_cases
from reconciliation.models import (
    Attachment,
    Case,
    CaseReceipt,
    CaseText,
    Discrepancy,
    DiscrepancyStep,
    HouseRule,
    Letter,
    Period,
    PeriodAcknowledgement,
    SavedView,
)
from reconciliation.rules.judge import judge
from shops.erasing import ErasureRefused, Found, Place, Wanted, count_rows, erase_entries, erase_rows, find, list_places
from shops.models import Erasure
from shops.wire_erasure import Eraser


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would change: entries of the journal, and rows by table. `files` are to be looked through."""

    entries: int
    rows: dict[str, int]
    files: int

    @property
    def is_empty(self) -> bool:
        return not self.entries and not self.rows


def preview(wanted: Wanted) -> Preview:
    """Counts what would be erased, and changes nothing."""
    found, eraser = find(wanted), wanted.make_eraser()
    rows = count_rows(_list_all_places(wanted, found), eraser)
    if views := _find_views(eraser):
        rows["reconciliation.SavedView"] = len(views)
    return Preview(len(found.entries), rows, _count_files(found))


@transaction.atomic
def erase(wanted: Wanted, *, reference: str, comment: str = "", actor: User | None = None, now: datetime) -> Erasure:
    """Erases the names and leaves a record. Raises ErasureRefused."""
    eraser = wanted.make_eraser()
    if not reference.strip():
        raise ErasureRefused(_("Say on what request it is done: its number and date."))
    if eraser.finds(reference) or eraser.finds(comment):
        raise ErasureRefused(_("The reference and the comment are kept: leave the name out of them."))
    found = find(wanted)
    records = erase_entries(wanted, found)
    changed = erase_rows(_list_all_places(wanted, found), eraser)
    _erase_views(eraser)
    _write_index(_list_cases(found))
    erasure = Erasure.objects.create(
        shop=wanted.shop,
        reference=reference.strip(),
        comment=comment.strip(),
        since=wanted.since,
        before=wanted.before,
        made_at=now,
        made_by=actor,
        name_hashes=wanted.hashes,
        entries_count=len(records),
        changed=changed,
    )
    for record in records:
        record.erasure = erasure
        record.save(force_insert=True)
    return erasure


def find_erasures(wanted: Wanted) -> list[Erasure]:
    """The erasures of the shop that erased one of these names: the proof that it was done."""
    hashes = set(wanted.hashes)
    return [row for row in Erasure.objects.filter(shop=wanted.shop) if hashes & set(row.name_hashes)]


def _list_all_places(wanted: Wanted, found: Found) -> list[Place]:
    """The columns of this app follow those of the facts. Letters and the log of the admin belong to no shop."""
    shop, within = wanted.shop, wanted.is_within
    cases = _list_cases(found)
    evidence = Discrepancy.objects.filter(Q(case__in=cases) | Q(shop=shop) & within("opened_at"))
    return [
        *list_places(wanted, found),
        Place(evidence, ("evidence",)),
        Place(DiscrepancyStep.objects.filter(within("at"), discrepancy__shop=shop), ("comment",)),
        Place(Attachment.objects.filter(within("step__at"), step__discrepancy__shop=shop), ("name",)),
        Place(CaseText.objects.filter(case__in=cases), ("words",)),
        Place(PeriodAcknowledgement.objects.filter(within("at"), discrepancy__shop=shop), ("comment",)),
        Place(Period.objects.filter(within("closed_at"), shop=shop), ("reopening_comment",)),
        Place(HouseRule.objects.filter(Q(shop=None) | Q(shop=shop), within("made_at")), ("name", "comment")),
        Place(Letter.objects.filter(within("created_at")), ("subject", "text", "html", "last_fault")),
        Place(LogEntry.objects.filter(within("action_time")), ("object_repr", "change_message")),
    ]


def _list_cases(found: Found) -> QuerySet[Case]:
    listed = CaseReceipt.objects.filter(receipt__in=found.receipts).values("case")
    of_bills = Q(bill__in=found.bills) | Q(bill__receipts__in=found.receipts)
    return Case.objects.filter(of_bills | Q(receipt__in=found.receipts) | Q(pk__in=listed)).distinct()


def _write_index(cases: QuerySet[Case]) -> None:
    """Has the cases found by what the facts say now."""
    disputed = list(cases.filter(text__isnull=False))
    bills = load_bill_cases([case.bill_id for case in disputed if case.bill_id])
    receipts = load_receipt_cases([case.receipt_id for case in disputed if case.receipt_id])
    judged = []
    for case in disputed:
        facts = bills.get(case.bill_id) if case.bill_id else receipts.get(case.receipt_id or 0)
        if facts is not None:
            judged.append(JudgedFacts(case, facts, judge(facts, case.judged_as_of)))
    write_case_index(judged)


def _find_views(eraser: Eraser) -> list[SavedView]:
    """Saved filters that hold a name, changed and not stored yet. Their queries are written as in addresses."""
    found = []
    for view in SavedView.objects.all():
        pairs = [(key, eraser.erase(value)) for key, value in parse_qsl(view.query, keep_blank_values=True)]
        name = eraser.erase(view.name)[: SavedView._meta.get_field("name").max_length]
        if name != view.name or pairs != parse_qsl(view.query, keep_blank_values=True):
            view.name, view.query = name, urlencode(pairs)
            found.append(view)
    return found


def _erase_views(eraser: Eraser) -> None:
    SavedView.objects.bulk_update(_find_views(eraser), ["name", "query"])


def _count_files(found: Found) -> int:
    """Files beside the cases in question: what stands in them nobody but a person can read."""
    return Attachment.objects.filter(step__discrepancy__case__in=_list_cases(found)).count()
