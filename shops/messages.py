"""What one message of the journal says. Pure.

`understand` never fails: what cannot be read is a message with a `fault`. The usual messages are read at once
(`wire_fast`), all others plainly; either way the answer is that of `understand_plainly`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shops.exchange_log import Direction
from shops.wire import (
    BILL,
    KINDS,
    LIST,
    PUT_BILL,
    RECEIPT,
    BillStatement,
    ListedBill,
    PartlyUnreadable,
    ReceiptEvent,
    read_bill,
    read_list,
    read_receipts,
    read_request,
)
from shops.wire_fast import (
    read_usual_bill,
    read_usual_list,
    read_usual_query,
    read_usual_receipt,
    read_usual_receipt_request,
)
from shops.wire_fields import INCORRECT, WireError


@dataclass(frozen=True, slots=True)
class Message:
    """The facts that a message brings, and the bill that it names. One with an error may still bring receipts."""

    bill_id: str = ""
    bill_number: str = ""
    listed: Sequence[ListedBill] = ()
    bill: BillStatement | None = None
    receipts: Sequence[ReceiptEvent] = ()
    error: WireError | None = None

    @property
    def fault(self) -> str:
        """Why it cannot be read; empty where it can."""
        return str(self.error) if self.error else ""


def understand(kind: str, direction: Direction, body: bytes) -> Message:
    """Reads a message of the journal, of the given kind and direction."""
    return _understand_usual(kind, direction, body) or understand_plainly(kind, direction, body)


def understand_body(kind: str, body: bytes, *, bill_id: str = "") -> Message:
    """Reads what a request brings: the receipts of RECEIPT, the bill of PUT_BILL, whose address names `bill_id`."""
    if kind == RECEIPT and (event := read_usual_receipt(body)) is not None:
        return _of_receipt(event)
    return understand_body_plainly(kind, body, bill_id=bill_id)


def _understand_usual(kind: str, direction: Direction, body: bytes) -> Message | None:
    """What a message says that is as usual; None for any other."""
    if direction == Direction.ANSWER:
        if kind == LIST:
            listed = read_usual_list(body)
            return None if listed is None else Message(listed=listed)
        bill = read_usual_bill(body) if kind == BILL else None
        return None if bill is None else _of_bill(bill)
    if kind == RECEIPT:
        event = read_usual_receipt_request(body)
        return None if event is None else _of_receipt(event)
    query = read_usual_query(body) if kind in (LIST, BILL) else None
    return None if query is None else Message(*query)


def _of_receipt(event: ReceiptEvent) -> Message:
    reference = event.receipt.reference
    return Message(reference.bill_id, reference.number, receipts=(event,))


# --- plainly: part by part, field by field -------------------------------------------------------------------


def understand_plainly(kind: str, direction: Direction, body: bytes) -> Message:
    """What `understand` gives, whatever the message."""
    if kind not in KINDS:
        return Message(error=WireError(INCORRECT, f"unknown kind {kind}"))
    if direction == Direction.ANSWER:
        return _understand_answer(kind, body)
    try:
        request = read_request(body)
    except WireError as error:
        return Message(error=error)
    if kind in (RECEIPT, PUT_BILL):
        return understand_body_plainly(kind, request.body, bill_id=request.bill_id)
    return Message(bill_id=request.bill_id, bill_number=request.number)


def understand_body_plainly(kind: str, body: bytes, *, bill_id: str = "") -> Message:
    """What `understand_body` gives, whatever the body."""
    try:
        if kind == PUT_BILL:
            return _of_bill(_stated(read_bill(body), bill_id))
        return _of_receipts(read_receipts(body), None)
    except PartlyUnreadable as error:
        return _of_receipts(error.receipts, error)
    except WireError as error:
        return Message(error=error)


def _understand_answer(kind: str, body: bytes) -> Message:
    try:
        if kind == LIST:
            return Message(listed=read_list(body))
        return _of_bill(read_bill(body)) if kind == BILL else Message()
    except WireError as error:
        return Message(error=error)


def _stated(bill: BillStatement | None, bill_id: str) -> BillStatement:
    if bill is None:
        raise WireError(INCORRECT, "incorrect: no bill")
    if bill.external_id != bill_id:
        raise WireError(INCORRECT, "incorrect: not the id of the address", "id")
    return bill


def _of_bill(bill: BillStatement | None) -> Message:
    return Message(bill_id=bill.external_id, bill_number=bill.number, bill=bill) if bill else Message()


def _of_receipts(receipts: Sequence[ReceiptEvent], error: WireError | None) -> Message:
    """A request names the bill of its first receipt."""
    if not receipts:
        return Message(error=error)
    reference = receipts[0].receipt.reference
    return Message(bill_id=reference.bill_id, bill_number=reference.number, receipts=receipts, error=error)
