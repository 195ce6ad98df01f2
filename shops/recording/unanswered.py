"""Records what a request says whose answer was never written: the process that was to do both has died meanwhile.

Used by whoever judges such a request: so every receipt that was journaled is on the books, a minute later at most,
whether it is sent again or not. What the shop's own CRM is to be forwarded comes with the repetition, for whoever was
not answered sends again.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from shops.exchange_log import Direction
from shops.messages import understand
from shops.models import ExchangeEvent, ReceiptDelivery
from shops.recording.batch import Said, record_messages
from shops.recording.places import PlaceBook
from shops.wire import PUT_BILL, RECEIPT

logger = logging.getLogger(__name__)

BRINGING_FACTS = (RECEIPT, PUT_BILL)


def record_unanswered(requests: Iterable[ExchangeEvent], *, now: datetime) -> None:
    """Records those that were sent to this program, within the caller's transaction. Any number of times."""
    served = [
        request
        for request in requests
        if request.origin == ExchangeEvent.Origin.SERVED and request.kind in BRINGING_FACTS
    ]
    if not served:
        return
    recorded = set(ReceiptDelivery.objects.filter(event__in=served).values_list("event", flat=True))
    for request in served:
        if request.pk not in recorded:
            _record(request, now)


def _record(request: ExchangeEvent, now: datetime) -> None:
    """A message that breaks this program is left in the journal, where the audit names it, and holds up no other."""
    message = understand(request.kind, Direction.REQUEST, request.body.encode())
    request.fault = message.fault
    request.bill_external_id = message.bill_id or request.bill_external_id
    request.bill_number = message.bill_number
    try:
        with transaction.atomic():
            request.save(update_fields=["fault", "bill_external_id", "bill_number"])
            record_messages([Said(request, message)], PlaceBook(), now)
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the message's
    except Exception:
        logger.exception("Journal entry %d cannot be recorded.", request.pk)
