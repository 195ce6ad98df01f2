"""Holds what is derived from facts against the facts: the audit of columns that no single message gives. Read-only."""

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Exists, F, Min, OuterRef, Q

from shops.allocated import CURRENT, list_decided_parts, with_parts
from shops.marks import read_mark
from shops.models import Allocation, Bill, BillLine, ExchangeEvent, Receipt, Shop
from shops.money import ZERO
from shops.partners import find_wrong_partners
from shops.wire import BILL

ROWS_PER_QUERY = 500


def find_differences(shop_number: int | None = None) -> Iterator[str]:
    """One line for every row that is stored otherwise than others give it."""
    yield from _check_partners(shop_number)
    yield from _check_arrivals(Q() if shop_number is None else Q(shop=shop_number))
    yield from _check_openings(Q() if shop_number is None else Q(shop=shop_number))
    yield from _check_allocations(Q() if shop_number is None else Q(shop=shop_number))
    yield from _check_marks(Q() if shop_number is None else Q(version__bill__shop=shop_number))


def _check_partners(shop_number: int | None) -> Iterator[str]:
    """Every answer belongs to its own request, in whatever order their logs came."""
    shops = Shop.objects.order_by("number").values_list("number", flat=True)
    for shop in shops if shop_number is None else [shop_number]:
        for request in find_wrong_partners(shop):
            at = request.occurred_at.isoformat()
            yield f"shop {shop}, {request.kind} asked at {at}: its answer is another; import the log again"


def _check_arrivals(of_shop: Q) -> Iterator[str]:
    """A receipt arrived when it was first delivered."""
    receipts = Receipt.objects.filter(of_shop).annotate(first=Min("deliveries__event__occurred_at"))
    wrong = receipts.filter(~Q(received_at=F("first")) | Q(first=None))
    for shop, receipt_id in wrong.values_list("shop", "receipt_id").iterator():
        yield f"shop {shop}, receipt {receipt_id}: its arrival is not that of its first delivery"


def _check_openings(of_shop: Q) -> Iterator[str]:
    """A bill that was shown to a register was opened by it."""
    shown = Q(versions__stated_by__kind=BILL) & ~Q(versions__stated_by__origin=ExchangeEvent.Origin.UPSTREAM)
    wrong = Bill.objects.filter(of_shop, shown, opened_by=None).distinct()
    for shop, external_id in wrong.values_list("shop", "external_id").iterator():
        yield f"shop {shop}, bill {external_id}: that a register opened it is not stored"


def _check_allocations(of_shop: Q) -> Iterator[str]:
    """Where a person has said which bills a receipt pays, the parts are the receipt, and the receipt says so."""
    decided = Q(Exists(Allocation.objects.filter(CURRENT, receipt=OuterRef("pk"), parts__isnull=False)))
    receipts = Receipt.objects.filter(of_shop).filter(Q(is_allocated=True) | decided)
    for receipt in with_parts(receipts).prefetch_related("lines").iterator(ROWS_PER_QUERY):
        for fault in _find_faults(receipt):
            yield f"shop {receipt.shop_id}, receipt {receipt.receipt_id}: {fault}"


def _find_faults(receipt: Receipt) -> Iterator[str]:
    parts = list_decided_parts(receipt)
    if receipt.is_allocated != bool(parts):
        yield "that a person has matched it is stored, and not with what"
        return
    if sum((part.amount for part in parts), ZERO) != receipt.total:
        yield "its parts do not add up to its total"
    if any(part.bill is not None and part.bill.shop_id != receipt.shop_id for part in parts):
        yield "it is matched with a bill of another shop"
    split: dict[int, tuple[Decimal, Decimal]] = {}
    for line in (line for part in parts for line in part.lines.all()):
        quantity, total = split.get(line.line_id, (ZERO, ZERO))
        split[line.line_id] = (quantity + line.quantity, total + line.total)
    if (split or len(parts) > 1) and split != {line.pk: (line.quantity, line.total) for line in receipt.lines.all()}:
        yield "its parts do not have its lines"


def _check_marks(of_version: Q) -> Iterator[str]:
    """The item of a line is the one that its marking code names."""
    lines = BillLine.objects.filter(of_version).exclude(mark="", marked_item="")
    for line in lines.select_related("version__bill").iterator():
        item = read_mark(line.mark, item_type=line.goods_type).item[:200] if line.mark else ""
        if line.marked_item != item:
            bill = line.version.bill
            yield f"shop {bill.shop_id}, bill {bill.external_id}: the marked item is stored as {line.marked_item!r}"
