"""The statements that every request of a register asks: written once by each process, and planned once by PostgreSQL.

The ORM takes longer to write such a statement than the database takes to answer it. A `KeptQuery` is a queryset whose
SQL is kept; only its arguments change. The queryset stands beside it, and gives the same rows.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from typing import Any, Generic, TypeVar, cast

import psycopg
from django.db import (
    DEFAULT_DB_ALIAS,
    Error,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    models,
    transaction,
)
from django.db.models.query import get_related_populators
from psycopg.pq import PipelineStatus, TransactionStatus

Row = tuple[Any, ...]
Made = TypeVar("Made")

# A plan is kept for as long as PostgreSQL does not count the rows anew. Made while a table was nearly empty, it would
# read the whole table at every receipt of a first busy hour.
BY_INDEX_ALONE = "SELECT set_config('enable_seqscan', 'off', true)"

PLACE = re.compile("%[s%]")

# Stand in the place of arguments while a statement is written: nothing else in it is like them.
SAMPLES: dict[type, Callable[[int], object]] = {
    str: lambda index: f"?argument {index}?",
    int: lambda index: -1_000_000_007 - index,
}


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def fetch(statement: str, arguments: Sequence[object]) -> list[Row]:
    """The rows of a statement, which PostgreSQL keeps prepared."""
    if is_postgresql():
        rows: list[Row] = send(statement, arguments).fetchall()
        return rows
    with connection.cursor() as cursor:
        cursor.execute(statement, cast(Any, arguments))
        return list(cursor.fetchall())


def send(statement: str, arguments: Sequence[object]) -> psycopg.Cursor[Any]:
    """Sends a prepared statement to PostgreSQL; within a `pipeline`, without waiting for what it gives."""
    wrapper = connections[DEFAULT_DB_ALIAS]
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    wrapper.validate_no_broken_transaction()
    began = time.monotonic()
    with wrapper.wrap_database_errors:
        cursor = psycopg.RawCursor(wrapper.connection)
        cursor.execute(_number_places(statement), arguments, prepare=True)
    if wrapper.queries_logged:
        wrapper.queries_log.append({"sql": statement, "time": f"{time.monotonic() - began:.3f}"})
    return cursor


@cache
def _number_places(statement: str) -> str:
    """The statement with the places of its arguments as PostgreSQL has them: psycopg looks for them at every call."""
    numbers = count(1)
    return PLACE.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", statement)


def fetch_first(statement: str, arguments: Sequence[object]) -> list[Row]:
    """As `fetch`, for the first statement of a request: it finds out by itself whether the connection still lives.

    Asking that beforehand, as Django does, would take as long as the statement.
    """
    if connection.in_atomic_block or connection.connection is None:
        return fetch(statement, arguments)
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        return fetch(statement, arguments)
    except (InterfaceError, OperationalError):
        connection.close()
        return fetch(statement, arguments)


@contextmanager
def pipelined_transaction() -> Iterator[None]:
    """A transaction of PostgreSQL; what is sent within it travels together, its beginning and its end included.

    Only whoever reads a result waits for it; errors of what nobody reads show at the end. No table is read as a whole
    where it has an index. Within a transaction of the caller's it is a savepoint, and reads as that does.

    What a pipeline sends is one transaction of itself; BEGIN and COMMIT are two statements more, a twentieth of a
    receipt's time.
    """
    wrapper = connections[DEFAULT_DB_ALIAS]
    if wrapper.in_atomic_block:
        with transaction.atomic(), wrapper.wrap_database_errors, wrapper.connection.pipeline():
            yield
        return
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    raw = wrapper.connection
    try:
        with wrapper.wrap_database_errors, raw.pipeline(), _undone_on_error(raw):
            send(BY_INDEX_ALONE, ())
            yield
    except BaseException:
        if raw.info.transaction_status != TransactionStatus.IDLE:
            wrapper.close()  # it broke off half-way, and nothing can be asked through it any more
        raise


@contextmanager
def _undone_on_error(raw: "psycopg.Connection[Any]") -> Iterator[None]:
    """Undoes what was sent; where PostgreSQL itself has refused some of it, all of it is undone already."""
    try:
        yield
    except BaseException:
        if raw.pgconn.pipeline_status == PipelineStatus.ON:
            with suppress(Error):  # of a connection that is broken there is nothing to undo
                send("ROLLBACK", ())
        raise


@dataclass
class KeptQuery(Generic[Made]):
    """A queryset that `build` makes of arguments of these types, each of which stands in the statement as it is."""

    build: Callable[..., "models.QuerySet[Any, Made]"]
    types: tuple[type, ...]

    def fetch(self, *arguments: object) -> list[Made]:
        return list(self._make(fetch(self._sql, self._place(arguments))))

    def fetch_first(self, *arguments: object) -> list[Made]:
        """As `fetch`, for the first query of a request."""
        return list(self._make(fetch_first(self._sql, self._place(arguments))))

    @cached_property
    def _compiled(self) -> tuple[Any, str, tuple[object, ...]]:
        samples = self._samples
        compiler = self.build(*samples).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, given = compiler.as_sql()
        assert set(samples) <= set(given), "an argument does not stand in the statement as it is"
        return compiler, sql, given

    @cached_property
    def _samples(self) -> tuple[object, ...]:
        return tuple(SAMPLES[kind](index) for index, kind in enumerate(self.types))

    @property
    def _sql(self) -> str:
        return self._compiled[1]

    def _place(self, arguments: Sequence[object]) -> list[object]:
        assert len(arguments) == len(self.types)
        values = dict(zip(self._samples, arguments, strict=True))
        return [values.get(given, given) for given in self._compiled[2]]

    @cached_property
    def _make(self) -> Callable[[list[Row]], Iterator[Made]]:
        compiler, _, _ = self._compiled
        converters = compiler.get_converters([selected[0] for selected in compiler.select[: compiler.col_count]])

        def convert(rows: list[Row]) -> Any:
            return map(tuple, compiler.apply_converters(rows, converters)) if converters else rows

        if compiler.query.values_select:  # plain values, no rows of a model
            return convert
        return _make_instances(compiler, convert)


def _make_instances(compiler: Any, convert: Callable[[list[Row]], Any]) -> Callable[[list[Row]], Iterator[Any]]:
    """As the ORM makes rows of a model of what comes back, with the related and annotated ones that were selected."""
    info, select = compiler.klass_info, compiler.select
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[start:end]]
    populators = get_related_populators(info, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
    annotations = compiler.annotation_col_map.items()

    def make(rows: list[Row]) -> Iterator[Any]:
        for row in convert(rows):
            instance = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[start:end])
            for populator in populators:
                populator.populate(row, instance)
            for name, place in annotations:
                setattr(instance, name, row[place])
            yield instance

    return make
