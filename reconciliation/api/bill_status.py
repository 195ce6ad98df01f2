"""`GET /api/v2/bills/<id>/status`: what became of a bill, for the CRM that issued it.

What was received and what remains comes from the facts at the moment of the call. Discrepancies are as they were last
judged, and the answer says whether that judgement knows all the facts. It is a question to crmpos, which the original
protocol does not have, so it does not stand in the journal.
"""

from datetime import UTC, datetime
from decimal import Decimal

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from reconciliation.explanations import explain
from reconciliation.models import Case, Discrepancy
from shops import models
from shops.allocated import pays
from shops.api.errors import NotFound
from shops.api.protocol import ProtocolView, read_argument, shop_of
from shops.bill_values import load_bill_values
from shops.models import ApiKey, Bill
from shops.offers import find_offer
from shops.payment.offer import Offer
from shops.payment.standing import find_standing
from shops.serving import OK, Answer
from shops.wire_writer import Json, wire_id, write_json


class BillStatusView(ProtocolView):
    key_role = ApiKey.Role.CRM

    def get(self, request: Request, bill_id: str) -> HttpResponse:
        external_id = read_argument(bill_id, "id")
        status = read_status(shop_of(request), external_id, now=timezone.now())
        if status is None:
            raise NotFound("no such bill", "id")
        return self.answer(Answer(OK, write_json(status)))


@transaction.atomic
def read_status(shop: models.Shop, external_id: str, *, now: datetime) -> Json:
    """The status of a bill; None where the shop has no such bill.

    The bill is locked meanwhile, so that all figures are of one moment.
    """
    bills = Bill.objects.filter(shop=shop, external_id=external_id).select_related("shop", "listed_by", "opened_by")
    bill = bills.select_for_update(of=("self",), no_key=True).first()
    if bill is None:
        return None
    values = load_bill_values([bill])
    standing, offer = find_standing(*values[bill.pk]), find_offer(bill, values)
    case = Case.objects.filter(bill=bill).first()
    return {
        "id": wire_id(bill.external_id),
        "number": bill.number,
        "summ": bill.total,
        "prepayment": bill.prepayment,
        "due": standing.due,
        "received": standing.received,
        "remaining": standing.remaining,
        "fully_paid": standing.is_fully_paid,
        "on_offer": offer.on_list,
        "offered": _offered(bill, offer),
        "cancelled_at": write_time(bill.cancelled_at),
        "closed_at": write_time(bill.closed_at),
        "receipts": _list_receipts(bill),
        "discrepancies": _list_discrepancies(case),
        "judged_at": write_time(case.judged_at if case else None),
        "up_to_date": _is_up_to_date(bill, case, now),
    }


def write_time(time: datetime | None) -> str | None:
    """A time in UTC, as ISO 8601."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z") if time else None


def _offered(bill: Bill, offer: Offer) -> Decimal | None:
    """The sum for which the bill stands in LIST."""
    if not offer.on_list:
        return None
    return offer.total if offer.is_partial else bill.total


def _is_up_to_date(bill: Bill, case: Case | None, now: datetime) -> bool:
    """Whether the last judgement knows all facts, and no deadline has passed since."""
    if case is None or bill.unjudged_since is not None:
        return False
    return case.judge_again_at is None or now <= case.judge_again_at


def _list_receipts(bill: Bill) -> Json:
    receipts = models.Receipt.objects.filter(pays([bill.pk])).order_by("printed_at", "received_at", "pk")
    return [
        {
            "id": receipt.receipt_id,
            "type": receipt.type,
            "total": receipt.total,
            "printed_at": write_time(receipt.printed_at),
            "received_at": write_time(receipt.received_at),
            "informational": receipt.informational,
        }
        for receipt in receipts
    ]


def _list_discrepancies(case: Case | None) -> Json:
    found = Discrepancy.objects.filter(case=case).select_related("case__shop") if case else ()
    return [
        {
            "kind": discrepancy.kind,
            "amount": discrepancy.amount,
            "status": discrepancy.status,
            "reason": discrepancy.reason or None,
            "explanation": explain(discrepancy),
            "opened_at": write_time(discrepancy.opened_at),
        }
        for discrepancy in found
    ]
