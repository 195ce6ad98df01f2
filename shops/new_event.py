"""An entry of a log on its way into the journal. Used by the services of this app."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shops.exchange_log import Direction
from shops.models import ExchangeEvent, Moment, Shop


@dataclass(slots=True, eq=False)
class NewEvent:
    """An entry of a log that is to be stored: it says of itself what an `ExchangeEvent` does."""

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

    @property
    def is_request(self) -> bool:
        return self.direction == Direction.REQUEST

    @property
    def moment(self) -> Moment:
        return Moment(int(self.occurred_at.timestamp()), self.position)


Event = ExchangeEvent | NewEvent
Pair = tuple[Event, Event]  # a request and its answer
