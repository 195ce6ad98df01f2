"""Receipts that were spoilt on their way: none is answered with a 5xx, and of none is the text lost."""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from shops.exchange_log import Direction
from shops.live_journal import KEPT_OF_RUBBISH, is_json, read_body
from shops.models import ExchangeEvent, Shop
from shops.wire_writer import read_json, write_json
from tests.faults.load import make_payment
from tests.faults.mutations import mutate
from tests.logs import run
from tests.protocol.conftest import Till, make_caller

COUNT, COUNT_HEAVY = 800, 100_000
BATCH = 500
PRINTED_AT = "2026-03-25T09:00:00.000+0000"
LATER = "--as-of=2100-01-01T00:00:00+00:00"


@pytest.fixture
def seeds(heavy: bool) -> range:
    """Every run spoils the same receipts: who fails is named by its seed."""
    return range(COUNT_HEAVY if heavy else COUNT)


@pytest.mark.django_db(transaction=True)
def test_no_spoilt_receipt_is_lost_or_breaks_anything(seeds: range) -> None:
    shop = Shop.objects.create(number=7)
    till = make_caller(Till, shop, "register")
    till.client.raise_request_exception = False
    statuses: Counter[int] = Counter()
    for begin in range(0, len(seeds), BATCH):
        batch = seeds[begin : begin + BATCH]
        sent = [(seed, spoil(seed)) for seed in batch]
        for seed, body in sent:
            response = till.send("POST", "/api/v2/receipts", body)
            statuses[response.status_code] += 1
            assert response.status_code in (200, 400), f"seed {seed}: {response.status_code} {response.content[:300]!r}"
        kept = list(list_requests(len(batch)))
        lost = [seed for (seed, body), event in zip(sent, kept, strict=True) if not is_kept(event, body)]
        assert lost == []
    assert min(statuses.values()) > len(seeds) / 20, "both must be tried"
    run("reconcile", LATER)
    call_command("audit", LATER)
    print(f"\n{len(seeds)} spoilt receipts: {dict(statuses)}")


def spoil(seed: int) -> bytes:
    """A receipt like any other, spoilt; several have the same number, as if delivered again."""
    event = make_payment(1000 + seed // 3)
    event["data"]["dateTime"] = PRINTED_AT
    return mutate(json.loads(write_json(event)), seed)


def list_requests(count: int) -> Iterator[ExchangeEvent]:
    """The newest requests of the journal, oldest first."""
    requests = ExchangeEvent.objects.filter(kind="RECEIPT", direction=Direction.REQUEST.value)
    return reversed(requests.order_by("-pk")[:count])


def is_kept(event: ExchangeEvent, body: bytes) -> bool:
    if not body:
        return True
    if is_json(body):
        return read_body(event) == body
    # What is no JSON is kept as a text, bytes that are none written out.
    told = read_json(event.body.encode())
    assert isinstance(told, dict)
    kept: bool = told["body"] == body[:KEPT_OF_RUBBISH].decode(errors="backslashreplace")
    return kept
