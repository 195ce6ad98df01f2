"""Rows into the plain values of bills and receipts, in a fixed number of queries. Anyone may import it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from django.db.models import Count, F, Q, QuerySet

from shops import models
from shops.allocated import PAYS_BY_ITSELF, load_shares_of_bills, load_shares_of_receipts
from shops.payment import values
from shops.payment.splitting import Share, split_receipt

BillValues = dict[int, tuple[values.Bill, tuple[values.Receipt, ...]]]

# In the order of the fields of the values. There are many lines: an object of each would take longer than all the rest.
BILL_LINE_FIELDS = ("product_external_id", "name", "price", "quantity", "tax_rate", "goods_type", "mark")
RECEIPT_LINE_FIELDS = ("product_external_id", "name", "price", "quantity", "discount", "total", "tax", "tax_percent")


def load_bill_values(bills: Sequence[models.Bill]) -> BillValues:
    """Every bill (rows with `listed_by` and `opened_by`) with its receipts, by the bill's primary key."""
    loaded = load_bills(bills)
    receipts: dict[int, list[values.Receipt]] = defaultdict(list)
    for bill_id, receipt in load_paying_receipts(list(loaded)):
        receipts[bill_id].append(receipt)
    return {pk: (bill, tuple(receipts.get(pk, ()))) for pk, bill in loaded.items()}


def load_bills(bills: Sequence[models.Bill]) -> dict[int, values.Bill]:
    """The bills without their receipts."""
    lines: dict[int, list[values.BillLine]] = defaultdict(list)
    for bill_id, line in load_current_lines([bill.pk for bill in bills]):
        lines[bill_id].append(line)
    return {bill.pk: _bill(bill, lines.get(bill.pk, ())) for bill in bills}


LoadReceipts = Callable[[QuerySet[models.Receipt]], list[tuple[models.Receipt, values.Receipt]]]


def load_paying_receipts(
    bill_ids: Collection[int], *, load: LoadReceipts | None = None
) -> Iterator[tuple[int, values.Receipt]]:
    """The receipts that pay these bills, or the parts of them that do, each with its bill's primary key."""
    wanted = set(bill_ids)
    shares = load_shares_of_bills(bill_ids)
    paying = Q(bill__in=bill_ids) & PAYS_BY_ITSELF
    rows = models.Receipt.objects.filter(paying | Q(pk__in=list(shares), is_allocated=True) if shares else paying)
    for row, receipt in (load or load_receipts)(rows):
        if not row.is_allocated:
            assert row.bill_id is not None
            yield row.bill_id, receipt
            continue
        for bill_id, part in _parts_of(receipt, shares.get(row.pk, ())):
            if bill_id is not None and bill_id in wanted:
                yield bill_id, part


def load_receipts_without_bill(
    receipt_ids: Collection[int], *, load: LoadReceipts | None = None
) -> list[tuple[models.Receipt, values.Receipt]]:
    """Those of these receipts that pay no bill of ours; of one that is split, the part that does not."""
    rows = models.Receipt.objects.filter(pk__in=receipt_ids).filter(Q(bill=None) | Q(is_allocated=True))
    loaded = (load or load_receipts)(rows)
    allocated = [row.pk for row, _ in loaded if row.is_allocated]
    shares = load_shares_of_receipts(allocated) if allocated else {}
    found: list[tuple[models.Receipt, values.Receipt]] = []
    for row, receipt in loaded:
        parts = _parts_of(receipt, shares.get(row.pk, ())) if row.is_allocated else [(None, receipt)]
        found += [(row, part) for bill_id, part in parts if bill_id is None]
    return found


def _parts_of(
    receipt: values.Receipt, shares: Sequence[tuple[int | None, Share]]
) -> Iterable[tuple[int | None, values.Receipt]]:
    """The parts of a receipt, each with the primary key of its bill."""
    parts = split_receipt(receipt, [share for _, share in shares])
    return zip((bill_id for bill_id, _ in shares), parts, strict=True)


def _bill(bill: models.Bill, lines: Iterable[values.BillLine]) -> values.Bill:
    opened_at = bill.opened_by.occurred_at if bill.opened_by else None
    return replace(make_bill_value(bill, lines), listed=_moment(bill.listed_by), opened_at=opened_at)


def make_bill_value(bill: models.Bill, lines: Iterable[values.BillLine]) -> values.Bill:
    """A bill as it was last stated; when it was listed and opened is left out."""
    return values.Bill(
        external_id=bill.external_id,
        number=bill.number,
        issued_at=bill.issued_at,
        customer_name=bill.customer_name,
        customer_taxpayer_number=bill.customer_taxpayer_number,
        total=bill.total,
        prepayment=bill.prepayment,
        lines=tuple(lines) if bill.contents_known else None,
        listed_total=bill.listed_total,
    )


def load_one_bill(bill: models.Bill) -> values.Bill:
    """A bill as it was last stated, in one query; when it was listed and opened is left out."""
    lines = models.BillLine.objects.filter(version__bill=bill, version__sequence=bill.version).order_by("position")
    return make_bill_value(bill, [values.BillLine(*line) for line in lines.values_list(*BILL_LINE_FIELDS)])


def load_current_lines(bill_ids: Collection[int]) -> Iterator[tuple[int, values.BillLine]]:
    """The lines of these bills as they were last stated, each with its bill's primary key.

    In two queries: as long as PostgreSQL has no statistics it plans a join of three tables badly.
    """
    bill_of = _load_current_versions(bill_ids)
    lines = models.BillLine.objects.filter(version__in=list(bill_of)).order_by("version", "position")
    for version, *line in lines.values_list("version", *BILL_LINE_FIELDS):
        yield bill_of[version], values.BillLine(*line)


def load_current_marks(bill_ids: Collection[int]) -> Iterator[tuple[int, str, str]]:
    """The marked items on these bills as they were last stated: the bill's primary key, the item, its whole code."""
    bill_of = _load_current_versions(bill_ids)
    marked = models.BillLine.objects.filter(version__in=list(bill_of)).exclude(marked_item="")
    for version, item, mark in marked.order_by("version", "position").values_list("version", "marked_item", "mark"):
        yield bill_of[version], item, mark


def _load_current_versions(bill_ids: Collection[int]) -> dict[int, int]:
    versions = models.BillVersion.objects.filter(bill__in=bill_ids, sequence=F("bill__version"))
    return dict(versions.values_list("pk", "bill"))


def current_lines() -> QuerySet[models.BillLine]:
    return models.BillLine.objects.filter(version__sequence=F("version__bill__version"))


def load_bare_receipts(rows: Iterable[models.Receipt]) -> list[tuple[models.Receipt, values.Receipt]]:
    """Receipts (rows with their store) with their lines and no more: for what is compared and not judged."""
    held = list(rows)
    lines = _load_receipt_lines([row.pk for row in held])
    return [(row, make_receipt_value(row, lines.get(row.pk, ()))) for row in held]


def load_receipts(rows: QuerySet[models.Receipt]) -> list[tuple[models.Receipt, values.Receipt]]:
    held = list(rows.select_related("store"))
    ids = [row.pk for row in held]
    lines = _load_receipt_lines(ids)
    answers = _load_answers(ids)
    others = dict(
        models.ReceiptDelivery.objects.filter(receipt__in=ids)
        .exclude(fingerprint=F("receipt__fingerprint"))
        .values_list("receipt")
        .annotate(count=Count("pk"))
    )
    number_owners = _load_number_owners(held)
    return [
        (
            row,
            make_receipt_value(
                row,
                lines.get(row.pk, ()),
                answered=answers.get(row.pk),
                other_contents_count=others.get(row.pk, 0),
                number_belongs_to=number_owners.get((row.shop_id, row.bill_number), "")
                if row.bill_id is None and row.bill_external_id
                else "",
            ),
        )
        for row in held
    ]


def _load_receipt_lines(receipt_ids: Collection[int]) -> dict[int, list[values.ReceiptLine]]:
    lines: dict[int, list[values.ReceiptLine]] = defaultdict(list)
    rows = models.ReceiptLine.objects.filter(receipt__in=receipt_ids)
    for receipt, *line in rows.values_list("receipt", *RECEIPT_LINE_FIELDS):
        lines[receipt].append(values.ReceiptLine(*line))
    return lines


def _load_answers(receipt_ids: Collection[int]) -> dict[int, values.Moment]:
    """When a delivery of each receipt was first answered."""
    deliveries = models.ReceiptDelivery.objects.filter(receipt__in=receipt_ids, event__answer__isnull=False)
    answers: dict[int, values.Moment] = {}
    for receipt, at, position in deliveries.values_list(
        "receipt_id", "event__answer__occurred_at", "event__answer__position"
    ):
        moment = values.Moment(at, position)
        answers[receipt] = min(answers.get(receipt, moment), moment)
    return answers


def _load_number_owners(receipts: Sequence[models.Receipt]) -> dict[tuple[int, str], str]:
    """Bills (ids) by the number that a receipt names beside the id of an unknown bill."""
    named = {
        (row.shop_id, row.bill_number)
        for row in receipts
        if row.bill_id is None and row.bill_external_id and row.bill_number
    }
    if not named:
        return {}
    bills = models.Bill.objects.filter(shop__in={shop for shop, _ in named}, number__in={number for _, number in named})
    found = bills.order_by("-external_id").values_list("shop", "number", "external_id")
    return {(shop, number): external_id for shop, number, external_id in found if (shop, number) in named}


def make_receipt_value(
    row: models.Receipt,
    lines: Iterable[values.ReceiptLine],
    *,
    answered: values.Moment | None = None,
    other_contents_count: int = 0,
    number_belongs_to: str = "",
) -> values.Receipt:
    """A receipt (a row with its store) with its lines."""
    return values.Receipt(
        receipt_id=row.receipt_id,
        type=row.type,
        printed_at=row.printed_at,
        received_at=row.received_at,
        answered=answered,
        total=row.total,
        lines=tuple(lines),
        discount=row.discount,
        informational=row.informational,
        settlement_method=row.settlement_method,
        bill_id=row.bill_external_id,
        bill_number=row.bill_number,
        bill_issued_at=row.bill_issued_at,
        customer_name=row.customer_name,
        customer_taxpayer_number=row.customer_taxpayer_number,
        number_belongs_to=number_belongs_to,
        content_modified=row.content_modified,
        store_id=row.store.evotor_id if row.store else "",
        store_shop=row.store.shop_id if row.store and row.store.shop_id != row.shop_id else None,
        other_contents_count=other_contents_count,
    )


def _moment(event: models.ExchangeEvent | None) -> values.Moment | None:
    return values.Moment(event.occurred_at, event.position) if event else None
