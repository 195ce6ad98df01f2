"""An entry on its way into the journal. Used by the services of this app."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from shops.exchange_log import Direction
from shops.models import ExchangeEvent, Moment, Shop


@dataclass(slots=True, eq=False)
class NewEvent:
    """An entry that is to be stored: it says of itself what an `ExchangeEvent` does.

    Whoever makes many, or answers a register, does without what a row of the ORM takes.
    """

    shop: Shop
    shop_id: int
    kind: str
    direction: str
    occurred_at: datetime
    digest: str
    bill_external_id: str
    bill_number: str
    fault: str
    unjudged_since: datetime | None
    body: str
    verbatim: bytes | None
    size_bytes: int
    position: int = 0
    pk: Any = None  # None until it is stored, as Django has it
    answer_id: int | None = None
    origin: ExchangeEvent.Origin = ExchangeEvent.Origin.LOG
    remark: str = ""
    request_id: str = ""

    @property
    def is_request(self) -> bool:
        return self.direction == Direction.REQUEST

    @property
    def moment(self) -> Moment:
        return Moment(int(self.occurred_at.timestamp()), self.position)

    def as_row(self) -> ExchangeEvent:
        """The row of the journal; one that is stored already, where this entry has its key."""
        row = ExchangeEvent(shop=self.shop, **{name: getattr(self, name) for name in COLUMNS})
        row.say(self.body, self.verbatim)
        if self.pk is not None:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        return row


COLUMNS = {field.attname for field in ExchangeEvent._meta.concrete_fields} - {"id", "shop_id"} | {"pk"}

Event = ExchangeEvent | NewEvent
Pair = tuple[Event, Event]  # a request and its answer
