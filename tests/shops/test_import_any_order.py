"""Pieces of a log may come in any order, overlap, and come again: what is known in the end is the same."""

import io
from functools import cache
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from crmpos.history import generate_history, write_log
from shops.models import ExchangeEvent
from tests.factories import SAMPLE
from tests.logs import export_log, import_log, read_discrepancies, run

pytestmark = pytest.mark.django_db

AS_OF = "--as-of=2026-04-01T12:00:00+03:00"
ENTRY = b"\n| 20"


@cache
def write_history() -> bytes:
    output = io.BytesIO()
    write_log(generate_history(bills=24, seed=5, shops=2, days=2), output)
    return output.getvalue()


def settle() -> list[dict[str, Any]]:
    """What is known in the end, whenever it was found out."""
    run("reconcile", AS_OF)
    call_command("audit", AS_OF)
    return [row | {"opened_at": None} for row in read_discrepancies()]


@cache
def expect(log: bytes) -> list[dict[str, Any]]:
    """What the whole log comes to, imported at once."""
    with transaction.atomic():
        import_log(log)
        rows = settle()
        transaction.set_rollback(True)
    return rows


def cut(log: bytes, places: list[float]) -> list[bytes]:
    """The log in pieces, cut between two seconds near to the places."""
    bounds = sorted({0, len(log), *(max(_find_second(log, int(place * len(log))), 0) for place in places)})
    return [log[start:end].strip(b"\n") for start, end in zip(bounds, bounds[1:], strict=False)]


def _find_second(log: bytes, place: int) -> int:
    """Where the first entry stands that has the time of the one at `place`."""
    at = log.rfind(ENTRY, 0, place)
    return log.find(log[at : at + len("\n| 2026-03-25 17:24:55")]) if at > 0 else 0


@given(
    places=st.lists(st.floats(0, 1), max_size=4),
    overlap=st.booleans(),
    order=st.randoms(use_true_random=False),
    reconcile_between=st.booleans(),
)
@settings(max_examples=12)
def test_pieces_in_any_order_come_to_the_same(
    places: list[float], overlap: bool, order: Any, reconcile_between: bool
) -> None:
    log = write_history()
    expected = expect(log)
    pieces = cut(log, places)
    if overlap:
        pieces += [b"\n".join(two) for two in zip(pieces, pieces[1:], strict=False)]
    order.shuffle(pieces)
    with transaction.atomic():
        for piece in pieces:
            import_log(piece)
            if reconcile_between:
                run("reconcile", AS_OF)

        assert export_log() == log
        assert settle() == expected
        transaction.set_rollback(True)


@pytest.mark.parametrize("count", [3, 8])
def test_every_order_of_the_seconds_of_a_real_log_comes_to_the_same(count: int) -> None:
    log = SAMPLE.read_bytes()
    expected = expect(log)
    pieces = cut(log, [place / 20 for place in range(20)])
    for piece in pieces[count:] + pieces[:count][::-1]:
        import_log(piece)

    assert export_log() == log
    assert settle() == expected


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_second_that_is_cut_in_two_keeps_its_order(newest_first: bool) -> None:
    log = SAMPLE.read_bytes()
    second = b"\n| 2026-03-25 17:24:55 |"
    places = [at for at in range(len(log)) if log.startswith(second, at)]
    assert len(places) > 1
    for place in places:
        with transaction.atomic():
            pieces = [log[:place], log[place + 1 :]]
            for piece in pieces if newest_first else pieces[::-1]:
                import_log(piece)

            assert export_log() == log
            transaction.set_rollback(True)


def test_a_log_of_which_half_is_there_already_brings_the_other_half() -> None:
    log = write_history()
    newest, oldest = cut(log, [0.5])
    import_log(newest)
    import_log(log)

    assert export_log() == log
    assert settle() == expect(log)
    assert "0 new" not in import_log(oldest)[1]
    assert ExchangeEvent.objects.count() == log.count(ENTRY) + 1


@pytest.mark.xfail(
    strict=True,
    reason="Not built: what was paired is not paired anew. The later request is shown as unanswered: false, but it "
    "touches no amount. Logs that are imported from the oldest to the newest do not meet it. The README says so.",
)
def test_an_answer_goes_to_its_own_request_though_that_comes_last() -> None:
    first, answered, second, answered_too = (
        f"| 2026-03-25 12:00:{second} | 40 | {direction} (LIST) | {body} |\n".encode()
        for second, direction, body in (
            (20, "Запрос", "{}"),
            (21, "Ответ", "[]"),
            (30, "Запрос", "{}"),
            (31, "Ответ", "[]"),
        )
    )
    for piece in (answered_too, first, second + answered):
        import_log(piece)
    assert not ExchangeEvent.without_answer().filter(direction="request").exists()
