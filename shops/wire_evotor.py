"""Evotor's own webhooks: accounts, names, documents of the registers, installations. Pure.

The public description of them has changed its names over the years (`userUuid` became `userId`, `uuid` became `id`,
transactions of a document became its `body`), so both are read. Unknown fields are ignored; what cannot be
understood raises `WireError`, which says what and where.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from shops.wire_fields import (
    INCORRECT,
    MISSING,
    WireError,
    decode,
    join_path,
    read_amount,
    read_identifier,
    read_leniently,
    read_name,
    read_text,
    read_utc_time,
)

USER_ID = re.compile(r"[0-9]{2}-[0-9]{15}", re.ASCII)
CLOUD_TOKEN_LENGTH = 500
LONGEST_OFFSET_MS = 24 * 60 * 60 * 1000

Text = str | int | None
NULL = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which store and which Evotor user a receipt names."""

    store_id: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class CloudToken:
    """The token that Evotor gives for its own REST API."""

    user_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Installation:
    event_id: str
    type: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Named:
    """A store, a terminal or an employee with its name; `store_id` and `offset` are a terminal's."""

    evotor_id: str
    name: str
    store_id: str = ""
    offset: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a register. `total` and `revenue` are the figures of a shift, or the sum of a sale."""

    document_id: str
    type: str
    number: str
    session_id: str
    session_number: str
    closed_at: datetime | None
    terminal_id: str
    employee_id: str
    total: Decimal | None
    revenue: Decimal | None
    body: str  # JSON, verbatim

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


class PartlyRead(WireError):
    """An array with an element that cannot be understood; `documents` are the others."""

    def __init__(self, fault: WireError, documents: Sequence[Document]) -> None:
        super().__init__(fault.code, fault.reason, fault.subject)
        self.documents = tuple(documents)


# --- the JSON ------------------------------------------------------------------------------------------------


class _User(msgspec.Struct):
    userId: Text = None
    userUuid: Text = None
    token: Text = None


class _Happened(msgspec.Struct):
    id: Text = None
    type: Text = None
    data: _User | None = None


class _Named(msgspec.Struct):
    uuid: Text = None
    id: Text = None
    name: Text = None
    lastName: Text = None
    patronymicName: Text = None
    storeUuid: Text = None
    storeId: Text = None
    timezoneOffset: msgspec.Raw = NULL


class _Sold(msgspec.Struct):
    storeId: msgspec.Raw = NULL


class _SoldEvent(msgspec.Struct):
    data: msgspec.Raw = NULL
    userId: msgspec.Raw = NULL


class _Figures(msgspec.Struct):
    """What says the totals: the `body` of a document, or one of its transactions; each read by itself."""

    type: msgspec.Raw = NULL
    total: msgspec.Raw = NULL
    revenue: msgspec.Raw = NULL
    proceeds: msgspec.Raw = NULL
    result_sum: msgspec.Raw = NULL
    resultSum: msgspec.Raw = NULL
    sum: msgspec.Raw = NULL


class _Document(msgspec.Struct):
    uuid: Text = None
    id: Text = None
    type: Text = None
    number: Text = None
    sessionUUID: Text = None
    sessionId: Text = None
    session_id: Text = None
    sessionNumber: Text = None
    session_number: Text = None
    closeDate: Text = None
    close_date: Text = None
    deviceUuid: Text = None
    deviceId: Text = None
    device_id: Text = None
    closeUserUuid: Text = None
    closeUserId: Text = None
    close_user_id: Text = None
    closeResultSum: msgspec.Raw = NULL
    body: msgspec.Raw = NULL
    transactions: msgspec.Raw = NULL


_decode_user = msgspec.json.Decoder(_User).decode
_decode_happened = msgspec.json.Decoder(_Happened).decode
_decode_named = msgspec.json.Decoder(list[_Named]).decode
_decode_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_document = msgspec.json.Decoder(_Document).decode
_decode_figures = msgspec.json.Decoder(_Figures).decode
_decode_sold_event = msgspec.json.Decoder(_SoldEvent).decode
_decode_sold = msgspec.json.Decoder(_Sold).decode
_decode_text = msgspec.json.Decoder(Text).decode
_decode_number = msgspec.json.Decoder(Decimal | None).decode


# --- reading -------------------------------------------------------------------------------------------------


def read_user_id(body: bytes) -> str:
    """The Evotor user of `user/create` and `user/verify`. Raises WireError."""
    return _user_id(decode(_decode_user, body))


def read_cloud_token(body: bytes) -> CloudToken:
    """What `user/token` brings. Raises WireError."""
    user = decode(_decode_user, body)
    token = read_text(user.token, "token", limit=CLOUD_TOKEN_LENGTH).strip()
    if not token:
        raise WireError(MISSING, "missing", "token")
    return CloudToken(_user_id(user), token)


def read_installation(body: bytes) -> Installation:
    """An event of `installation/event`. Raises WireError."""
    event = decode(_decode_happened, body)
    user = event.data or _User()
    return Installation(
        event_id=read_identifier(event.id, "id"),
        type=read_identifier(event.type, "type"),
        user_id=read_text(user.userId or user.userUuid, "data.userId").strip(),
    )


def read_names(body: bytes) -> list[Named]:
    """Stores, terminals or employees. Raises WireError; then none of them is to be taken."""
    return [_named(named, f"[{index}]") for index, named in enumerate(decode(_decode_named, body))]


def read_documents(body: bytes) -> list[Document]:
    """Documents of a register. Raises WireError; a `PartlyRead` has those that can be understood."""
    documents: list[Document] = []
    faults: list[WireError] = []
    for index, element in enumerate(decode(_decode_elements, body)):
        try:
            documents.append(_document(bytes(element), f"[{index}]"))
        except WireError as fault:
            faults.append(fault)
    if faults:
        raise PartlyRead(faults[0], documents)
    return documents


def split_receipts(body: bytes) -> list[tuple[Origin, bytes]]:
    """Each event of a RECEIPT request with what it says of its origin; a single one stands for itself.

    What cannot be read is one element without an origin: nothing is refused here.
    """
    if not body.lstrip().startswith(b"["):
        return [(_origin(body), body)]
    elements = read_leniently(_decode_elements, body, lambda elements: elements, None)
    if not elements:
        return [(Origin(), body)]
    return [(_origin(bytes(element)), bytes(element)) for element in elements]


def join_receipts(elements: Sequence[bytes]) -> bytes:
    """The body of a request that brings these events."""
    return b"[" + b",\n".join(elements) + b"]"


def read_place(value: str) -> str:
    """An id of a header, as far as it can name anything."""
    try:
        return read_text(value, "").strip()
    except WireError:
        return ""


def _user_id(user: _User) -> str:
    user_id = read_identifier(user.userId or user.userUuid, "userId")
    if not USER_ID.fullmatch(user_id):
        raise WireError(INCORRECT, "incorrect", "userId")
    return user_id


def _origin(body: bytes) -> Origin:
    event = read_leniently(_decode_sold_event, body, lambda event: event, _SoldEvent())
    sold = read_leniently(_decode_sold, event.data, lambda sold: sold, _Sold())
    return Origin(_lenient_text(sold.storeId), _lenient_text(event.userId))


def _lenient_text(raw: msgspec.Raw) -> str:
    return read_leniently(_decode_text, raw, lambda text: read_text(text, "").strip(), "")


def _named(named: _Named, at: str) -> Named:
    parts = [
        read_name(part, join_path(at, field))
        for part, field in (
            (named.lastName, "lastName"),
            (named.name, "name"),
            (named.patronymicName, "patronymicName"),
        )
    ]
    return Named(
        evotor_id=read_identifier(named.uuid or named.id, join_path(at, "uuid")),
        name=read_name(" ".join(filter(None, parts)), at),
        store_id=read_text(named.storeUuid or named.storeId, join_path(at, "storeUuid")).strip(),
        offset=read_leniently(_decode_number, named.timezoneOffset, _offset, None),
    )


def _offset(value: Decimal | None) -> timedelta | None:
    """Milliseconds; nonsense is no offset."""
    if value is None or not value.is_finite() or value.copy_abs() > LONGEST_OFFSET_MS:
        return None
    return timedelta(milliseconds=int(value))


def _document(body: bytes, at: str) -> Document:
    document = decode(_decode_document, body, at)
    told = [document.body, *_transactions(document.transactions)]
    figures = [read_leniently(_decode_figures, part, lambda part: part, _Figures()) for part in told]
    return Document(
        document_id=read_identifier(document.uuid or document.id, join_path(at, "uuid")),
        type=_type(read_identifier(document.type, join_path(at, "type")), figures),
        number=read_text(document.number, join_path(at, "number")),
        session_id=read_text(
            document.sessionUUID or document.sessionId or document.session_id, join_path(at, "sessionId")
        ),
        session_number=_first_text(document.sessionNumber, document.session_number, join_path(at, "sessionNumber")),
        closed_at=_time(document.closeDate or document.close_date, join_path(at, "closeDate")),
        terminal_id=read_text(
            document.deviceUuid or document.deviceId or document.device_id, join_path(at, "deviceId")
        ).strip(),
        employee_id=read_text(
            document.closeUserUuid or document.closeUserId or document.close_user_id, join_path(at, "closeUserId")
        ).strip(),
        total=_first_amount(
            *(getattr(part, name) for part in figures for name in ("total", "result_sum", "resultSum")),
            document.closeResultSum,
            *(part.sum for part in figures),
        ),
        revenue=_first_amount(*(getattr(part, name) for part in figures for name in ("revenue", "proceeds"))),
        body=body.decode(),
    )


def _transactions(raw: msgspec.Raw) -> Sequence[msgspec.Raw]:
    return read_leniently(_decode_elements, raw, lambda elements: elements, [])


def _type(told: str, figures: Sequence[_Figures]) -> str:
    """Of a document “printed on the fiscal register” its transaction says which report it is."""
    if told != "FPRINT":
        return told
    transactions = (_lenient_text(part.type) for part in figures)
    report = next((type.removeprefix("FPRINT_") for type in transactions if type.endswith("_REPORT")), "")
    return report or told


def _first_text(first: Text, second: Text, at: str) -> str:
    return read_text(second if first is None else first, at)


def _time(value: Text, at: str) -> datetime | None:
    return read_utc_time(read_text(value, at), at)


def _first_amount(*candidates: msgspec.Raw) -> Decimal | None:
    amounts = (read_leniently(_decode_number, raw, _amount, None) for raw in candidates)
    return next((amount for amount in amounts if amount is not None), None)


def _amount(value: Decimal | None) -> Decimal | None:
    return None if value is None else read_amount(value, "")
