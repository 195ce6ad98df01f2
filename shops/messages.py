"""What one message of the journal says. Pure.

`understand` never fails: what cannot be read is a message with a `fault`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shops.exchange_log import Direction
from shops.wire import (
    BILL,
    KINDS,
    LIST,
    RECEIPT,
    BillStatement,
    ListedBill,
    ReceiptEvent,
    WireError,
    read_bill,
    read_list,
    read_receipts,
    read_request,
)


@dataclass(frozen=True, slots=True)
class Message:
    """The facts that a message brings, and the bill that it names."""

    bill_id: str = ""
    bill_number: str = ""
    listed: Sequence[ListedBill] = ()
    bill: BillStatement | None = None
    receipts: Sequence[ReceiptEvent] = ()
    fault: str = ""


def understand(kind: str, direction: Direction, body: bytes) -> Message:
    """Reads a message of the given kind and direction."""
    if kind not in KINDS:
        return Message(fault=f"unknown kind {kind}")
    try:
        return _understand_request(kind, body) if direction == Direction.REQUEST else _understand_answer(kind, body)
    except WireError as error:
        return Message(fault=str(error))


def _understand_request(kind: str, body: bytes) -> Message:
    request = read_request(body)
    if kind != RECEIPT:
        return Message(bill_id=request.bill_id, bill_number=request.number)
    receipts = read_receipts(request.body)
    reference = receipts[0].receipt.reference
    return Message(bill_id=reference.bill_id, bill_number=reference.number, receipts=receipts)


def _understand_answer(kind: str, body: bytes) -> Message:
    if kind == LIST:
        return Message(listed=read_list(body))
    if kind == BILL and (bill := read_bill(body)):
        return Message(bill_id=bill.external_id, bill_number=bill.number, bill=bill)
    return Message()
