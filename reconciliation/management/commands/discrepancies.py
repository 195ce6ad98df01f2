"""`manage.py discrepancies`: prints discrepancies for a person or a program."""

import json
from argparse import ArgumentTypeError
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser

from reconciliation.models import KindChoice, Status
from reconciliation.querying import UNRESOLVED, DiscrepancyFilter, DiscrepancyRow, read_rows
from shops.management.arguments import parse_time
from shops.management.base import DatabaseCommand
from shops.money import parse_amount
from shops.spreadsheets import write_rows

TABLE_COLUMNS = ("shop", "bill", "receipt", "kind", "amount", "status", "explanation")
ALL = "all"


class Command(DatabaseCommand):
    help = "Prints the discrepancies that are not resolved, or those that the filters name."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
        parser.add_argument("--shop", type=int, metavar="NUMBER")
        parser.add_argument("--kind", action="append", choices=KindChoice.values, default=[], help="may be repeated")
        parser.add_argument(
            "--status",
            action="append",
            choices=(*Status.values, ALL),
            default=[],
            help="may be repeated; without it all that are not resolved",
        )
        parser.add_argument("--bill", metavar="ID")
        parser.add_argument("--receipt", metavar="ID")
        parser.add_argument("--amount-from", type=_amount, metavar="AMOUNT")
        parser.add_argument("--amount-to", type=_amount, metavar="AMOUNT")
        parser.add_argument("--opened-since", type=parse_time, metavar="TIME")

    def handle(
        self,
        *args: Any,
        shop: int | None,
        kind: list[str],
        status: list[str],
        bill: str | None,
        receipt: str | None,
        amount_from: Decimal | None,
        amount_to: Decimal | None,
        opened_since: datetime | None,
        **options: Any,
    ) -> None:
        wanted = DiscrepancyFilter(
            shop_number=shop,
            kinds=kind,
            statuses=() if ALL in status else status or UNRESOLVED,
            bill=bill,
            receipt=receipt,
            amount_from=amount_from,
            amount_to=amount_to,
            opened_since=opened_since,
        )
        rows = read_rows(wanted.select())
        write = {"json": self._write_json, "csv": self._write_csv, "table": self._write_table}[options["format"]]
        write(rows)

    def _write_json(self, rows: Iterable[DiscrepancyRow]) -> None:
        """An array with one row a line, written as it is read."""
        separator = "[\n"
        for row in rows:
            self.stdout.write(separator + json.dumps(asdict(row), ensure_ascii=False), ending="")
            separator = ",\n"
        self.stdout.write("[]" if separator == "[\n" else "\n]")

    def _write_csv(self, rows: Iterable[DiscrepancyRow]) -> None:
        header = [field.name for field in fields(DiscrepancyRow)]
        for _row in write_rows(self.stdout, header, (list(asdict(row).values()) for row in rows)):
            pass

    def _write_table(self, rows: Iterable[DiscrepancyRow]) -> None:
        table = [TABLE_COLUMNS, *(_cells(row) for row in rows)]
        widths = [max(len(cells[index]) for cells in table) for index in range(len(TABLE_COLUMNS) - 1)]
        for cells in table:
            padded = [
                cell.rjust(width) if name == "amount" else cell.ljust(width)
                for name, cell, width in zip(TABLE_COLUMNS, cells, widths, strict=False)
            ]
            self.stdout.write("  ".join([*padded, cells[-1]]))


def _cells(row: DiscrepancyRow) -> tuple[str, ...]:
    return tuple("" if (value := getattr(row, name)) is None else str(value) for name in TABLE_COLUMNS)


def _amount(text: str) -> Decimal:
    try:
        return parse_amount(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no amount. Write it like -31040.00.") from None
