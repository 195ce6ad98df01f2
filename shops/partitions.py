"""The months into which PostgreSQL divides the texts of the journal: made ahead, and dropped whole by retention.

A month is one of UTC, so that it begins at one moment for all shops. On other databases the table is not divided, and
nothing here does anything. What has no partition goes into the default one, so that no write ever fails for want of
one; rows that wait there are brought into a month when it is made.

No lock is waited for long: messages that come meanwhile would queue up behind the one who waits.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from shops.models import ExchangeBody

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

MONTHS_AHEAD = 3
MONTHS_BACK = 120  # an entry of an older time, or of the future, is one of a clock that is wrong
A_DAY = timedelta(days=1)  # and the half of one, from noon: no zone is further from UTC

TABLE = ExchangeBody._meta.db_table
DEFAULT = f"{TABLE}_default"
LOCK_TIMEOUT = "1s"
ATTEMPTS = 5
PAUSE_SECONDS = 0.5
MOVED_AT_ONCE = 20_000  # texts
DDL_LOCK = 7_110_050  # of PostgreSQL's advisory locks: one process at a time makes or drops months

FIND = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) AND c.relname <> %s ORDER BY c.relname
"""
AS_THE_OTHERS = "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMPRESSION"
COUNT = f"SELECT count(*) FROM {DEFAULT} WHERE occurred_at >= %s AND occurred_at < %s"
MOVE = """
WITH moved AS (DELETE FROM {default} WHERE occurred_at >= %s AND occurred_at < %s RETURNING *)
INSERT INTO {name} SELECT * FROM moved
"""


def is_divided() -> bool:
    """Whether the database has partitions."""
    return connection.vendor == "postgresql"


def month_of(moment: datetime) -> date:
    """The first day of the month of UTC in which a moment lies."""
    return moment.astimezone(UTC).date().replace(day=1)


def following(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def begin(month: date) -> datetime:
    """The moment at which a month of UTC begins."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def name_of(month: date) -> str:
    return f"{TABLE}_y{month:%Y}m{month:%m}"


def list_partitions() -> list[date]:
    """The months that have a partition, the oldest first."""
    if not is_divided():
        return []
    with connection.cursor() as cursor:
        cursor.execute(FIND, [TABLE, DEFAULT])
        return [_read_month(name) for (name,) in cursor.fetchall()]


def is_prepared() -> bool:
    """Whether the table is there, and divided: before its migration nothing is missing."""
    if not is_divided():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [DEFAULT])
        (is_there,) = cursor.fetchone()
    return bool(is_there)


def find_missing_partitions(now: datetime) -> list[date]:
    """The months from this one to those ahead that should have a partition and have none; none on other databases."""
    if not is_prepared():
        return []
    held = set(list_partitions())
    return [month for month in list_months_ahead(now) if month not in held]


def list_months_ahead(now: datetime) -> list[date]:
    months = [month_of(now)]
    for _ in range(MONTHS_AHEAD):
        months.append(following(months[-1]))
    return months


def list_months_around(local_times: Iterable[datetime], now: datetime) -> set[date]:
    """The months of UTC in which local times of any zone may lie, without those of clocks that are wrong."""
    latest = month_of(now)
    earliest = latest.replace(year=latest.year - MONTHS_BACK // 12)
    days = {local.date() for local in local_times if earliest.year - 1 <= local.year <= latest.year + 1}
    middays = [datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in days]
    months = {month_of(midday + shift) for midday in middays for shift in (-A_DAY, A_DAY)}
    return {month for month in months if earliest <= month <= latest}


def create_partitions(months: Collection[date]) -> list[date]:
    """Makes those that are not there; gives the months that it has made. Each in a transaction of its own."""
    if not is_divided():
        return []
    missing = sorted(set(months) - set(list_partitions()))
    return [month for month in missing if try_again(partial(_create, month))]


def try_again(change: Callable[[], Result]) -> Result:
    """Does it, and once more after a pause where others held its locks. Raises OperationalError in the end."""
    for _ in range(ATTEMPTS - 1):
        try:
            return change()
        except OperationalError:
            time.sleep(PAUSE_SECONDS)
    return change()


def _create(month: date) -> bool:
    """Rows of the month that wait in the default partition come along.

    Who writes waits meanwhile, whatever the month: a row that is on its way to the default partition would be refused
    there. So a month that has become large in the default partition stays in it.
    """
    name, bounds = name_of(month), [begin(month), begin(following(month))]
    with change_partitions() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone() != (None,):
            return False
        cursor.execute(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(COUNT, bounds)
        (waiting,) = cursor.fetchone()
        if waiting > MOVED_AT_ONCE:
            logger.warning("month %s has %d texts in the default partition; they stay there", name, waiting)
            return False
        cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} {AS_THE_OTHERS})")
        cursor.execute(MOVE.format(default=DEFAULT, name=name), bounds)
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", bounds)
    return True


def drop_partition(month: date, cursor: CursorWrapper, *, keep: Collection[int]) -> None:
    """Drops a month of texts, within `change_partitions`; those of the entries to `keep` go into the default one."""
    name = name_of(month)
    cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {name}")
    if keep:
        cursor.execute(f"INSERT INTO {TABLE} SELECT * FROM {name} WHERE entry_id = ANY(%s)", [list(keep)])
    cursor.execute(f"DROP TABLE {name}")


@contextmanager
def change_partitions() -> Iterator[CursorWrapper]:
    """A transaction that changes months, one process at a time, and that gives up soon where others hold its locks."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DDL_LOCK])
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        yield cursor
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")


def _read_month(name: str) -> date:
    year, month = name.removeprefix(f"{TABLE}_y").split("m")
    return date(int(year), int(month), 1)
