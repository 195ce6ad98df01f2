"""Rows into the plain values that the rules judge, in a fixed number of queries per batch of cases."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from reconciliation.rules import facts
from shops import models
from shops.bill_values import current_lines, load_bill_values, load_current_marks, load_receipts_without_bill
from shops.exchange_log import Direction
from shops.money import ZERO
from shops.shift_totals import ShiftKey, ShiftTotals, count_shifts, count_vat

Rows = dict[int, list[Any]]


def load_bill_cases(bill_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of these bills by the bill's primary key; bills that are not there are left out."""
    bills = list(models.Bill.with_moments().filter(pk__in=bill_ids))
    policies = _load_policies(bill.shop_id for bill in bills)
    values = load_bill_values(bills)
    unanswered = _load_unanswered(bills)
    paid_marks = _load_paid_marks([bill.pk for bill in bills])
    return {
        bill.pk: facts.Case(
            policy=policies[bill.shop_id],
            bill=values[bill.pk][0],
            receipts=values[bill.pk][1],
            unanswered=tuple(unanswered.get(bill.pk, ())),
            paid_marks=tuple(paid_marks.get(bill.pk, ())),
        )
        for bill in bills
    }


def load_receipt_cases(receipt_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of receipts that pay no bill, by the receipt's primary key."""
    receipts = load_receipts_without_bill(receipt_ids)
    policies = _load_policies(row.shop_id for row, _ in receipts)
    unanswered = _load_unanswered_deliveries([row.pk for row, _ in receipts])
    return {
        row.pk: facts.Case(
            policy=policies[row.shop_id], receipts=(receipt,), unanswered=tuple(unanswered.get(row.pk, ()))
        )
        for row, receipt in receipts
    }


def load_event_cases(event_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of messages by themselves: unreadable ones, and unanswered requests that name nothing known.

    By the event's primary key. An unanswered request that belongs to a bill or a receipt shows only its fault here.
    """
    events = models.ExchangeEvent.objects.filter(pk__in=event_ids).select_related("shop")
    held = list(events)
    elsewhere = _find_owned(held)
    return {
        event.pk: facts.Case(
            policy=read_policy(event.shop),
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


def load_shift_cases(shift_ids: Collection[int]) -> dict[int, facts.Case]:
    """The cases of shifts of registers, by the shift's primary key."""
    shifts = list(models.Shift.objects.filter(pk__in=shift_ids).select_related("shop"))
    named = Q(pk__in=[])
    for shift in shifts:
        named |= Q(terminal=shift.terminal_id, shift__in=shift.names)
    receipts = models.Receipt.objects.filter(named)
    totals, vat = count_shifts(receipts), count_vat(receipts)
    return {shift.pk: facts.Case(policy=read_policy(shift.shop), shift=_shift(shift, totals, vat)) for shift in shifts}


def _shift(
    shift: models.Shift,
    totals: Mapping[ShiftKey, ShiftTotals],
    vat: Mapping[ShiftKey, Mapping[Decimal, Decimal]],
) -> facts.Shift:
    keys = [(shift.shop_id, shift.terminal_id, name) for name in sorted(shift.names)]
    counted = sum((totals[key] for key in keys if key in totals), ShiftTotals())
    taxes: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for key in keys:
        for rate, tax in vat.get(key, {}).items():
            taxes[rate] += tax
    return facts.Shift(
        closed_at=shift.closed_at,
        closing_revenue=shift.closing_revenue,
        report_revenue=shift.report_revenue,
        receipts=counted.receipts,
        sales=counted.sales,
        paybacks=counted.paybacks,
        cash=counted.cash,
        card=counted.card,
        vat=tuple(sorted(taxes.items())),
    )


def find_bills_of_requests(events: Sequence[models.ExchangeEvent]) -> dict[int, int]:
    """The bill that each request names, by id or by a number that one bill has: event's primary key to bill's."""
    ids, numbers = _bills_by_name(events)
    return {event.pk: bill for event in events if (bill := _named(event, ids, numbers)) is not None}


def _bills_by_name(
    events: Sequence[models.ExchangeEvent],
) -> tuple[dict[tuple[int, str], int], dict[tuple[int, str], set[int]]]:
    bills = models.Bill.objects.filter(shop__in={event.shop_id for event in events})
    named = (
        bills.filter(external_id__in={event.bill_external_id for event in events if event.bill_external_id}),
        bills.filter(number__in={event.bill_number for event in events if event.bill_number}),
    )
    ids: dict[tuple[int, str], int] = {}
    numbers: dict[tuple[int, str], set[int]] = defaultdict(set)
    for rows in named:
        for pk, shop, external_id, number in rows.values_list("pk", "shop", "external_id", "number"):
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


def read_policy(shop: models.Shop) -> facts.Policy:
    """The shop's own limits, as the rules know them."""
    return facts.Policy(opened_not_paid_after=shop.opened_not_paid_after, late_receipt_after=shop.late_receipt_after)


def _load_policies(shop_numbers: Iterable[int]) -> dict[int, facts.Policy]:
    """A shop of many cases is read once."""
    shops = models.Shop.objects.filter(pk__in=set(shop_numbers))
    return {shop.pk: read_policy(shop) for shop in shops}


def _load_paid_marks(bill_ids: Collection[int]) -> dict[int, list[tuple[str, tuple[str, ...]]]]:
    """The marking codes of these bills whose item stands on other, fully paid bills of the shop, and on which."""
    rows = list(load_current_marks(bill_ids))
    if not rows:
        return {}
    shops = dict(models.Bill.objects.filter(pk__in={bill for bill, _, _ in rows}).values_list("pk", "shop"))
    on_paid = current_lines().filter(
        marked_item__in={item for _, item, _ in rows}, version__bill__case__fully_paid=True
    )
    bills: dict[tuple[int, str], dict[int, str]] = defaultdict(dict)
    for shop, item, bill, external_id in on_paid.values_list(
        "version__bill__shop", "marked_item", "version__bill", "version__bill__external_id"
    ):
        bills[shop, item][bill] = external_id
    found: dict[int, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for bill, item, mark in rows:
        others = sorted(external_id for other, external_id in bills[shops[bill], item].items() if other != bill)
        if others:
            found[bill].append((mark, tuple(others)))
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


def _load_unanswered(bills: Sequence[models.Bill]) -> dict[int, list[facts.Message]]:
    """The requests without an answer that name these bills."""
    waiting = models.ExchangeEvent.without_answer().filter(direction=Direction.REQUEST.value)
    waiting = waiting.exclude(origin=models.ExchangeEvent.Origin.UPSTREAM)
    bills = _find_named(bills, waiting)
    if not bills:
        return {}
    waiting = waiting.filter(shop__in={bill.shop_id for bill in bills})
    events = [  # two queries, for no index serves both names at once
        *waiting.filter(bill_external_id__in={bill.external_id for bill in bills}),
        *waiting.filter(bill_external_id="", bill_number__in={bill.number for bill in bills if bill.number}),
    ]
    named = find_bills_of_requests(events)
    found: dict[int, list[facts.Message]] = defaultdict(list)
    for event in events:
        if event.pk in named:
            found[named[event.pk]].append(_unanswered(event))
    return found


def _find_named(bills: Sequence[models.Bill], events: QuerySet[models.ExchangeEvent]) -> list[models.Bill]:
    """Those of the bills that any of these events names.

    Each bill is looked up by a subquery that gives one value: asked for what has any of many numbers, PostgreSQL reads
    all messages of the shop that name no id.
    """
    by_id = events.filter(shop=OuterRef("shop"), bill_external_id=OuterRef("external_id"))
    by_number = events.filter(shop=OuterRef("shop"), bill_external_id="", bill_number=OuterRef("number"))
    named = models.Bill.objects.filter(pk__in=[bill.pk for bill in bills])
    named = named.alias(by_id=_count(by_id), by_number=_count(by_number))
    found = set(named.filter(Q(by_id__gt=0) | (~Q(number="") & Q(by_number__gt=0))).values_list("pk", flat=True))
    return [bill for bill in bills if bill.pk in found]


def _count(events: QuerySet[models.ExchangeEvent]) -> Subquery:
    return Subquery(events.order_by().values("shop").annotate(count=Count("pk")).values("count"))


def _load_unanswered_deliveries(receipt_ids: Collection[int]) -> dict[int, list[facts.Message]]:
    """The deliveries of these receipts that were not answered."""
    deliveries = models.ReceiptDelivery.objects.filter(receipt__in=receipt_ids)
    found: dict[int, list[facts.Message]] = defaultdict(list)
    for delivery in deliveries.select_related("event"):
        if delivery.event.answer_id is None:
            found[delivery.receipt_id].append(_unanswered(delivery.event))
    return found


def _unanswered(event: models.ExchangeEvent) -> facts.Message:
    return facts.Message(kind=event.kind, is_request=True, occurred_at=event.occurred_at)
