"""What matching a receipt by hand would change: its cases before and after, judged by the rules and not stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from reconciliation.linking import CONCERNED
from reconciliation.loading import read_policy
from reconciliation.models import KindChoice
from reconciliation.rules import facts
from reconciliation.rules.judge import judge
from reconciliation.rules.kinds import Kind
from shops.allocations import Part
from shops.bill_values import load_bare_receipts, load_bills, load_paying_receipts
from shops.models import Bill, Receipt
from shops.payment import values
from shops.payment.splitting import LineShare, Share, split_receipt

# Whether a bill was offered too long hangs on messages that are not read here.
SHOWN = frozenset(CONCERNED) - {Kind.LISTED_AFTER_RECEIPT}


@dataclass(frozen=True, slots=True)
class Standing:
    """A case at one time: its figures and what is wrong with it. All empty where there is no such case."""

    due: Decimal | None = None
    received: Decimal | None = None
    gap: Decimal | None = None
    is_paid: bool = False
    causes: tuple[tuple[str, Decimal | None], ...] = ()


@dataclass(frozen=True, slots=True)
class CaseChange:
    """The case of a bill, or of the receipt by itself (no bill), as it is and as it would be."""

    bill: Bill | None
    before: Standing
    after: Standing

    @property
    def pays_too_much(self) -> bool:
        """Whether the bill would have received more than is due, and has not before."""
        gap, former = self.after.gap, self.before.gap
        return self.bill is not None and gap is not None and gap > 0 and (former is None or gap > former)


def preview(
    receipt: Receipt, before: Sequence[Part], after: Sequence[Part] | None, *, now: datetime
) -> list[CaseChange]:
    """Every case that would change. `receipt` has its shop and store; `after` as `shops.allocations` takes it."""
    parts = [Part(receipt.bill_id, receipt.total)] if after is None else after
    keys = {part.bill_id for part in (*before, *parts)}
    bills = list(Bill.with_messages().filter(pk__in=[key for key in keys if key is not None]).order_by("pk"))
    bill_values = load_bills(bills)
    value, others = _load_receipts([bill.pk for bill in bills], receipt)
    positions = _number_lines(receipt) if any(part.lines for part in (*before, *parts)) else {}
    is_own_word = after is None
    former = _make_parts(value, before, positions, is_own_word=not receipt.is_allocated)
    later = _make_parts(value, parts, positions, is_own_word=is_own_word)
    cases: list[tuple[Bill | None, facts.Case]] = [
        (
            bill,
            facts.Case(
                policy=read_policy(bill.shop), bill=bill_values[bill.pk], receipts=tuple(others.get(bill.pk, ()))
            ),
        )
        for bill in bills
    ]
    if None in keys:
        cases.append((None, facts.Case()))
    return [
        CaseChange(
            bill,
            _judge(case, former.get(bill.pk if bill else None), now),
            _judge(case, later.get(bill.pk if bill else None), now),
        )
        for bill, case in cases
    ]


def _load_receipts(bill_ids: Sequence[int], receipt: Receipt) -> tuple[values.Receipt, dict[int, list[values.Receipt]]]:
    """The receipt, and the others that these bills have; all lines in one query."""
    own: list[values.Receipt] = []

    def load(rows: QuerySet[Receipt]) -> list[tuple[Receipt, values.Receipt]]:
        others = rows.exclude(pk=receipt.pk).select_related("store")
        *loaded, (_row, value) = load_bare_receipts([*others, receipt])
        own.append(value)
        return loaded

    found: dict[int, list[values.Receipt]] = {}
    for bill_id, other in load_paying_receipts(bill_ids, load=load):
        found.setdefault(bill_id, []).append(other)
    return own[0], found


def _number_lines(receipt: Receipt) -> dict[int, int]:
    lines = sorted(receipt.lines.all(), key=lambda line: line.position)
    return {line.pk: place for place, line in enumerate(lines)}


def _make_parts(
    receipt: values.Receipt, parts: Sequence[Part], positions: dict[int, int], *, is_own_word: bool
) -> dict[int | None, values.Receipt]:
    if is_own_word:
        return {part.bill_id: receipt for part in parts}
    shares = [
        Share(
            part.amount,
            tuple(LineShare(positions[line.line_id], line.quantity, line.total) for line in part.lines),
        )
        for part in parts
    ]
    return dict(zip((part.bill_id for part in parts), split_receipt(receipt, shares), strict=True))


def _judge(case: facts.Case, part: values.Receipt | None, now: datetime) -> Standing:
    if case.bill is None and part is None:
        return Standing()
    judgement = judge(replace(case, receipts=(*case.receipts, *_some(part))), now)
    return Standing(
        due=judgement.due,
        received=judgement.received,
        gap=judgement.gap,
        is_paid=judgement.fully_paid,
        causes=tuple(
            (str(KindChoice(finding.kind.value).label), finding.amount)
            for finding in judgement.findings
            if finding.kind in SHOWN
        ),
    )


def _some(part: values.Receipt | None) -> Iterable[values.Receipt]:
    return () if part is None else (part,)
