"""Which answer belongs to which request. Pure.

The journal does not say it. An answer belongs to the oldest unanswered request of the same shop and kind; a BILL
answer only to a request for its own bill; and never across more than a minute.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from shops.wire import BILL

PAIRED_WITHIN = timedelta(minutes=1)

Reference = TypeVar("Reference")


@dataclass(frozen=True, slots=True)
class Half(Generic[Reference]):
    """A request or an answer that has no partner yet; `reference` is the caller's own name for it."""

    reference: Reference
    shop_number: int
    kind: str
    is_request: bool
    occurred_at: datetime
    bill_id: str = ""  # of a BILL request or answer; empty for an answer that names no bill


def pair(halves: Iterable[Half[Reference]]) -> Iterator[tuple[Reference, Reference]]:
    """The (request, answer) pairs of halves that come in the order of the journal, each as its answer comes."""
    waiting: dict[tuple[int, str], list[Half[Reference]]] = {}
    for half in halves:
        requests = waiting.setdefault((half.shop_number, half.kind), [])
        if half.is_request:
            requests.append(half)
            continue
        requests[:] = [request for request in requests if half.occurred_at - request.occurred_at <= PAIRED_WITHIN]
        request = next((request for request in requests if _belongs(half, request)), None)
        if request is not None:
            requests.remove(request)
            yield request.reference, half.reference


def _belongs(answer: Half[Reference], request: Half[Reference]) -> bool:
    return answer.kind != BILL or not answer.bill_id or answer.bill_id == request.bill_id
