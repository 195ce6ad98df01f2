"""Pieces of a log may come in any order, overlap, and come again: what is known in the end is the same."""

import io
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from crmpos.history import generate_history, write_log
from shops import serving
from shops.models import Bill, ExchangeEvent, Shop
from shops.wire_writer import write_text
from tests.factories import SAMPLE
from tests.logs import (
    Log,
    clock,
    export_log,
    import_log,
    line,
    make_bill,
    make_receipt,
    read_clock,
    read_discrepancies,
    run,
    write_request,
)

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


def test_an_answer_goes_to_its_own_request_though_that_comes_last() -> None:
    log = Log()
    for at in ("12:00:20", "12:00:30"):
        log.ask_list(at=at)
    first, answered, second, answered_too = (text for _, text in log.entries)
    for piece in (answered_too, first, b"\n".join((answered, second))):
        import_log(piece)
    assert read_pairs() == {"12:00:20 LIST": "12:00:21", "12:00:30 LIST": "12:00:31"}


def test_a_request_that_comes_last_moves_the_answers_of_all_that_wait_after_it() -> None:
    log = Log()
    log.ask_list(at="12:00", answered=False)
    for seconds in range(20, 400, 20):
        log.ask_list(at=clock(read_clock("12:00") + timedelta(seconds=seconds)))
    texts = [text for _, text in log.entries]
    import_log(b"\n".join(reversed(texts[1:])))
    import_log(texts[0])
    pairs = read_pairs()
    assert len(pairs) == 19
    assert (pairs["12:00:00 LIST"], pairs["12:06:00 LIST"]) == ("12:00:21", "12:06:21")
    assert ExchangeEvent.without_answer().get(direction="request").unjudged_since is not None


def test_a_request_that_loses_its_answer_waits_for_one_again() -> None:
    log = Log()
    log.ask_bill(BILL, at="12:00:10", answered=False)
    log.ask_bill(BILL, at="12:00:40", after_seconds=15)
    earlier, later, answered = (text for _, text in log.entries)
    import_log(b"\n".join((answered, later)))
    assert "unanswered" not in {row["kind"] for row in settle()}
    assert read_openings() == {"1": "12:00:40"}

    assert "новых обменов: 0" in import_log(earlier)[0]
    assert read_pairs() == {"12:00:10 BILL": "12:00:55"}
    assert read_openings() == {"1": "12:00:10"}
    assert "unanswered" in {row["kind"] for row in settle()}
    assert settle() == expect(log.write())


@pytest.mark.parametrize("asks", ["LIST", "RECEIPT"])
def test_a_bill_that_a_request_names_by_number_alone_learns_of_its_answer(asks: str) -> None:
    log = Log()
    log.ask_bill(BILL)
    if asks == "LIST":
        log.ask_list(number="1-CRM")
    else:
        log.deliver(make_receipt("r-1", [line("tea", 100)], BILL, extras={"billId": ""}))
    *rest, answered = (text for _, text in log.entries)
    import_log(b"\n".join(reversed(rest)))
    assert ("1", "unanswered") in {(row["bill"], row["kind"]) for row in settle()}
    import_log(answered)
    assert settle() == expect(log.write())


def test_a_log_that_is_known_is_looked_up_at_once() -> None:
    import_log(write_history())
    with CaptureQueriesContext(connection) as asked:
        import_log(write_history())
    assert len(asked) < 30 < ExchangeEvent.objects.values("occurred_at").distinct().count()


def test_the_audit_names_a_wrong_pair_and_the_log_mends_it() -> None:
    log = Log()
    log.ask_bill(BILL, at="12:00:10")
    log.ask_bill(BILL, at="12:00:30")
    import_log(log)
    expected = read_pairs()
    first, second = ExchangeEvent.journal_order().filter(direction="request")
    first_answer = first.answer
    ExchangeEvent.objects.update(answer=None)
    ExchangeEvent.objects.filter(pk=second.pk).update(answer=first_answer)
    Bill.objects.update(opened_by=second)

    with pytest.raises(CommandError):
        call_command("audit", AS_OF, stderr=(errors := io.StringIO()))
    assert errors.getvalue().count("import the log again") == 2
    assert "новых обменов: 1" in import_log(log)[0]
    assert read_pairs() == expected
    assert read_openings() == {"1": "12:00:10"}
    assert settle() == expect(log.write())


def test_what_was_served_here_keeps_its_answer_whatever_is_imported() -> None:
    shop = Shop.objects.create(number=7)
    now = datetime(2026, 3, 25, 9, 0, 30, tzinfo=UTC)
    serving.answer_list(shop, number="", query={"q": "/"}, now=now)
    log = Log()
    log.ask_list(at="12:00:29", answered=False)
    import_log(log)
    served = ExchangeEvent.objects.get(origin=ExchangeEvent.Origin.SERVED, direction="request")
    assert served.answer is not None
    assert ExchangeEvent.without_answer().get(direction="request").origin == ExchangeEvent.Origin.LOG


HALVES = st.lists(
    st.tuples(
        st.sampled_from(["LIST", "LIST by number", "BILL 1", "BILL 2", "BILL ?", "RECEIPT", "RECEIPT by number"]),
        st.booleans(),
        st.sampled_from([0, 1, 20, 59, 60, 61]),
    ),
    min_size=2,
    max_size=14,
)
PIECES = 4
BILLS = {name: make_bill(name, [line("tea", 100)]) for name in ("1", "2")}
BILL = BILLS["1"]


def write_halves(halves: list[tuple[str, bool, int]]) -> list[tuple[datetime, bytes]]:
    """Requests and answers, each so many seconds after that before it: with their times, oldest first."""
    log = Log()
    for number, (what, is_request, seconds) in enumerate(halves):
        kind, _, bill_id = what.partition(" ")
        query = {"q": "/"} | ({"id": bill_id if bill_id in BILLS else "1"} if kind == "BILL" else {})
        query |= {"number": "1-CRM"} if what == "LIST by number" else {}
        if is_request:
            extras = {"billId": ""} if what == "RECEIPT by number" else {}
            printed_at = "2026-03-25T07:00:00.000Z"
            sold = make_receipt(f"r-{number}", [line("tea", 100)], BILL, extras=extras, dateTime=printed_at)
            event = {"id": f"e-{number}", "data": sold, "type": "ReceiptCreated", "version": 2}
            body = write_request(query, write_text(event) if kind == "RECEIPT" else "null")
        else:
            refusal = '{"errors": [{"code": 1}]}' if kind == "BILL" else "[]"
            body = write_text(BILLS[bill_id]) if bill_id in BILLS else refusal
        log.say(kind, "Запрос" if is_request else "Ответ", body, at=clock(log.now + timedelta(seconds=seconds)))
    return log.entries


def read_pairs() -> dict[str, str]:
    requests = ExchangeEvent.objects.filter(answer__isnull=False).select_related("answer")
    return {f"{name_moment(event)} {event.kind}": name_moment(event.answer) for event in requests}


def read_openings() -> dict[str, str]:
    bills = Bill.objects.filter(opened_by__isnull=False).select_related("opened_by")
    return {bill.external_id: name_moment(bill.opened_by) for bill in bills}


def name_moment(event: ExchangeEvent | None) -> str:
    assert event is not None
    written = f"{event.occurred_at.astimezone(ZoneInfo('Europe/Moscow')):%H:%M:%S}"
    return f"{written}.{event.position}" if event.position else written


def read_outcome() -> list[object]:
    return [read_pairs(), read_openings(), sorted(settle(), key=str)]


@given(
    halves=HALVES,
    pieces=st.lists(st.integers(0, PIECES - 1), min_size=14, max_size=14),
    reconcile_between=st.booleans(),
)
@settings(max_examples=30)
def test_exchanges_are_those_of_the_whole_log(
    halves: list[tuple[str, bool, int]], pieces: list[int], reconcile_between: bool
) -> None:
    """Even where each second of it comes with any other."""
    entries = write_halves(halves)
    log = b"\n".join(text for _, text in reversed(entries))
    with transaction.atomic():
        told = import_log(log)[0]
        expected = read_outcome()
        transaction.set_rollback(True)
    seconds = list(dict.fromkeys(at for at, _ in entries))
    with transaction.atomic():
        exchanges = 0
        for piece in range(PIECES):
            chosen = {at for at, number in zip(seconds, pieces, strict=False) if number == piece}
            told_of_piece = import_log(b"\n".join(text for at, text in reversed(entries) if at in chosen))[0]
            exchanges += count_exchanges(told_of_piece)
            if reconcile_between:
                run("reconcile", AS_OF)
        assert read_outcome() == expected
        assert exchanges == count_exchanges(told)
        transaction.set_rollback(True)


def count_exchanges(told: str) -> int:
    found = re.search(r"новых обменов: (-?\d+)", told)
    return int(found[1]) if found else 0
