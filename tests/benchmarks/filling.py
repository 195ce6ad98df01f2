"""Fills a database quickly with bills and receipts, as crmpos itself would have written them. Used by the benchmarks.

A small shop goes through the real services; its rows are then copied in SQL, every copy with keys and names of its own.
The texts of the journal are not copied: retention leaves a shop like that.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model

from shops import models
from tests.benchmarks.databases import settle
from tests.logs import Json, Line, Log, import_log, line, make_bill, make_receipt

FIRST_SHOP = 101
TEMPLATE_BILLS = 100
WRONG_OF_TEMPLATE = 3
COPIES_AT_ONCE = 500

WARES = ("tea", "cup", "spoon")


@dataclass(frozen=True, slots=True)
class Copied:
    """A table: which columns hold keys of copied tables (theirs move along), and which texts or places are unique."""

    model: type[Model]
    keys: dict[str, type[Model]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)


TABLES = (
    Copied(models.ExchangeEvent, {"answer": models.ExchangeEvent}, names=("bill_external_id",), places=("position",)),
    Copied(
        models.Bill,
        {
            "stated_by": models.ExchangeEvent,
            "listed_by": models.ExchangeEvent,
            "upstream_listed_by": models.ExchangeEvent,
            "opened_by": models.ExchangeEvent,
        },
        names=("external_id", "number"),
    ),
    Copied(models.BillVersion, {"bill": models.Bill, "stated_by": models.ExchangeEvent}),
    Copied(models.BillLine, {"version": models.BillVersion}),
    Copied(models.Receipt, {"bill": models.Bill}, names=("receipt_id", "bill_external_id", "bill_number")),
    Copied(models.ReceiptLine, {"receipt": models.Receipt}),
    Copied(models.ReceiptDelivery, {"receipt": models.Receipt, "event": models.ExchangeEvent}),
)


def fill_with_paid_bills(count: int, *, shops: int = 1) -> list[int]:
    """Shops with about `count` bills of three lines that wait to be judged, each with its receipt; 3 % are wrong.

    Gives the numbers of the shops; each has as many bills.
    """
    numbers = [FIRST_SHOP + number for number in range(shops)]
    import_log(Log().add(*(write_template(number) for number in numbers)))
    multiply(-(-count // (TEMPLATE_BILLS * shops)))
    return numbers


def write_template(shop: int) -> Log:
    log = Log(shop=shop)
    for number in range(TEMPLATE_BILLS):
        lines = [line(ware, 100 + 10 * index + number, 1 + index) for index, ware in enumerate(WARES)]
        bill = make_bill(str(1000 + number), lines)
        log.ask_bill(bill, at=f"10:{number // 60:02}:{number % 60:02}")
        log.deliver(_write_receipt(shop, number, lines, bill), at=f"10:{10 + number // 60:02}:{number % 60:02}")
    return log


def _write_receipt(shop: int, number: int, lines: list[Line], bill: Json) -> Json:
    """Two of three lines, a higher price and a discount are what is wrong with the first ones."""
    store = f"store {shop}"  # one that two shops name is wrong, too
    wrong: tuple[Callable[[], list[Line]], ...] = (
        lambda: lines[:2],
        lambda: [line(WARES[0], lines[0].price + 5), *lines[1:]],
        lambda: [line(WARES[0], lines[0].price, discount=Decimal("7.50")), *lines[1:]],
    )
    assert len(wrong) == WRONG_OF_TEMPLATE
    return make_receipt(f"R{number}", wrong[number]() if number < len(wrong) else lines, bill, storeId=store)


def multiply(times: int, tables: Iterable[Copied] = TABLES) -> None:
    """Copies what stands in the tables until it is there `times` as often."""
    tables = list(tables)
    spans = {copied.model: _read_span(copied.model) for copied in tables}
    for begin in range(1, times, COPIES_AT_ONCE):
        end = min(begin + COPIES_AT_ONCE, times)
        with transaction.atomic(), connection.cursor() as cursor:
            for copied in tables:
                cursor.execute(_write_copy(copied, spans), [end, begin, spans[copied.model]])
    with connection.cursor() as cursor:
        for copied in tables:
            for statement in connection.ops.sequence_reset_sql(no_style(), [copied.model]):
                cursor.execute(statement)
    settle()


def _read_span(model: type[Model]) -> int:
    """By how much the keys of a copy are above those of the one before."""
    return model._default_manager.aggregate(last=Max("pk"))["last"] or 1


def _write_copy(copied: Copied, spans: dict[type[Model], int]) -> str:
    columns, values = [], []
    for one in copied.model._meta.concrete_fields:
        column = connection.ops.quote_name(str(one.column))
        columns.append(column)
        if one.primary_key:
            value = f"{column} + copy * {spans[copied.model]}"
        elif one.name in copied.keys:
            value = f"{column} + copy * {spans[copied.keys[one.name]]}"
        elif one.name in copied.names:
            value = f"CASE WHEN {column} = '' THEN '' ELSE {column} || '-' || copy END"
        elif one.name in copied.places:
            value = f"{column} + copy * {spans[copied.model]}"
        else:
            value = column
        values.append(value)
    return (
        f"WITH RECURSIVE copies(copy, last) AS (SELECT 0, %s UNION ALL SELECT copy + 1, last FROM copies"
        f" WHERE copy + 1 < last) INSERT INTO {copied.table} ({', '.join(columns)})"
        f" SELECT {', '.join(values)} FROM copies CROSS JOIN {copied.table}"
        f" WHERE copy >= %s AND id <= %s ORDER BY copy, id"
    )
