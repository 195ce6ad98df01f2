"""Rows into the plain values that the rules judge, in a fixed number of queries per batch of cases."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from reconciliation.rules import facts
from shops import models
from shops.exchange_log import Direction

Rows = dict[int, list[Any]]


def load_bill_cases(bill_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of these bills by the bill's primary key; bills that are not there are left out."""
    bills = models.Bill.objects.filter(pk__in=bill_ids).select_related("shop", "listed_by", "opened_by")
    lines = _load_bill_lines(bill_ids)
    receipts = _load_receipts(models.Receipt.objects.filter(bill__in=bill_ids))
    by_bill: dict[int, list[facts.Receipt]] = defaultdict(list)
    for row, receipt in receipts:
        if row.bill_id is not None:
            by_bill[row.bill_id].append(receipt)
    held = list(bills)
    unanswered = _load_unanswered(held)
    return {
        bill.pk: facts.Case(
            policy=_policy(bill.shop),
            bill=_bill(bill, lines.get(bill.pk, ())),
            receipts=tuple(by_bill.get(bill.pk, ())),
            unanswered=tuple(unanswered.get(bill.pk, ())),
        )
        for bill in held
    }


def load_receipt_cases(receipt_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of receipts that have no bill, by the receipt's primary key."""
    rows = models.Receipt.objects.filter(pk__in=receipt_ids, bill=None).select_related("shop")
    receipts = _load_receipts(rows)
    unanswered = _load_unanswered_deliveries([row.pk for row, _ in receipts])
    return {
        row.pk: facts.Case(policy=_policy(row.shop), receipts=(receipt,), unanswered=tuple(unanswered.get(row.pk, ())))
        for row, receipt in receipts
    }


def load_event_cases(event_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of messages by themselves: unreadable ones, and unanswered requests that name nothing known.

    By the event's primary key. An unanswered request that belongs to a bill or a receipt shows only its fault here.
    """
    events = models.ExchangeEvent.objects.filter(pk__in=event_ids).select_related("shop").defer("body", "verbatim")
    held = list(events)
    elsewhere = _find_owned(held)
    return {
        event.pk: facts.Case(
            policy=_policy(event.shop),
            message=facts.Message(
                kind=event.kind,
                is_request=event.is_request,
                occurred_at=event.occurred_at,
                answered=event.answer_id is not None or event.pk in elsewhere,
                fault=event.fault,
            ),
        )
        for event in held
    }


def find_bills_of_requests(events: Sequence[models.ExchangeEvent]) -> dict[int, int]:
    """The bill that each request names, by id or by a number that one bill has: event's primary key to bill's."""
    ids, numbers = _bills_by_name(events)
    return {event.pk: bill for event in events if (bill := _named(event, ids, numbers)) is not None}


def _bills_by_name(
    events: Sequence[models.ExchangeEvent],
) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], set[int]]]:
    bills = models.Bill.objects.filter(
        Q(external_id__in={event.bill_external_id for event in events if event.bill_external_id})
        | Q(number__in={event.bill_number for event in events if event.bill_number}),
        shop__in={event.shop_id for event in events},
    )
    ids: dict[tuple[int, str], int] = {}
    numbers: dict[tuple[int, str], set[int]] = defaultdict(set)
    for pk, shop, external_id, number in bills.values_list("pk", "shop", "external_id", "number"):
        ids[shop, external_id] = pk
        numbers[shop, number].add(pk)
    return ids, numbers


def _named(
    event: models.ExchangeEvent, ids: dict[tuple[int, str], int], numbers: dict[tuple[int, str], set[int]]
) -> int | None:
    if event.bill_external_id:
        return ids.get((event.shop_id, event.bill_external_id))
    found = numbers.get((event.shop_id, event.bill_number), set()) if event.bill_number else set()
    return next(iter(found)) if len(found) == 1 else None


def _find_owned(events: Sequence[models.ExchangeEvent]) -> set[int]:
    """The events whose missing answer is a matter of the bill that they name or of the receipt that they brought."""
    delivered = models.ReceiptDelivery.objects.filter(event__in=[event.pk for event in events])
    return set(find_bills_of_requests(events)) | set(delivered.values_list("event", flat=True))


def _policy(shop: models.Shop) -> facts.Policy:
    return facts.Policy(opened_not_paid_after=shop.opened_not_paid_after, late_receipt_after=shop.late_receipt_after)


def _moment(event: models.ExchangeEvent | None) -> facts.Moment | None:
    return facts.Moment(event.occurred_at, event.position) if event else None


def _bill(bill: models.Bill, lines: Iterable[facts.BillLine]) -> facts.Bill:
    return facts.Bill(
        external_id=bill.external_id,
        number=bill.number,
        issued_at=bill.issued_at,
        customer_name=bill.customer_name,
        customer_taxpayer_number=bill.customer_taxpayer_number,
        total=bill.total,
        prepayment=bill.prepayment,
        lines=tuple(lines) if bill.contents_known else None,
        listed_total=bill.listed_total,
        listed=_moment(bill.listed_by),
        opened_at=bill.opened_by.occurred_at if bill.opened_by else None,
    )


def _load_bill_lines(bill_ids: Collection[int]) -> dict[int, list[facts.BillLine]]:
    rows = list(_current_lines().filter(version__bill__in=bill_ids).select_related("version__bill"))
    paid = _load_paid_marks(rows)
    lines: dict[int, list[facts.BillLine]] = defaultdict(list)
    for row in rows:
        bill = row.version.bill
        elsewhere = paid.get((bill.shop_id, row.marked_item), set()) - {bill.external_id}
        lines[bill.pk].append(
            facts.BillLine(
                product_id=row.product_external_id,
                name=row.name,
                price=row.price,
                quantity=row.quantity,
                tax_rate=row.tax_rate,
                goods_type=row.goods_type,
                mark=row.mark,
                mark_on_paid_bills=tuple(sorted(elsewhere)),
            )
        )
    return lines


def _current_lines() -> QuerySet[models.BillLine]:
    return models.BillLine.objects.filter(version__sequence=F("version__bill__version"))


def _load_paid_marks(rows: Sequence[models.BillLine]) -> dict[tuple[int, str], set[str]]:
    """Which paid bills a marked item stands on, by shop and item."""
    items = {row.marked_item for row in rows if row.marked_item}
    found: dict[tuple[int, str], set[str]] = defaultdict(set)
    if items:
        on_paid = _current_lines().filter(marked_item__in=items, version__bill__case__fully_paid=True)
        for shop, item, external_id in on_paid.values_list(
            "version__bill__shop", "marked_item", "version__bill__external_id"
        ):
            found[shop, item].add(external_id)
    return found


def find_bills_sharing_marks(bill_ids: Collection[int]) -> set[int]:
    """All bills, these included, on which a marked item stands that these share with another bill of their shop."""
    items = models.BillLine.objects.filter(version__bill__in=bill_ids).exclude(marked_item="")
    named = set(items.values_list("version__bill__shop", "marked_item"))
    if not named:
        return set()
    lines = models.BillLine.objects.filter(marked_item__in={item for _, item in named})
    bills: dict[tuple[int, str], set[int]] = defaultdict(set)
    for shop, item, bill in lines.values_list("version__bill__shop", "marked_item", "version__bill"):
        bills[shop, item].add(bill)
    return {bill for key in named if len(bills[key]) > 1 for bill in bills[key]}


def _load_receipts(rows: QuerySet[models.Receipt]) -> list[tuple[models.Receipt, facts.Receipt]]:
    held = list(rows.select_related("store", "shop"))
    ids = [row.pk for row in held]
    lines: Rows = defaultdict(list)
    for line in models.ReceiptLine.objects.filter(receipt__in=ids):
        lines[line.receipt_id].append(line)
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
            _receipt(
                row,
                lines.get(row.pk, ()),
                answered=answers.get(row.pk),
                other_contents_count=others.get(row.pk, 0),
                number_belongs_to=number_owners.get((row.shop_id, row.bill_number), "") if not row.bill_id else "",
            ),
        )
        for row in held
    ]


def _load_answers(receipt_ids: Collection[int]) -> dict[int, facts.Moment]:
    """When a delivery of each receipt was first answered."""
    deliveries = models.ReceiptDelivery.objects.filter(receipt__in=receipt_ids, event__answer__isnull=False)
    answers: dict[int, facts.Moment] = {}
    for receipt, at, position in deliveries.values_list(
        "receipt_id", "event__answer__occurred_at", "event__answer__position"
    ):
        moment = facts.Moment(at, position)
        answers[receipt] = min(answers.get(receipt, moment), moment)
    return answers


def _load_number_owners(receipts: Sequence[models.Receipt]) -> dict[tuple[int, str], str]:
    """Bills (ids) by the number that a receipt for an unknown bill names."""
    named = {(row.shop_id, row.bill_number) for row in receipts if not row.bill_id and row.bill_number}
    if not named:
        return {}
    bills = models.Bill.objects.filter(shop__in={shop for shop, _ in named}, number__in={number for _, number in named})
    found = bills.order_by("-external_id").values_list("shop", "number", "external_id")
    return {(shop, number): external_id for shop, number, external_id in found if (shop, number) in named}


def _receipt(
    row: models.Receipt,
    lines: Iterable[models.ReceiptLine],
    *,
    answered: facts.Moment | None,
    other_contents_count: int,
    number_belongs_to: str,
) -> facts.Receipt:
    return facts.Receipt(
        receipt_id=row.receipt_id,
        type=row.type,
        printed_at=row.printed_at,
        received_at=row.received_at,
        answered=answered,
        total=row.total,
        lines=tuple(_receipt_line(line) for line in lines),
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


def _receipt_line(line: models.ReceiptLine) -> facts.ReceiptLine:
    return facts.ReceiptLine(
        product_id=line.product_external_id,
        name=line.name,
        price=line.price,
        quantity=line.quantity,
        discount=line.discount,
        total=line.total,
        tax=line.tax,
        tax_percent=line.tax_percent,
    )


def _load_unanswered(bills: Sequence[models.Bill]) -> dict[int, list[facts.Message]]:
    """The requests without an answer that name these bills."""
    if not bills:
        return {}
    waiting = models.ExchangeEvent.objects.filter(
        Q(bill_external_id__in={bill.external_id for bill in bills})
        | Q(bill_external_id="", bill_number__in={bill.number for bill in bills if bill.number}),
        shop__in={bill.shop_id for bill in bills},
        direction=Direction.REQUEST.value,
        answer=None,
    ).defer("body", "verbatim")
    events = list(waiting)
    named = find_bills_of_requests(events) if events else {}
    found: dict[int, list[facts.Message]] = defaultdict(list)
    for event in events:
        if event.pk in named:
            found[named[event.pk]].append(_unanswered(event))
    return found


def _load_unanswered_deliveries(receipt_ids: Collection[int]) -> dict[int, list[facts.Message]]:
    """The deliveries of these receipts that were not answered."""
    deliveries = models.ReceiptDelivery.objects.filter(receipt__in=receipt_ids, event__answer=None)
    found: dict[int, list[facts.Message]] = defaultdict(list)
    for delivery in deliveries.select_related("event").defer("event__body", "event__verbatim"):
        found[delivery.receipt_id].append(_unanswered(delivery.event))
    return found


def _unanswered(event: models.ExchangeEvent) -> facts.Message:
    return facts.Message(kind=event.kind, is_request=True, occurred_at=event.occurred_at)
