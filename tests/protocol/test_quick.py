"""The short way of an exchange on PostgreSQL writes what the plain way writes, row for row; both are tried here."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from shops import serving
from shops.allocations import link
from shops.live_journal import journal_answer, journal_request, read_body
from shops.models import (
    ApiKey,
    Bill,
    Employee,
    ExchangeBody,
    ExchangeEvent,
    Product,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
    Shift,
    Shop,
    Store,
    Terminal,
)
from shops.offers import read_list_offer
from shops.quick import journal as quick_journal
from shops.quick import offers as quick_offers
from shops.quick import receipt as quick
from shops.statements import KeptQuery, fetch_first, pipelined_transaction, send
from shops.wire_writer import write_json
from tests.factories import make_accountant
from tests.logs import line, make_bill, make_receipt
from tests.protocol.conftest import Crm, Till, make_event

NOW = datetime(2026, 3, 25, 12, 0, 0, 500_000, tzinfo=UTC)
MINUTE, HOUR = 60_000, 3_600_000  # milliseconds
TABLES: tuple[type[models.Model], ...] = (
    ExchangeEvent,
    ExchangeBody,
    Receipt,
    ReceiptLine,
    ReceiptDelivery,
    Bill,
    Product,
    Shift,
    Store,
    Terminal,
    Employee,
)

only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="the short way is PostgreSQL's alone")


class Undone(Exception):
    """Takes back what one way has written, so that the other begins with the same."""


def stop_the_clock(milliseconds: int = 0) -> Any:
    """However often it is asked for the time, and the ways do not ask equally often."""
    return patch("django.utils.timezone.now", return_value=NOW + timedelta(milliseconds=milliseconds))


def dump() -> dict[str, list[dict[str, Any]]]:
    """All rows; keys of rows that were made just now, which no two ways share, are told by their order."""
    order: dict[type[models.Model], dict[Any, str]] = {}
    dumped = {}
    for model in TABLES:
        rows = list(model._default_manager.order_by("pk").values())
        key = model._meta.pk.attname
        order[model] = {row[key]: f"{model.__name__} {index}" for index, row in enumerate(rows)}
        dumped[model.__name__] = rows
    for model in TABLES:
        for row in dumped[model.__name__]:
            for field in model._meta.concrete_fields:
                related = ExchangeEvent if field.attname == "entry_id" else field.related_model
                related = model if field.primary_key and model is not ExchangeBody else related
                if related in order and row[field.attname] is not None:
                    row[field.attname] = order[related][row[field.attname]]
    return dumped


def go_both_ways(work: Callable[[], Any]) -> None:
    """Holds what work gives, and all rows after it, against each other: in short, and plainly."""
    ways = []
    for is_plain in (False, True):
        with ExitStack() as stack:
            stack.enter_context(stop_the_clock())
            for name in ("shops.live_journal.is_postgresql", "shops.serving.is_postgresql"):
                stack.enter_context(patch(name, return_value=not is_plain))
            try:
                with transaction.atomic():
                    ways.append((work(), dump()))
                    raise Undone
            except Undone:
                pass
    (given, rows), (given_plainly, rows_written_plainly) = ways
    assert given == given_plainly
    for table, written in rows.items():
        assert written == rows_written_plainly[table], table


LINES = st.lists(
    st.builds(
        line,
        st.sampled_from(["tea", "cup", "pot", ""]),
        st.sampled_from([100, 250, "0.01"]),
        st.sampled_from([1, 2, "0.5"]),
        discount=st.sampled_from([0, 10]),
    ),
    max_size=4,
)
STATED = make_bill("1", [line("tea", 100, 2), line("cup", 250)])
STATED_AS_WELL = make_bill("another", [line("tea", 100), line("pot", 250)])
ORDINARY: st.SearchStrategy[dict[str, Any]] = st.just({})
FIELDS = ORDINARY | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["SELL", "PAYBACK", "BUY"]),
        "infoCheck": st.just(True),
        "storeId": st.sampled_from(["", "elsewhere", "another shop's"]),
        "deviceId": st.sampled_from(["", "another"]),
        "employeeId": st.sampled_from(["", "another"]),
        "shiftId": st.sampled_from(["", "2", "closed", "by its id"]),
        "dateTime": st.sampled_from(["", "2026-03-25T11:00:00.000+0000"]),
        "totalAmount": st.sampled_from([0, 100, 450, 900]),
    },
)
EXTRAS = ORDINARY | st.fixed_dictionaries(
    {},
    optional={
        "billId": st.sampled_from(["1", "2", "", "cancelled"]),
        "settlementMethod": st.sampled_from(["PartialSettlement", "Lend", "AdvancePayment", "FullPrepayment"]),
        "contentModified": st.just(True),
        "newContent": st.just([{"id": "tea", "newQuantity": 1}]),
        "number": st.sampled_from(["1-CRM", ""]),
        "date": st.sampled_from(["", "2026-03-25 09:00:00"]),
        "prepayment": st.just(50),
    },
)


@pytest.fixture
def world(till: Till, crm: Crm, shop: Shop, other_shop: Shop) -> Shop:
    """Two bills and a withdrawn one, stated some time before, and the places where receipts are printed."""
    with stop_the_clock(-HOUR):
        for bill in (STATED, STATED_AS_WELL, make_bill("cancelled", [line("tea", 100)])):
            crm.put(bill)
        crm.delete("cancelled")
    store = Store.objects.create(shop=shop, evotor_id="store")
    Store.objects.create(shop=other_shop, evotor_id="another shop's")
    terminal = Terminal.objects.create(shop=shop, store=store, evotor_id="device")
    Employee.objects.create(shop=shop, evotor_id="employee")
    for key, session, closed_at in (("1", "", None), ("closed", "", NOW), ("3", "by its id", None)):
        Shift.objects.create(
            shop=shop, terminal=terminal, store=store, key=key, session_id=session, closed_at=closed_at
        )
    return shop


def deliver(shop: Shop, *bodies: bytes, milliseconds_apart: int = 1) -> list[tuple[int, bytes]]:
    """Each is answered within the millisecond, and not at the moment that its request has in the journal."""
    answers = []
    for index, body in enumerate(bodies):
        came_at = NOW + timedelta(milliseconds=index * milliseconds_apart)
        with stop_the_clock(index * milliseconds_apart + 1):
            answers.append(serving.accept_receipts(shop, body, query={"q": "/"}, now=came_at))
    return [(answer.status, answer.body) for answer in answers]


@only_postgresql
def test_an_ordinary_receipt_is_recorded_in_short(world: Shop) -> None:
    body = write_json(make_event(make_receipt("r-1", [line("tea", 100)], STATED)))
    with patch("shops.serving.record_messages", side_effect=AssertionError):
        assert deliver(world, body) == [(200, b"")]
    assert Receipt.objects.get().bill == Bill.objects.get(external_id="1")


@only_postgresql
def test_a_receipt_without_a_bill_is_recorded_in_short_and_waits_to_be_judged(world: Shop) -> None:
    body = write_json(make_event(make_receipt("r-1", [line("tea", 100)], None)))
    with patch("shops.serving.record_messages", side_effect=AssertionError):
        assert deliver(world, body) == [(200, b"")]
    receipt = Receipt.objects.get()
    assert (receipt.bill, receipt.unjudged_since, receipt.lines.count()) == (None, NOW, 1)
    assert deliver(world, body) == [(200, b"")]  # once more, plainly
    assert ReceiptDelivery.objects.filter(receipt=receipt).count() == 2


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_receipt_that_comes_again_for_another_bill_is_kept_with_the_first(world: Shop) -> None:
    """It is not looked for beforehand: its constraint stops the short way, and the connection goes on."""
    bodies = [
        write_json(make_event(make_receipt("r-1", [line("tea", 100)], bill), f"e-{bill['id']}"))
        for bill in (STATED, STATED_AS_WELL)
    ]
    held = connection.connection
    assert deliver(world, *bodies) == [(200, b"")] * 2
    assert connection.connection is held
    assert [receipt.bill for receipt in Receipt.objects.all()] == [Bill.objects.get(external_id="1")]
    assert ReceiptDelivery.objects.count() == 2
    assert ExchangeEvent.objects.filter(kind="RECEIPT").count() == 4


@only_postgresql
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=LINES,
    lines_after=st.none() | LINES,
    fields=FIELDS,
    extras=EXTRAS,
    policy=st.sampled_from(Shop.AfterPartial.values),
    again=st.booleans(),
    first_of=st.sampled_from([STATED, STATED, None]),
    second_of=st.sampled_from([STATED, STATED_AS_WELL, None]),
    milliseconds_apart=st.sampled_from([1, MINUTE - 1, MINUTE]),
)
@example([line("tea", 100)], None, {}, {}, "full", False, STATED, STATED_AS_WELL, MINUTE)
@example([line("tea", 100)], None, {}, {}, "full", False, STATED, STATED_AS_WELL, MINUTE - 1)
@example([line("tea", 100)], None, {}, {}, "full", True, STATED, STATED_AS_WELL, 1)
@example([line("tea", 100)], None, {}, {}, "full", False, None, None, 1)
@example([line("tea", 100)], None, {}, {}, "full", True, None, None, 1)
@example([line("tea", 100)], None, {}, {}, "full", True, None, STATED, 1)
@example([line("tea", 100)], None, {"shiftId": "closed"}, {}, "full", False, None, None, 1)
@example([line("tea", 100)], None, {"storeId": "elsewhere"}, {}, "full", False, None, None, 1)
def test_a_receipt_writes_the_same_rows_both_ways(
    world: Shop,
    lines: Any,
    lines_after: Any,
    fields: Any,
    extras: Any,
    policy: str,
    again: bool,
    first_of: dict[str, Any] | None,
    second_of: dict[str, Any] | None,
    milliseconds_apart: int,
) -> None:
    world.after_partial = policy
    Shop.objects.filter(pk=world.pk).update(after_partial=policy)
    bodies = [
        write_json(make_event(make_receipt(receipt_id, sold, bill, extras=extras, **fields), event_id))
        for receipt_id, event_id, sold, bill in (
            ("r-1", "e-1", lines, first_of),
            ("r-1" if again else "r-2", "e-2", lines if lines_after is None else lines_after, second_of),
        )
    ]
    go_both_ways(lambda: deliver(world, *bodies, milliseconds_apart=milliseconds_apart))


@only_postgresql
def test_an_ordinary_receipt_takes_the_short_way(
    world: Shop, till: Till, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    till.offers()  # notes that its key was used
    body = write_json(make_event(make_receipt("r-1", [line("tea", 100, 2), line("cup", 250)], STATED)))
    # The key; the request; within a savepoint (two) four questions and one answer.
    with django_assert_num_queries(9):
        assert till.send("POST", "/api/v2/receipts", body).status_code == 200
    assert Receipt.objects.get().bill == Bill.objects.get(external_id="1")
    assert not Bill.objects.get(external_id="1").on_offer


def test_what_a_list_and_a_bill_cost(till: Till, crm: Crm, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    crm.put(STATED)
    till.bill("1")
    is_short = connection.vendor == "postgresql"
    # The key with what is on offer, and within a savepoint (two) the question with its answer. Plainly an entry and its
    # text, each time in a savepoint.
    with django_assert_num_queries(4 if is_short else 13):
        till.offers()
    with django_assert_num_queries(4 if is_short else 14):
        till.bill("1")


@only_postgresql
def test_a_question_stands_in_the_journal_before_what_is_read_for_it(till: Till, crm: Crm) -> None:
    """Otherwise a receipt that is answered in between would seem to have been known to a list that was read before."""
    crm.put(STATED)
    read_at: list[datetime] = []

    def fetch_and_note(statement: str, arguments: Any) -> Any:
        read_at.append(timezone.now())
        return fetch_first(statement, arguments)

    with patch("shops.statements.fetch_first", side_effect=fetch_and_note):
        till.offers()
        till.bill("1")
    asked = ExchangeEvent.journal_order().filter(kind__in=["LIST", "BILL"], direction="request")
    times = [event.occurred_at + timedelta(microseconds=event.position) for event in asked]
    assert len(times) == len(read_at) == 2
    assert all(time <= read for time, read in zip(times, read_at, strict=True))


QUESTIONS = st.lists(
    st.one_of(
        st.sampled_from(["", "1-CRM", "nothing"]).map(lambda number: ("LIST", number)),
        st.sampled_from(["1", "2", "cancelled", "partial", "without text", "nothing"]).map(lambda bill: ("BILL", bill)),
        st.just(("taken", "")),
    ),
    min_size=1,
    max_size=5,
)


def ask(shop: Shop, kind: str, name: str) -> tuple[int, bytes]:
    now, query = timezone.now(), {"q": "/", "token": "x"}
    if kind == "taken":
        journal_request(shop, "LIST", query={}, now=now)
        return 0, b""
    if kind == "LIST":
        answer = serving.answer_list(shop, number=name, query=query, now=now)
    else:
        answer = serving.answer_bill(shop, name, query=query, now=now)
    return answer.status, answer.body


@only_postgresql
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(QUESTIONS)
def test_questions_are_answered_and_journaled_the_same_both_ways(
    offered: Shop, questions: list[tuple[str, str]]
) -> None:
    go_both_ways(lambda: [ask(offered, *question) for question in questions])


@pytest.fixture
def offered(world: Shop, crm: Crm) -> Shop:
    """Bills of every kind: with an odd name and no date, paid in part, one whose statement retention has removed."""
    crm.put(make_bill("2", [line("Чай «чёрный»\t\x7f", "0.10", "1.500")]))
    Bill.objects.filter(external_id="2").update(issued_at=None, customer_name='Полина "В" \\ ')
    crm.put(make_bill("partial", [line("tea", 100), line("cup", 250)]))
    deliver(world, write_json(make_event(make_receipt("r-0", [line("tea", 100)], make_bill("partial", [])))))
    crm.put(make_bill("without text", [line("tea", 100)]))
    stated = Bill.objects.get(external_id="without text").stated_by
    assert stated is not None
    ExchangeBody.objects.filter(entry_id=stated.pk).delete()
    return world


@only_postgresql
@pytest.mark.parametrize("name", ["", "\x1f", "x\x1f3\x1f\x1f1\x1f4-CRM\x1fy", "\x1f" * 5])
@pytest.mark.parametrize("longest_kept", [0, 1 << 16])
def test_a_list_is_the_same_both_ways_whatever_the_customer_is_called(
    offered: Shop, name: str, longest_kept: int
) -> None:
    Bill.objects.filter(external_id="2").update(customer_name=name)
    with patch("shops.quick.offers.LONGEST_LIST_KEPT", longest_kept):
        for _ in range(2):  # the second may be kept
            assert quick_offers.write_list_offer(offered, "", quick_offers.read_list(offered, "")) == write_json(
                read_list_offer(offered)
            )


@only_postgresql
def test_a_list_is_read_in_its_order_from_the_bills_on_offer(offered: Shop) -> None:
    bill = Bill.objects.get(shop=offered, external_id="2")
    fields = {field.attname: getattr(bill, field.attname) for field in Bill._meta.concrete_fields if field.name != "id"}
    paid = fields | {"on_offer": False, "offered_total": None}
    elsewhere = fields | {"shop_id": 8}
    for ours in (paid, elsewhere):
        Bill.objects.bulk_create(Bill(**ours | {"external_id": f"more-{number}"}) for number in range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE shops_bill")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE list AS {quick_offers.LIST_ALL % ('$1', '$2')}")
        cursor.execute(f"PREPARE key AS SELECT ({quick_offers.LIST_OF_KEY % '$1'}) FROM shops_apikey WHERE digest = $2")
        for question in ("list (7, 1000)", "key (1000, 'x')"):
            cursor.execute(f"EXPLAIN EXECUTE {question}")
            plan = "\n".join(step for (step,) in cursor.fetchall())
            assert "bill_on_offer" in plan
            assert "Sort" not in plan
        cursor.execute("DEALLOCATE ALL")


@only_postgresql
def test_a_question_that_cannot_be_answered_is_kept(world: Shop) -> None:
    before = ExchangeEvent.objects.count()
    with patch("shops.quick.offers.write_list_offer", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        serving.answer_list(world, number="", query={}, now=NOW)
    assert ExchangeEvent.objects.count() == before + 1
    assert ExchangeEvent.objects.get(kind="LIST").answer is None


@only_postgresql
def test_a_request_that_a_crash_of_the_database_has_taken_is_stored_again(world: Shop, till: Till) -> None:
    def crash(request: ExchangeEvent, *arguments: Any, **options: Any) -> bool:
        ExchangeEvent.objects.filter(pk=request.pk).delete()
        raise OperationalError("server closed the connection unexpectedly")

    with patch("shops.quick.receipt.record", side_effect=crash):
        till.sell("r-1", [line("tea", 100)], STATED)
    request = ExchangeEvent.objects.get(kind="RECEIPT", direction="request")
    assert request.answer is not None
    assert b'"r-1"' in read_body(request)
    assert ReceiptDelivery.objects.get().event == request


@only_postgresql
def test_a_receipt_of_a_bill_about_which_a_person_has_decided_writes_the_same_both_ways(world: Shop) -> None:
    deliver(world, write_json(make_event(make_receipt("r-1", [line("tea", 100)], None))))
    bill = Bill.objects.get(external_id="1")
    link(Receipt.objects.get(), bill, actor=make_accountant(), now=NOW)
    body = write_json(make_event(make_receipt("r-2", [line("tea", 100), line("cup", 250)], STATED)))
    go_both_ways(lambda: deliver(world, body))


EVENTS = st.fixed_dictionaries(
    {
        "body": st.sampled_from([b"", b"{}", b"\xff", b"what?", b'{"a": "\\u0000"}']),
        "answer": st.sampled_from([b"", b"[]", b"\x00"]),
        "fault": st.sampled_from(["", "odd"]),
        "remark": st.sampled_from(["", "Kept."]),
        "opens_bill": st.sampled_from(["", "1", "nothing"]),
        "waits": st.sampled_from([0, 120]),
        "is_taken": st.booleans(),
        "origin": st.sampled_from([ExchangeEvent.Origin.SERVED, ExchangeEvent.Origin.UPSTREAM]),
    }
)


@only_postgresql
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS)
def test_an_exchange_is_journaled_the_same_both_ways(world: Shop, said: dict[str, Any]) -> None:
    def journal() -> None:
        now = timezone.now()
        if said["is_taken"]:
            journal_request(world, "LIST", query={}, now=now)
        asked = {"query": {"q": "/", "token": "x"}, "body": said["body"], "origin": said["origin"], "bill_id": "1"}
        request = journal_request(world, "BILL", now=now, **asked)
        request.fault = said["fault"]
        later = now + timedelta(seconds=said["waits"])
        options = {name: said[name] for name in ("fault", "remark", "opens_bill")}
        answer = journal_answer(request, said["answer"], now=later, **options)
        assert request.answer == answer
        assert (answer.pk, answer.body) == (request.answer_id, ExchangeEvent.objects.get(pk=answer.pk).body)

    go_both_ways(journal)


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_request_alone_need_not_wait_for_the_disk_and_nothing_else_goes_with_it(shop: Shop) -> None:
    journal_request(shop, "LIST", query={}, now=NOW)
    assert send("SHOW synchronous_commit", ()).fetchall() == [("on",)]
    assert "synchronous_commit" not in quick_journal.STORE_ANSWER
    assert "synchronous_commit" not in quick._write_statement(pays_bill=True)


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_no_receipt_reads_a_whole_table_however_small_it_was_when_the_plan_was_made(world: Shop, crm: Crm) -> None:
    tables = ["shops_bill", "shops_receipt", "shops_exchangeevent", "shops_product", "shops_terminal", "shops_employee"]

    def count(figure: str, view: str) -> dict[str, int]:
        send("SELECT pg_stat_force_next_flush()", ())
        counted = f"SELECT relname, sum({figure})::int FROM {view} WHERE relname = ANY(%s) GROUP BY relname"
        return dict(send(counted, (tables,)).fetchall())

    bills = [make_bill(f"b-{number}", [line(f"tea {number}", 100)]) for number in range(40)]
    for bill in bills:
        crm.put(bill)
    receipts = [make_receipt(f"r-{number}", [line(f"tea {number}", 100)], bill) for number, bill in enumerate(bills)]
    bodies = [write_json(make_event(receipt, f"e-{receipt['id']}")) for receipt in receipts]
    for table in tables:
        send(f"ANALYZE {table}", ())
    scans, read = count("seq_scan", "pg_stat_user_tables"), count("idx_tup_read", "pg_stat_user_indexes")
    deliver(world, *bodies)
    assert count("seq_scan", "pg_stat_user_tables") == scans
    per_receipt = {
        table: (rows - read[table]) / len(bills)
        for table, rows in count("idx_tup_read", "pg_stat_user_indexes").items()
    }
    assert max(per_receipt.values()) < 10, per_receipt


@only_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("waits", [True, False])
def test_after_a_connection_broke_within_a_pipeline_the_next_transaction_has_another(waits: bool) -> None:
    with pytest.raises((OperationalError, InterfaceError)), pipelined_transaction():
        ended = send("SELECT pg_terminate_backend(pg_backend_pid())", ())
        if waits:
            ended.fetchall()
        send("SELECT 1", ()).fetchall()
    with transaction.atomic():
        assert send("SELECT 1", ()).fetchall() == [(1,)]


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_stays_busy_when_a_pipeline_fails_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one whose server shuts down may be left: half-way through a statement."""

    def break_off(raw: psycopg.Connection[Any], *arguments: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with pytest.raises(ZeroDivisionError), pipelined_transaction():
        send("SELECT 1", ()).fetchall()
        monkeypatch.setattr(psycopg.Connection, "wait", break_off)
        raise ZeroDivisionError
    monkeypatch.undo()
    with transaction.atomic():
        assert send("SELECT 1", ()).fetchall() == [(1,)]


@only_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("within", [True, False])
def test_a_pipelined_transaction_is_all_or_nothing(within: bool) -> None:
    def write(*names: int) -> None:
        with pipelined_transaction():
            for number in names:
                send(INSERT_SHOP, (number,))

    with ExitStack() as stack:
        if within:
            stack.enter_context(transaction.atomic())
        write(1)
        with pytest.raises(IntegrityError):
            write(2, 1, 3)
        with pytest.raises(DataError):
            write(4, 1 << 70)
        with pytest.raises(Undone), pipelined_transaction():
            send(INSERT_SHOP, (5,))
            raise Undone
        write(6)
    assert set(Shop.objects.values_list("pk", flat=True)) == {1, 6}


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_a_pipelined_transaction_has_locked_and_set_holds_until_its_end_and_no_longer(shop: Shop) -> None:
    lock = "SELECT number FROM shops_shop WHERE number = %s FOR UPDATE"
    other = connection.copy()
    try:
        with pipelined_transaction():
            assert send(lock, (shop.pk,)).fetchall() == [(shop.pk,)]
            with pytest.raises(OperationalError, match="could not obtain lock"), other.cursor() as cursor:
                cursor.execute(f"{lock} NOWAIT", [shop.pk])
            assert send("SHOW enable_seqscan", ()).fetchall() == [("off",)]
        with other.cursor() as cursor:
            cursor.execute(f"{lock} NOWAIT", [shop.pk])
    finally:
        other.close()
    assert send("SHOW enable_seqscan", ()).fetchall() == [("on",)]


INSERT_SHOP = """INSERT INTO shops_shop
(number, name, time_zone, after_partial, opened_not_paid_after, late_receipt_after, write_off_limit, two_step_required)
VALUES (%s, '', 'UTC', 'full', '1 day', '1 day', 0, false)"""


def test_a_kept_query_gives_what_its_queryset_gives(till: Till, crm: Crm, shop: Shop) -> None:
    crm.put(STATED)
    crm.put(make_bill("2", [line("tea", 100)]))
    rows = KeptQuery(lambda number, name: Bill.objects.filter(shop=number, external_id=name), (int, str))
    with_shop = KeptQuery(lambda number: ApiKey.objects.select_related("shop__upstream").filter(shop=number), (int,))
    plain = KeptQuery(lambda number: Bill.objects.filter(shop=number).values_list("total", "issued_at"), (int,))
    for bill_id in ("1", "2", "3"):
        assert rows.fetch(shop.pk, bill_id) == list(Bill.objects.filter(shop=shop, external_id=bill_id))
    [found] = rows.fetch(shop.pk, "1")
    assert found.__dict__.keys() == Bill.objects.get(external_id="1").__dict__.keys()
    assert found.total == Bill.objects.get(external_id="1").total
    assert {key.shop for key in with_shop.fetch(shop.pk)} == {shop}
    assert not any(hasattr(key.shop, "upstream") for key in with_shop.fetch(shop.pk))
    assert plain.fetch(shop.pk) == list(Bill.objects.filter(shop=shop).values_list("total", "issued_at"))
