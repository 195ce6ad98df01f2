"""What a shop's CRM is told of judgements and decisions: bills that are paid, discrepancies that open and close.

The messages are put into the outbox within the transaction that writes what they tell of: none is lost, and what is
written once is told once. Used by applying and decisions.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciliation.models import Case, DiscrepancyStep, Status
from shops.money import ZERO
from shops.payment.standing import Standing
from shops.webhooks import Notice, find_listening_shops, put_into_outbox
from shops.wire_writer import Json, wire_id


class Event(StrEnum):
    BILL_PAID = "bill.paid"
    BILL_PARTLY_PAID = "bill.partly_paid"
    BILL_UNPAID = "bill.unpaid"  # the money was given back
    DISCREPANCY_OPENED = "discrepancy.opened"
    DISCREPANCY_REOPENED = "discrepancy.reopened"
    DISCREPANCY_RESOLVED = "discrepancy.resolved"


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """A case of a bill whose payment is another than it was judged before."""

    case: Case
    event: Event


def find_payment_change(case: Case, before: Standing) -> PaymentChange | None:
    """What is to be told of a bill: that it is paid now, or paid in part and how far, or not any more."""
    now = standing_of(case)
    if case.bill_id is None or (now.is_fully_paid and before.is_fully_paid):
        return None
    if now.is_fully_paid:
        return PaymentChange(case, Event.BILL_PAID)
    if now.is_partly_paid:
        is_told = before.is_partly_paid and before.received == now.received
        return None if is_told else PaymentChange(case, Event.BILL_PARTLY_PAID)
    was_paid = before.is_fully_paid or before.is_partly_paid
    return PaymentChange(case, Event.BILL_UNPAID) if was_paid else None


def standing_of(case: Case) -> Standing:
    """How the bill of a case stands by its last judgement."""
    return Standing(case.due or ZERO, case.received or ZERO, case.fully_paid)


def tell(
    shop_numbers: Collection[int],
    payments: Iterable[PaymentChange],
    steps: Iterable[DiscrepancyStep],
    *,
    now: datetime,
) -> None:
    """Puts into the outbox what changed, for the shops (`shop_numbers` or fewer) whose CRM is told of it."""
    if not (listening := find_listening_shops(shop_numbers)):
        return
    changes = [(change.case.pk, change.event, None) for change in payments if change.case.shop_id in listening]
    told = [(step.discrepancy.case_id, event, step) for step in steps if (event := _event_of(step)) is not None]
    cases = _load_cases({case_id for case_id, _, _ in (*changes, *told)})
    put_into_outbox(
        (
            Notice(cases[case_id].shop_id, event, _describe(cases[case_id], step))
            for case_id, event, step in (*changes, *told)
            if cases[case_id].shop_id in listening
        ),
        now=now,
    )


def _event_of(step: DiscrepancyStep) -> Event | None:
    was_resolved, is_resolved = step.from_status == Status.RESOLVED, step.to_status == Status.RESOLVED
    if not step.from_status:
        return Event.DISCREPANCY_OPENED
    if was_resolved == is_resolved:
        return None
    return Event.DISCREPANCY_RESOLVED if is_resolved else Event.DISCREPANCY_REOPENED


def _load_cases(case_ids: Collection[int]) -> dict[int, Case]:
    return Case.objects.select_related("bill", "receipt").in_bulk(list(case_ids))


def _describe(case: Case, step: DiscrepancyStep | None) -> Json:
    data: dict[str, Json] = {"shop": case.shop_id, "bill": _describe_bill(case)}
    if step is None:
        return data
    data["receipt"] = {"id": case.receipt.receipt_id, "total": case.receipt.total} if case.receipt else None
    return data | {"discrepancy": _describe_discrepancy(step)}


def _describe_bill(case: Case) -> Json:
    if case.bill is None:
        return None
    standing = standing_of(case)
    return {
        "id": wire_id(case.bill.external_id),
        "number": case.bill.number,
        "due": standing.due,
        "received": standing.received,
        "remaining": standing.remaining,
        "fully_paid": standing.is_fully_paid,
    }


def _describe_discrepancy(step: DiscrepancyStep) -> Json:
    return {
        "kind": step.discrepancy.kind,
        "amount": step.amount,
        "status": step.to_status,
        "reason": step.reason or None,
    }
