"""LIST and BILL of a shop that keeps its CRM: the CRM is asked, and its answer is passed on less what has been paid.

Both sides of the exchange are journaled, and what the CRM states is recorded before the register is answered: a receipt
that came before its bill keeps it off the list. An answer that needs no change is passed on byte for byte, and of one
that does everything else is. Where the CRM gives no answer that is of use, `Unusable` says why.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_noop

from shops.exchange_log import Direction
from shops.journal import to_utc
from shops.live_journal import KEPT_OF_RUBBISH, journal_answer, journal_request
from shops.messages import Message, understand
from shops.models import Bill, ExchangeEvent, Shop, Upstream
from shops.offers import find_changed_offers, find_offer_of_bill
from shops.payment.offer import Offer
from shops.recording.batch import Said, record_messages
from shops.recording.keys import by_shop
from shops.recording.places import PlaceBook
from shops.relay.breaker import Breaker
from shops.relay.client import LIST_PATH, Call, Headers, Reply, Unreachable, bill_path, call
from shops.retrying import commit
from shops.wire import BILL, LIST, ListedBill, is_error_answer, read_list
from shops.wire_fields import WireError, read_identifier
from shops.wire_splice import Item, keep_items, replace_values, split_array, split_object
from shops.wire_writer import Json, write_json

SPARED = gettext_noop("The CRM failed several times in a row and is not asked for some seconds.")
ERROR = gettext_noop("The CRM answered with an error.")
RUBBISH = gettext_noop("The CRM's answer cannot be understood.")

REDUCED = gettext_noop("What has been paid was taken off the CRM's answer.")

NO_SUCH_BILL = (400, 404, 410)  # statuses of a CRM that knows the bill not; any other error is a failure of its own

_breaker = Breaker()

Arguments = Mapping[str, str]
Check = Callable[[str, Reply], None]


class Unusable(Exception):
    """The CRM told nothing that can be passed on; the reason is a sentence for people (a msgid)."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """What the register is answered. `body` is None where the bill is not to be paid any more."""

    status: int
    body: bytes | None
    remark: str = ""
    states_bill: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """One question to a CRM: LIST with a number or without one, or BILL."""

    upstream: Upstream
    kind: str
    call: Call
    bill_id: str = ""
    number: str = ""

    @property
    def shop(self) -> Shop:
        return self.upstream.shop


@dataclass(frozen=True, slots=True)
class Told:
    """The CRM's answer, journaled: its text, and what it states as far as that can be understood."""

    reply: Reply
    event: ExchangeEvent
    message: Message
    text: str

    def pass_on(self, text: str | None = None, *, states_bill: bool = False) -> Relayed:
        """The answer byte for byte, or with what was changed in it."""
        if text is None or text == self.text:
            return Relayed(self.reply.status, self.reply.body, states_bill=states_bill)
        return Relayed(self.reply.status, text.encode(), REDUCED, states_bill=states_bill)


def relay_list(upstream: Upstream, *, number: str, arguments: Arguments, headers: Headers) -> Relayed:
    """The CRM's LIST less what has been paid. Raises Unusable."""
    asking = Asking(upstream, LIST, Call(LIST_PATH, arguments, headers), number=number)
    told = _ask(asking, _check_list)
    commit(lambda: _record_list(asking, told, now=timezone.now()))
    items = _split_list(told.text)
    ids = [_id_of(item) for item in items]
    changed = find_changed_offers(asking.shop, ids)
    kept = [index for index, bill_id in enumerate(ids) if bill_id not in changed or changed[bill_id].on_list]
    written = {
        index: replace_values(_text_of(told.text, items[index]), {"summ": _write(changed[ids[index]].total)})
        for index in kept
        if ids[index] in changed
    }
    return told.pass_on(keep_items(told.text, items, kept, written=written) if changed else None)


def relay_bill(upstream: Upstream, bill_id: str, *, arguments: Arguments, headers: Headers) -> Relayed:
    """The CRM's BILL with what remains to be paid. Raises Unusable."""
    asking = Asking(upstream, BILL, Call(bill_path(bill_id), arguments, headers), bill_id=bill_id)
    told = _ask(asking, _check_bill)
    statement = told.message.bill
    if statement is not None:
        commit(lambda: record_messages([Said(told.event, told.message)], PlaceBook(), timezone.now()))
    offer = find_offer_of_bill(asking.shop, statement.external_id if statement else bill_id)
    if offer is not None and not offer.on_list:
        return Relayed(told.reply.status, None, REDUCED)
    if offer is None or not offer.is_partial or not _is_bill(told.text):
        return told.pass_on(states_bill=_is_bill(told.text))
    if statement is None:
        raise Unusable(RUBBISH)  # what remains of it cannot be told from what was paid
    return told.pass_on(_reduce_bill(told.text, offer), states_bill=True)


# --- the exchange with the CRM -----------------------------------------------------------------------------


def _ask(asking: Asking, check: Check) -> Told:
    """Asks the CRM and journals both sides; `check` raises ValueError for an answer that is of no use."""
    address = asking.upstream.address
    if not _breaker.may_ask(address):
        raise Unusable(SPARED)
    request = journal_request(
        asking.shop,
        asking.kind,
        query=asking.call.query,
        origin=ExchangeEvent.Origin.UPSTREAM,
        bill_id=asking.bill_id,
        bill_number=asking.number,
        now=timezone.now(),
    )
    try:
        reply = call(asking.upstream, asking.call)
    except Unreachable as failure:
        _breaker.note_failure(address)
        ExchangeEvent.objects.filter(pk=request.pk).update(remark=str(failure))
        raise Unusable(str(failure)) from None
    _breaker.note_answer(address)
    return _journal(request, reply, check)


def _journal(request: ExchangeEvent, reply: Reply, check: Check) -> Told:
    try:
        text, fault = reply.body.decode(), name_status(reply)
        if not fault or request.kind == BILL and reply.status in NO_SUCH_BILL:
            check(text, reply)
            fault = ""
    except ValueError as error:
        text, fault = "", str(error)
    message = understand(request.kind, Direction.ANSWER, reply.body) if text else Message()
    event = journal_answer(
        request,
        reply.body[:KEPT_OF_RUBBISH] if fault else reply.body,
        remark=name_status(reply),
        fault=fault or message.fault,
        now=timezone.now(),
    )
    if fault:
        raise Unusable(RUBBISH if reply.is_ok else ERROR)
    return Told(reply, event, message, text)


def name_status(reply: Reply) -> str:
    """What the journal says of a status that is another than the usual one."""
    return "" if reply.is_ok else f"HTTP {reply.status}"


def _check_list(text: str, reply: Reply) -> None:
    """An answer is of use where its bills can be told from each other: one that is paid must be found in it."""
    for item in _split_list(text):
        _id_of(item)


def _check_bill(text: str, reply: Reply) -> None:
    """An answer is of use where it is a bill with an id, or says that there is none."""
    if _says_nothing(text) or not text.strip() and not reply.is_ok or is_error_answer(reply.body):
        return
    _id_of(Item({item.key: item.value for item in split_object(text)}, 0, 0))


def _says_nothing(text: str) -> bool:
    return text.strip() in ("null", "[]", "{}")


def _is_bill(text: str) -> bool:
    return bool(text.strip()) and not _says_nothing(text) and not is_error_answer(text.encode())


def _split_list(text: str) -> list[Item]:
    return [] if _says_nothing(text) else split_array(text)


# --- what it states ----------------------------------------------------------------------------------------


def _record_list(asking: Asking, told: Told, *, now: datetime) -> None:
    """Records what is new in a LIST. Most answers say nothing new: then no row is locked or written."""
    listed = told.message.listed or _read_rows(told.text)
    news = _find_news(asking.shop, listed)
    if news:
        record_messages([Said(told.event, Message(listed=news))], PlaceBook(), now)
    left = Bill.objects.filter(shop=asking.shop, on_offer=True)
    if asking.number:
        left = left.filter(number=asking.number)
    named = {_id_of(item) for item in _split_list(told.text)}
    gone = [pk for pk, external_id in left.values_list("pk", "external_id") if external_id not in named]
    if gone:
        Bill.objects.filter(pk__in=gone).update(left_list_at=now, on_offer=False)


def _read_rows(text: str) -> list[ListedBill]:
    """The bills of a LIST of which some cannot be understood: the others are known all the same."""
    listed: list[ListedBill] = []
    for item in _split_list(text):
        with suppress(WireError):
            listed += read_list(f"[{_text_of(text, item)}]".encode())
    return listed


def _find_news(shop: Shop, listed: Collection[ListedBill]) -> list[ListedBill]:
    held: dict[str, Bill] = {}
    for number, ids in by_shop((shop.number, bill.external_id) for bill in listed):
        held |= {bill.external_id: bill for bill in Bill.objects.filter(shop=number, external_id__in=ids)}
    return [bill for bill in listed if _is_news(held.get(bill.external_id), bill, shop)]


def _is_news(held: Bill | None, listed: ListedBill, shop: Shop) -> bool:
    if held is None or held.left_list_at is not None or held.listed_total != listed.total:
        return True
    issued_at = to_utc(listed.date, shop) if listed.date else None
    said = (listed.total, listed.number, issued_at, listed.customer_name)
    return not held.contents_known and said != (held.total, held.number, held.issued_at, held.customer_name)


# --- what is passed on -------------------------------------------------------------------------------------


def _id_of(item: Item) -> str:
    """The id of a bill, as `shops.wire` reads it. Raises ValueError where there is none."""
    value = item.value.get("id") if isinstance(item.value, Mapping) else None
    return read_identifier(value, "id")


def _text_of(text: str, item: Item) -> str:
    return text[item.start : item.end]


def _reduce_bill(text: str, offer: Offer) -> str:
    """The CRM's own statement with the lines and sums that are still to be paid."""
    members = {item.key: item for item in split_object(text)}
    values = {"summ": _write(offer.total), "prepayment": _write(offer.prepayment)}
    products = members.get("products")
    if products is not None and offer.quantities:
        values["products"] = _reduce_products(_text_of(text, products), offer)
    return replace_values(text, values)


def _reduce_products(text: str, offer: Offer) -> str:
    items = split_array(text)
    kept = [index for index, quantity in enumerate(offer.quantities) if quantity]
    written = {
        index: replace_values(_text_of(text, items[index]), {"quantity": _write(offer.quantities[index])})
        for index in kept
    }
    return keep_items(text, items, kept, written=written)


def _write(value: Json) -> str:
    return write_json(value).decode()
