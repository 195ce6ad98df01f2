"""By which request a register has opened a bill, found anew once the answers of the journal belong to others."""

from collections.abc import Iterable
from datetime import datetime

from shops.exchange_log import Direction
from shops.messages import understand
from shops.models import Bill, ExchangeEvent
from shops.recording.keys import by_shop
from shops.wire import BILL


def open_anew(answers: Iterable[ExchangeEvent], now: datetime) -> None:
    """Sees to the bills of these answers, whose requests are others than before."""
    named = ((answer.shop_id, answer.bill_external_id) for answer in answers if answer.kind == BILL)
    for shop_number, ids in by_shop(named):
        bills = Bill.objects.filter(shop=shop_number, external_id__in=ids).order_by("pk")
        for bill in bills.select_for_update():
            _open_anew(bill, now)


def _open_anew(bill: Bill, now: datetime) -> None:
    answers = ExchangeEvent.objects.filter(
        shop=bill.shop_id, kind=BILL, direction=Direction.ANSWER.value, bill_external_id=bill.external_id
    ).exclude(origin=ExchangeEvent.Origin.UPSTREAM)
    opened = [_asked_by(answer) for answer in answers.select_related("request") if _states_bill(answer)]
    first = min(opened, key=lambda event: event.moment, default=None)
    if first is not None and bill.opened_by_id != first.pk:
        bill.opened_by, bill.unjudged_since = first, now
        bill.save(update_fields=["opened_by", "unjudged_since"])


def _asked_by(answer: ExchangeEvent) -> ExchangeEvent:
    request: ExchangeEvent = getattr(answer, "request", answer)
    return request


def _states_bill(answer: ExchangeEvent) -> bool:
    """Of an imported answer no other names a bill; one that was given here may have refused it."""
    if answer.origin == ExchangeEvent.Origin.LOG:
        return True
    return understand(answer.kind, Direction.ANSWER, answer.body.encode()).bill is not None
