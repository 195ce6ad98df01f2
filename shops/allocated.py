"""Which receipts pay which bills: the one place that knows. Read-only; anyone may import it.

What a person has said counts; of every other receipt, the bill that it names itself.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db.models import (
    BigIntegerField,
    Case,
    DecimalField,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from shops.models import AllocatedLine, AllocatedPart, Allocation, Bill, Receipt
from shops.money import ZERO
from shops.payment.splitting import LineShare, Share

# An allocation of a receipt that counts, and a part of one.
CURRENT = Q(ended_at=None)
CURRENT_PART = Q(allocation__ended_at=None)

PAYS_BY_ITSELF = Q(is_allocated=False)

MONEY: "DecimalField[Decimal, Decimal]" = DecimalField(max_digits=15, decimal_places=2)


def pays(bill_ids: Collection[int]) -> Q:
    """The receipts that pay any of these bills, in part or whole."""
    return Q(bill__in=bill_ids) & PAYS_BY_ITSELF | Q(pk__in=_receipts_of_parts(Q(bill__in=bill_ids)))


def pays_no_bill() -> Q:
    """The receipts that pay no bill of ours, or not with all of their sum."""
    return Q(bill=None) & PAYS_BY_ITSELF | Q(pk__in=_receipts_of_parts(Q(bill=None)))


def pays_some_bill() -> Q:
    return Q(bill__isnull=False) & PAYS_BY_ITSELF | Q(pk__in=_receipts_of_parts(Q(bill__isnull=False)))


def paid_bill() -> Case:
    """The primary key of the one bill that a receipt pays; None where it pays none, or parts of several."""
    parts = AllocatedPart.objects.filter(CURRENT_PART, allocation__receipt=OuterRef("pk"))
    return Case(
        When(PAYS_BY_ITSELF, then="bill"),
        When(Exists(parts.filter(position__gt=0)), then=Value(None)),
        default=Subquery(parts.values("bill")[:1]),
        output_field=BigIntegerField(),
    )


def paying(bill: OuterRef) -> QuerySet[Receipt]:
    """The receipts that pay the bill of an outer query."""
    parts = AllocatedPart.objects.filter(CURRENT_PART, allocation__receipt=OuterRef("pk"), bill=OuterRef(bill))
    return Receipt.objects.filter(Q(bill=bill) & PAYS_BY_ITSELF | Q(Exists(parts)))


def total_paying_bills() -> Case:
    """How much of the total of a receipt pays bills of ours: all, nothing, or what a person has said."""
    parts = AllocatedPart.objects.filter(CURRENT_PART, allocation__receipt=OuterRef("pk"), bill__isnull=False)
    given = parts.order_by().values("allocation__receipt").annotate(given=Sum("amount")).values("given")
    nothing = Value(ZERO, output_field=MONEY)
    return Case(
        When(is_allocated=True, then=Coalesce(Subquery(given, output_field=MONEY), nothing)),
        When(bill=None, then=nothing),
        default="total",
        output_field=MONEY,
    )


def has_receipt(receipts: QuerySet[Receipt] | None = None) -> Q:
    """The bills that any receipt pays; any of `receipts`, where they are given."""
    by_itself = Receipt.objects.filter(PAYS_BY_ITSELF, bill=OuterRef("pk"))
    by_decision = AllocatedPart.objects.filter(CURRENT_PART, bill=OuterRef("pk"))
    if receipts is not None:
        by_itself = receipts.filter(PAYS_BY_ITSELF, bill=OuterRef("pk"))
        by_decision = by_decision.filter(allocation__receipt__in=receipts)
    return Q(Exists(by_itself)) | Q(Exists(by_decision))


def judge_payments_again(receipts: QuerySet[Receipt], *, now: datetime) -> None:
    """Has the cases of these receipts judged again, for a fact about them has changed: their bills, or themselves."""
    Bill.objects.filter(pk__in=receipts.filter(PAYS_BY_ITSELF).values("bill")).update(unjudged_since=now)
    judge_decided_again(receipts, now=now)
    receipts.filter(PAYS_BY_ITSELF, bill=None).update(unjudged_since=now)


def judge_decided_again(receipts: QuerySet[Receipt], *, now: datetime) -> None:
    """The same for those about which a person has decided."""
    allocated = receipts.filter(is_allocated=True)
    find_bills_by_decision(allocated).update(unjudged_since=now)
    allocated.update(unjudged_since=now)


def find_paid_bills(receipts: QuerySet[Receipt]) -> QuerySet[Bill]:
    """The bills that any of these receipts pays."""
    by_itself = receipts.filter(PAYS_BY_ITSELF, bill__isnull=False).values("bill")
    return Bill.objects.filter(Q(pk__in=by_itself) | Q(pk__in=_bills_of_parts(receipts)))


def find_bills_by_decision(receipts: QuerySet[Receipt]) -> QuerySet[Bill]:
    """The bills that a person has given these receipts to."""
    return Bill.objects.filter(pk__in=_bills_of_parts(receipts))


def with_parts(receipts: QuerySet[Receipt]) -> QuerySet[Receipt]:
    """Receipts with the parts that a person has made of them, for the functions below."""
    parts = Prefetch("parts", AllocatedPart.objects.select_related("bill").order_by("position"))
    current = Allocation.objects.filter(CURRENT).prefetch_related(parts)
    return receipts.select_related("bill").prefetch_related(Prefetch("allocations", current, to_attr="current"))


def list_paid_bills(receipt: Receipt) -> list[Bill]:
    """The bills that a receipt of `with_parts` pays."""
    return [part.bill for part in list_parts(receipt) if part.bill is not None]


def list_parts(receipt: Receipt) -> list[AllocatedPart]:
    """What a receipt of `with_parts` pays; without the word of a person, one part that is not stored."""
    if receipt.is_allocated:
        return list_decided_parts(receipt)
    return [AllocatedPart(position=0, bill=receipt.bill, amount=receipt.total)]


def list_decided_parts(receipt: Receipt) -> list[AllocatedPart]:
    """The parts that a person has made of a receipt of `with_parts`."""
    current: list[Allocation] = receipt.current  # type: ignore[attr-defined]
    return [part for allocation in current for part in allocation.parts.all()]


def read_current_id(receipt: Receipt) -> int:
    """The primary key of the last word of a person about a receipt of `with_parts`; 0 where nobody has said any."""
    current: list[Allocation] = receipt.current  # type: ignore[attr-defined]
    return current[0].pk if current else 0


def find_current(receipt: Receipt) -> Allocation | None:
    """The last word of a person about a receipt, one that takes a former word back included."""
    return Allocation.objects.filter(CURRENT, receipt=receipt).select_related("decided_by").first()


# --- as values -----------------------------------------------------------------------------------------------

Shares = dict[int, list[tuple[int | None, Share]]]  # by the primary key of the receipt: each bill and its share


def load_shares_of_bills(bill_ids: Collection[int]) -> Shares:
    """All parts of the receipts that a person has given to these bills; parts of other bills are needed to divide."""
    return _load_shares(Allocation.objects.filter(CURRENT, parts__bill__in=bill_ids))


def load_shares_of_receipts(receipt_ids: Collection[int]) -> Shares:
    return _load_shares(Allocation.objects.filter(CURRENT, receipt__in=receipt_ids))


def list_paid_bill_ids(receipts: QuerySet[Receipt]) -> list[tuple[Receipt, list[int]]]:
    """These receipts, each with the primary keys of the bills that it pays; in one query where nobody has decided."""
    held = list(receipts)
    decided = [receipt.pk for receipt in held if receipt.is_allocated]
    shares = load_shares_of_receipts(decided) if decided else {}
    named = {receipt.pk: [(receipt.bill_id, None)] for receipt in held if not receipt.is_allocated}
    return [
        (receipt, [bill for bill, _ in shares.get(receipt.pk, named.get(receipt.pk, [])) if bill is not None])
        for receipt in held
    ]


def _load_shares(allocations: QuerySet[Allocation]) -> Shares:
    """In one query; in two where any receipt is split."""
    rows = AllocatedPart.objects.filter(allocation__in=allocations.values("pk"))
    parts = list(rows.order_by("allocation", "position").values_list("pk", "allocation__receipt_id", "bill", "amount"))
    lines: dict[int, list[LineShare]] = defaultdict(list)
    if len({receipt for _, receipt, _, _ in parts}) < len(parts):
        pieces = AllocatedLine.objects.filter(part__in=[pk for pk, *_ in parts]).order_by("line__position")
        for part, position, quantity, total in pieces.values_list("part", "line__position", "quantity", "total"):
            lines[part].append(LineShare(position, quantity, total))
    shares: Shares = defaultdict(list)
    for pk, receipt, bill, amount in parts:
        shares[receipt].append((bill, Share(amount, tuple(lines.get(pk, ())))))
    return dict(shares)


def _receipts_of_parts(of_bill: Q) -> QuerySet[AllocatedPart, int]:
    return AllocatedPart.objects.filter(CURRENT_PART, of_bill).values_list("allocation__receipt_id", flat=True)


def _bills_of_parts(receipts: QuerySet[Receipt]) -> QuerySet[AllocatedPart, int | None]:
    parts = AllocatedPart.objects.filter(CURRENT_PART, allocation__receipt__in=receipts.values("pk"))
    return parts.filter(bill__isnull=False).values_list("bill", flat=True)
