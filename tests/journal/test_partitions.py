"""The texts of the journal lie in months of UTC; what has no month is kept all the same, and brought into it later."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.checks import run_checks
from django.db import connection, connections, transaction

from shops.models import ExchangeBody, Shop
from shops.partitions import (
    create_partitions,
    find_missing_partitions,
    following,
    list_months_ahead,
    list_months_around,
    list_partitions,
    month_of,
    name_of,
)
from shops.tasks import prepare_months
from tests.factories import make_event, make_shop
from tests.logs import Log, export_log, import_log

NOW = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)

on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL divides tables")


def find_table(event_pk: int) -> str:
    """The partition that holds the text of an entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM shops_exchangebody WHERE entry_id = %s", [event_pk])
        (name,) = cursor.fetchone()
        return str(name)


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), date(2026, 1, 1)),
        (datetime(2026, 2, 1, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 2, 1, 2, 59, tzinfo=ZoneInfo("Europe/Moscow")), date(2026, 1, 1)),
        (datetime(2026, 1, 31, 20, tzinfo=ZoneInfo("America/New_York")), date(2026, 2, 1)),
    ],
)
def test_a_month_is_one_of_utc(moment: datetime, month: date) -> None:
    assert month_of(moment) == month


def test_a_year_ends_with_december() -> None:
    assert following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert list_months_ahead(datetime(2026, 10, 5, tzinfo=UTC))[-1] == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("local", "months"),
    [
        (datetime(2025, 5, 15, 12), [date(2025, 5, 1)]),
        (datetime(2025, 5, 1, 1), [date(2025, 4, 1), date(2025, 5, 1)]),
        (datetime(2025, 5, 31, 23), [date(2025, 5, 1), date(2025, 6, 1)]),
        (datetime(2099, 1, 1), []),
        (datetime(1, 1, 1), []),
        (datetime(9999, 12, 31), []),
    ],
)
def test_a_local_time_may_lie_in_two_months_and_one_of_a_wrong_clock_in_none(
    local: datetime, months: list[date]
) -> None:
    assert sorted(list_months_around([local], NOW)) == months


@on_postgresql
@pytest.mark.django_db
def test_months_are_made_ahead_once() -> None:
    now = datetime(2031, 11, 30, 23, 30, tzinfo=UTC)
    ahead = [date(2031, 11, 1), date(2031, 12, 1), date(2032, 1, 1), date(2032, 2, 1)]
    assert find_missing_partitions(now) == ahead
    assert create_partitions(list_months_ahead(now)) == ahead
    assert create_partitions(list_months_ahead(now)) == find_missing_partitions(now) == []
    assert set(ahead) <= set(list_partitions())


@pytest.mark.django_db
def test_the_task_makes_what_is_missing(shop: Shop) -> None:
    prepare_months()
    assert [message for message in run_checks(databases=["default"]) if message.id == "crmpos.W004"] == []


@on_postgresql
@pytest.mark.django_db
def test_a_month_that_is_missing_is_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name_of(month_of(datetime.now(UTC)))}")
    (message,) = [message for message in run_checks(databases=["default"]) if message.id == "crmpos.W004"]
    assert f"{month_of(datetime.now(UTC)):%Y-%m}" in message.msg


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(7)


@on_postgresql
@pytest.mark.parametrize("year", [1970, 2099])
def test_what_has_no_month_is_kept_and_comes_into_its_month_later(shop: Shop, year: int) -> None:
    event = make_event(shop, body="[1]", at=datetime(year, 6, 15, tzinfo=UTC))
    other = make_event(shop, body="[2]", at=datetime(year, 7, 1, tzinfo=UTC))
    assert find_table(event.pk) == "shops_exchangebody_default"

    create_partitions([date(year, 6, 1)])

    assert find_table(event.pk) == f"shops_exchangebody_y{year}m06"
    assert find_table(other.pk) == "shops_exchangebody_default"
    assert type(event).objects.get(pk=event.pk).body == "[1]"


@on_postgresql
def test_the_border_of_a_month_belongs_to_the_next(shop: Shop) -> None:
    create_partitions([date(2030, 1, 1), date(2030, 2, 1)])
    border = datetime(2030, 2, 1, tzinfo=UTC)
    before, after = make_event(shop, at=border - timedelta(seconds=1)), make_event(shop, at=border)
    assert find_table(before.pk).endswith("y2030m01")
    assert find_table(after.pk).endswith("y2030m02")


@on_postgresql
@pytest.mark.django_db
def test_an_import_makes_the_months_of_its_log() -> None:
    import_log(_write_log(datetime(2020, 3, 10, 10)))
    assert date(2020, 3, 1) in list_partitions()
    assert find_table(ExchangeBody.objects.latest("entry_id").pk).endswith("y2020m03")


@pytest.mark.django_db
@pytest.mark.parametrize("year", [1, 1900, 2099, 9998])
def test_an_import_of_a_wrong_clock_is_kept(year: int) -> None:
    log = _write_log(datetime(year, 3, 10, 10))
    import_log(log)
    assert export_log() == log


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_messages_come_while_months_are_made() -> None:
    """Writers go on in every month, and in the default one, while partitions are made."""
    shop, stop, written = make_shop(7), threading.Event(), [0]
    faults: list[Exception] = []

    def write() -> None:
        try:
            while not stop.is_set():
                make_event(shop, at=datetime(2040, 1 + written[0] % 6, 5, tzinfo=UTC))
                written[0] += 1
        except Exception as fault:  # whatever it is, the test tells it
            faults.append(fault)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    made = [create_partitions([date(2040, month, 1)]) for month in range(1, 7)]
    stop.set()
    for writer in writers:
        writer.join()

    assert faults == []
    assert made == [[date(2040, month, 1)] for month in range(1, 7)]
    assert written[0] > 0
    assert ExchangeBody.objects.count() >= written[0]
    _drop_months_of(2040)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_one_who_waits_for_a_lock_holds_nobody_up_for_long() -> None:
    """While another transaction has the default month in hand, making one gives up, and comes back."""
    shop = make_shop(7)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            make_event(shop, at=datetime(1999, 1, 1, tzinfo=UTC))
            holding.set()
            release.wait()
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait()
    threading.Timer(1.5, release.set).start()
    assert create_partitions([date(2041, 1, 1)]) == [date(2041, 1, 1)]
    holder.join()
    _drop_months_of(2041)


def _drop_months_of(year: int) -> None:
    """What a test has made outside of its own transaction."""
    with connection.cursor() as cursor:
        for month in list_partitions():
            if month.year == year:
                cursor.execute(f"DROP TABLE {name_of(month)}")


def _write_log(now: datetime) -> bytes:
    log = Log(now=now)
    log.ask_list()
    return log.write()


@on_postgresql
@pytest.mark.django_db
def test_texts_are_compressed_by_lz4_in_every_month_and_in_those_to_come() -> None:
    create_partitions([date(2031, 5, 1)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")
        method = "l" if cursor.fetchone() == (True,) else ""  # a server may be built without it
        cursor.execute(
            """SELECT attrelid::regclass::text, attcompression FROM pg_attribute
            JOIN (SELECT 'shops_exchangebody'::regclass AS oid UNION ALL SELECT inhrelid FROM pg_inherits
                WHERE inhparent = 'shops_exchangebody'::regclass) tables ON attrelid = oid
            WHERE attname IN ('body', 'verbatim')"""
        )
        methods = cursor.fetchall()
    assert {found for _, found in methods} == {method}
    assert ("shops_exchangebody_y2031m05", method) in methods
