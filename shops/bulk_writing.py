"""Writes many rows at once, and finds them: COPY on PostgreSQL, one prepared statement on SQLite. Used by imports
and by the judge.

The ORM makes an object of each row, asks each of its fields for the form of the database, and has the database read a
statement as long as all the rows. Here rows are tuples of values in that form already, in the order of the model's
columns. `insert_plainly` stores the same rows by the ORM; it is what the tests hold `insert` against.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from shops.statements import is_postgresql

Row = tuple[Any, ...]
WriteTime = Callable[[datetime | None], str | None]

TIMES_KEPT = 1 << 14
PLAIN_BATCH_ROWS = 500

RESERVE = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
READ_LAST = "SELECT seq FROM sqlite_sequence WHERE name = %s"
KEEP_LAST = "UPDATE sqlite_sequence SET seq = %s WHERE name = %s"
KEEP_FIRST = "INSERT INTO sqlite_sequence (seq, name) VALUES (%s, %s)"


def insert(model: type[Model], rows: Sequence[Row]) -> None:
    """Stores rows that give a value for every column of the model, within the caller's transaction.

    Raises IntegrityError where one is there already.
    """
    if not rows:
        return
    table, columns = _quote(model._meta.db_table), ", ".join(_column(field) for field in list_fields(model))
    if is_postgresql():
        copy_in = f"COPY {table} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row(row)
        return
    places = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def insert_plainly(model: type[Model], rows: Iterable[Row]) -> None:
    """What `insert` does, by the ORM."""
    names = [field.attname for field in list_fields(model)]
    remaining = iter(rows)
    while batch := list(islice(remaining, PLAIN_BATCH_ROWS)):
        objects = [model(**_read(model, dict(zip(names, row, strict=True)))) for row in batch]
        model._base_manager.bulk_create(objects)


def insert_objects(model: type[Model], objects: Iterable[Model]) -> None:
    """Stores objects that have their primary keys."""
    insert(model, _as_rows(list_fields(model), objects))


def insert_new(model: type[Model], objects: Collection[Model]) -> None:
    """Stores new objects and gives them their primary keys, as `bulk_create` does."""
    for one, key in zip(objects, reserve_ids(model, len(objects)), strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, connection.alias
    insert_objects(model, objects)


def update_objects(model: type[Model], names: Sequence[str], objects: Iterable[Model]) -> None:
    """Changes these fields of rows to what the objects say."""
    fields = [field for field in list_fields(model) if field.name in names]
    key = model._meta.pk
    assert key is not None
    rows = _as_rows([*fields, key], objects)
    if rows:
        changes = ", ".join(f"{_column(field)} = %s" for field in fields)
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {_quote(model._meta.db_table)} SET {changes} WHERE {_column(key)} = %s", rows)


def _as_rows(fields: "Sequence[Field[Any, Any]]", objects: Iterable[Model]) -> list[Row]:
    write_time = choose_time_writer()
    rows = list(map(attrgetter(*(field.attname for field in fields)), objects))
    for index, field in enumerate(fields):
        kind = field.get_internal_type()
        if kind == "DateTimeField":
            rows = [(*row[:index], write_time(row[index]), *row[index + 1 :]) for row in rows]
        elif kind == "JSONField":
            rows = [(*row[:index], json.dumps(row[index]), *row[index + 1 :]) for row in rows]
    return rows


def find_ids(
    model: type[Model], names: tuple[str, str], keys: Collection[tuple[int, str]], where: str = ""
) -> list[int]:
    """The primary keys of the rows that are known by any of these pairs, in their order, in one query.

    `where` is a further condition, in SQL.
    """
    if not keys:
        return []
    first, second = (_column(field) for name in names for field in list_fields(model) if field.attname == name)
    if is_postgresql():
        pairs = "unnest(%s::bigint[], %s::text[]) AS wanted (number, text)"
        arguments: list[Any] = [[number for number, _ in keys], [text for _, text in keys]]
        number, text, join = "wanted.number", "wanted.text", "JOIN"
    else:
        pairs, arguments = "json_each(%s) AS wanted", [json.dumps(list(keys))]
        number, text = "json_extract(wanted.value, '$[0]')", "json_extract(wanted.value, '$[1]')"
        join = "CROSS JOIN"  # from the keys to the rows: SQLite would look through all rows of the shops
    condition = f" AND {where}" if where else ""
    statement = (
        f"SELECT DISTINCT held.id FROM {pairs} {join} {_quote(model._meta.db_table)} AS held"
        f" ON held.{first} = {number} AND held.{second} = {text}{condition} ORDER BY held.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return [key for (key,) in cursor.fetchall()]


def reserve_ids(model: type[Model], count: int) -> Iterator[int]:
    """Primary keys for new rows, which no other writer is given; on SQLite the caller holds the lock to write."""
    if not count:
        return iter(())
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(RESERVE, [table, count])
            return iter([key for (key,) in cursor.fetchall()])
        cursor.execute(READ_LAST, [table])
        held = cursor.fetchone()
        last = held[0] if held else 0
        cursor.execute(KEEP_LAST if held else KEEP_FIRST, [last + count, table])
    return iter(range(last + 1, last + count + 1))


def choose_time_writer() -> WriteTime:
    """Gives the function that writes an aware time as the database has it: SQLite's are of UTC and do not say so."""
    return _write_aware if is_postgresql() else _write_naive


@lru_cache(TIMES_KEPT)
def _write_aware(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment)


@lru_cache(TIMES_KEPT)
def _write_naive(moment: datetime | None) -> str | None:
    return None if moment is None else str(moment.astimezone(UTC).replace(tzinfo=None))


def list_fields(model: type[Model]) -> "list[Field[Any, Any]]":
    """The fields that are columns, in their order, without those that the database reckons by itself."""
    return [field for field in model._meta.concrete_fields if not field.generated]


def _read(model: type[Model], values: dict[str, Any]) -> dict[str, Any]:
    """The values as the ORM has them."""
    for field in list_fields(model):
        value = values[field.attname]
        if field.get_internal_type() == "JSONField":
            values[field.attname] = field.from_db_value(value, None, connection)  # type: ignore[attr-defined]
        elif field.get_internal_type() == "DateTimeField" and value is not None:
            moment = datetime.fromisoformat(value)
            values[field.attname] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return values


def _column(field: "Field[Any, Any]") -> str:
    assert field.column is not None
    return _quote(field.column)


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
