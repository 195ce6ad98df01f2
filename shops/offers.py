"""What is offered for payment: the LIST and BILL answers of this program.

`Bill.on_offer` and `Bill.offered_total` are kept with every fact that changes them, in its transaction, so that LIST
reads rows and computes nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from shops.bill_values import BillValues, load_bill_values
from shops.models import Bill, Shop
from shops.payment.offer import Offer, offer_of
from shops.recording.keys import by_shop
from shops.statements import KeptQuery
from shops.wire import PUT_BILL, read_request
from shops.wire_writer import Json, read_json, wire_id

BILL_KEYS = ("id", "date", "summ", "number", "customer", "products", "prepayment", "prepaymentEnable")
CUSTOMER_KEYS = ("id", "inn", "kpp", "reg", "name", "okpo", "fullname", "legalentity")
PRODUCT_KEYS = ("id", "mark", "type", "price", "taxrate", "itemType", "prodname", "quantity", "unitname")

OFFERED_FIELDS = ("external_id", "issued_at", "total", "offered_total", "number", "customer_name")


def _list_on_offer(shop_number: int, **filters: object) -> "QuerySet[Bill, Any]":
    bills = Bill.objects.filter(shop=shop_number, on_offer=True, **filters)
    return bills.order_by("-issued_at", "-pk").values_list(*OFFERED_FIELDS)


_on_offer = KeptQuery(_list_on_offer, (int,))
_on_offer_of_number = KeptQuery(lambda shop, number: _list_on_offer(shop, number=number), (int, str))
_bill_on_offer = KeptQuery(
    lambda shop, external_id: (
        Bill.objects.filter(shop=shop, external_id=external_id, on_offer=True)
        .select_related("stated_by__contents")
        .order_by()
    ),
    (int, str),
)


def refresh_offers(bill_ids: Collection[int]) -> None:
    """Brings what is offered of these bills into line with the facts, within the caller's transaction."""
    bills = list(Bill.with_messages().filter(pk__in=bill_ids))
    values = load_bill_values(bills)
    changed = []
    for bill in bills:
        offer = find_offer(bill, values)
        on_offer = offer.on_list and bill.left_list_at is None
        total = offer.total if offer.is_partial else None
        if (bill.on_offer, bill.offered_total) != (on_offer, total):
            bill.on_offer, bill.offered_total = on_offer, total
            changed.append(bill)
    Bill.objects.bulk_update(changed, ["on_offer", "offered_total"])


def find_offer(bill: Bill, values: BillValues) -> Offer:
    """What is offered of a bill (a row with its shop): nothing of one that was withdrawn or closed by a decision."""
    if bill.cancelled_at is not None or bill.closed_at is not None:
        return Offer(on_list=False)
    bill_value, receipts = values[bill.pk]
    return offer_of(bill_value, receipts, after_partial=bill.shop.after_partial)


def find_offer_of_bill(shop: Shop, external_id: str) -> Offer | None:
    """What is offered of a bill, whoever lists it; None of one that is not known."""
    bill = Bill.with_messages().filter(shop=shop, external_id=external_id).first()
    return find_offer(bill, load_bill_values([bill])) if bill else None


def find_changed_offers(shop: Shop, external_ids: Collection[str]) -> dict[str, Offer]:
    """The bills of these ids that are offered otherwise than the CRM states them, or not at all."""
    found: dict[str, Offer] = {}
    for number, ids in by_shop((shop.number, external_id) for external_id in external_ids):
        bills = Bill.with_messages().filter(shop=number, external_id__in=ids)
        changed = list(bills.filter(Q(on_offer=False) | Q(offered_total__isnull=False)))
        # That it left the list hides what has been paid of it.
        values = load_bill_values([bill for bill in changed if bill.left_list_at is not None])
        for bill in changed:
            offer = find_offer(bill, values) if bill.left_list_at is not None else _stored_offer(bill)
            if offer.is_partial or not offer.on_list:
                found[bill.external_id] = offer
    return found


def _stored_offer(bill: Bill) -> Offer:
    if bill.offered_total is None:
        return Offer(on_list=bill.on_offer)
    return Offer(on_list=bill.on_offer, is_partial=True, total=bill.offered_total)


def read_list_offer(shop: Shop, *, number: str = "") -> Json:
    """The LIST answer of a shop, newest first."""
    rows = _on_offer_of_number.fetch(shop.number, number) if number else _on_offer.fetch(shop.number)
    return [
        listed(shop.zone, external_id, issued_at, total if offered_total is None else offered_total, number, name)
        for external_id, issued_at, total, offered_total, number, name in rows
    ]


def listed(
    zone: ZoneInfo, external_id: str, issued_at: datetime | None, total: Decimal, number: str, customer_name: str
) -> Json:
    """A bill as LIST has it; its date is the shop's."""
    return {
        "id": wire_id(external_id),
        "date": issued_at.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds") if issued_at else None,
        "summ": total,
        "number": number,
        "customername": customer_name.strip(),
    }


def read_bill_offer(shop: Shop, external_id: str) -> Json:
    """The BILL answer: the CRM's own statement with what remains to be paid; None where nothing is offered.

    A bill that is known from LIST alone cannot be told: nobody has said what is on it. Nor can one whose statement
    retention has removed, and that came back long after it was off the list.
    """
    bill = next(iter(_bill_on_offer.fetch(shop.number, external_id)), None)
    if bill is None or bill.stated_by is None or bill.stated_by.text_is_removed:
        return None
    stated = read_statement(bill.stated_by.kind, bill.stated_by.body)
    if bill.offered_total is not None:
        bill.shop = shop
        stated = _remaining(stated, find_offer(bill, load_bill_values([bill])))
    return in_order(stated)


def read_statement(kind: str, text: str) -> dict[str, Json]:
    """The bill as the CRM wrote it: a BILL answer, or what stands in a PUT request."""
    body = text.encode()
    stated = read_json(read_request(body).body if kind == PUT_BILL else body)
    assert isinstance(stated, dict)
    return stated


def _remaining(stated: dict[str, Json], offer: Offer) -> dict[str, Json]:
    """The statement with the lines and sums that are still to be paid."""
    if not offer.is_partial:
        return stated
    products = stated.get("products")
    assert isinstance(products, list)
    return stated | {
        "summ": offer.total,
        "products": [
            {**product, "quantity": offer.quantities[index]}
            for index, product in enumerate(products)
            if offer.quantities[index]
        ],
        "prepayment": offer.prepayment,
    }


def in_order(bill: dict[str, Json]) -> Json:
    """The keys in the order of the original, what it does not know behind them."""
    customer, products = bill.get("customer"), bill.get("products")
    if isinstance(customer, dict):
        bill["customer"] = _sort_keys(customer, CUSTOMER_KEYS)
    if isinstance(products, list):
        bill["products"] = [
            _sort_keys(product, PRODUCT_KEYS) if isinstance(product, dict) else product for product in products
        ]
    return _sort_keys(bill, BILL_KEYS)


def _sort_keys(value: Mapping[str, Json], order: Sequence[str]) -> dict[str, Json]:
    known = {key: value[key] for key in order if key in value}
    return known | {key: item for key, item in value.items() if key not in known}
