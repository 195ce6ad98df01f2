"""Writes exchange logs with little typing, and takes them through the commands. Used by tests.

    log = Log()
    bill = make_bill("501", [line("tea", 100, 2), line("cup", 300)])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [line("tea", 100, 2)], bill))
    assert judge(log) == {("501", None, "partial_receipt", "-300.00")}

Everything happens on one day, in Moscow time, a minute after what stands before it unless `at` says otherwise; answers
come a second after their requests. What is not said is as it should be.
"""

import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management import call_command

from shops.money import ZERO, multiply, tax_inside
from shops.wire_writer import write_text

DAY = datetime(2026, 3, 25)
MOSCOW = "+03:00"
NOON = "12:00"

Row = tuple[str | None, str | None, str, str | None]  # bill, receipt, kind, amount
Json = dict[str, Any]
Number = int | str | Decimal


# --- documents -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a bill or of a receipt; `total` and `tax` are right unless they are given."""

    product: str
    price: Decimal
    quantity: Decimal
    rate: Decimal
    discount: Decimal
    total: Decimal
    tax: Decimal
    mark: str
    goods_type: str


def line(
    product: str,
    price: Number,
    quantity: Number = 1,
    *,
    rate: Number = 5,
    discount: Number = 0,
    total: Number | None = None,
    tax: Number | None = None,
    mark: str = "",
    goods_type: str = "NORMAL",
) -> Line:
    price, quantity, rate, discount = Decimal(price), Decimal(quantity), Decimal(rate), Decimal(discount)
    total = multiply(price, quantity) - discount if total is None else Decimal(total)
    tax = tax_inside(total, rate) if tax is None else Decimal(tax)
    return Line(product, price, quantity, rate, discount, total, tax, mark, goods_type)


def make_bill(bill_id: str, lines: Sequence[Line], *, total: Number | None = None, **fields: Any) -> Json:
    """A BILL answer. `fields` stand in the place of what is written usually."""
    customer = fields.pop("customer", "Полина Вымышленная")
    return {
        "id": int(bill_id) if bill_id.isdigit() else bill_id,
        "date": "2026-03-25 09:00:00",
        "summ": sum((line.total for line in lines), ZERO) if total is None else Decimal(total),
        "number": f"{bill_id}-CRM",
        "customer": {"id": 17, **_customer(customer)},
        "products": [_bill_line(line) for line in lines],
        "prepayment": 0,
        "prepaymentEnable": True,
    } | fields


def make_listed(bill: Json, **fields: Any) -> Json:
    """The bill as LIST offers it."""
    listed = {key: bill[key] for key in ("id", "date", "summ", "number")}
    return listed | {"customername": bill["customer"]["name"].strip()} | fields


def make_receipt(
    receipt_id: str, lines: Sequence[Line], bill: Json | None = None, *, extras: Json | None = None, **fields: Any
) -> Json:
    """What `data` of an event holds; `dateTime` is that of its first delivery unless it is given."""
    return {
        "id": receipt_id,
        "type": "SELL",
        "items": [_receipt_line(line) for line in lines],
        "extras": (_extras(bill) if bill else {}) | (extras or {}),
        "shiftId": "1",
        "storeId": "store",
        "deviceId": "device",
        "totalTax": sum((line.tax for line in lines), ZERO),
        "infoCheck": False,
        "employeeId": "employee",
        "totalAmount": sum((line.total for line in lines), ZERO),
        "paymentSource": "PAY_CARD",
        "totalDiscount": sum((line.discount for line in lines), ZERO),
    } | fields


def _customer(name: str) -> Json:
    written = {"inn": "", "kpp": "", "reg": "", "name": f"{name} ", "okpo": "", "fullname": f"{name} "}
    return {**written, "legalentity": False}


def _extras(bill: Json) -> Json:
    return {
        "date": bill["date"],
        "billId": str(bill["id"]),
        "number": bill["number"],
        "customer": {key: value for key, value in bill["customer"].items() if key != "id"},
        "prepayment": bill["prepayment"],
        "contentModified": False,
        "settlementMethod": "FullSettlement",
    }


def _bill_line(line: Line) -> Json:
    return {
        "id": line.product,
        **({"mark": line.mark} if line.mark else {}),
        "type": line.goods_type,
        "price": line.price,
        "taxrate": f"{line.rate}%",
        "itemType": 1,
        "prodname": line.product,
        "quantity": line.quantity,
        "unitname": "шт",
    }


def _receipt_line(line: Line) -> Json:
    return {
        "id": line.product,
        "tax": line.tax,
        "name": line.product,
        "price": line.price,
        "discount": line.discount,
        "itemType": line.goods_type,
        "quantity": line.quantity,
        "sumPrice": line.total,
        "costPrice": 0,
        "taxPercent": line.rate,
        "measureName": "шт",
    }


# --- the journal ---------------------------------------------------------------------------------------------


@dataclass
class Log:
    """A log of one shop or of several, written from its oldest entry to its newest."""

    shop: int = 7
    now: datetime = DAY + timedelta(hours=10)
    entries: list[tuple[datetime, bytes]] = field(default_factory=list)
    deliveries: int = 0

    def ask_list(self, *bills: Json, at: str = "", number: str = "", **how: Any) -> None:
        """LIST: the bills are those that the answer offers."""
        query = {"q": "/api/v2/list"} | ({"number": number} if number else {})
        self._exchange("LIST", write_request(query), write_text(list(bills)), at, **how)

    def ask_bill(self, bill: Json, *, at: str = "", **how: Any) -> None:
        bill_id = str(bill["id"])
        request = write_request({"q": f"/api/v2/bill/byid/{bill_id}", "id": bill_id})
        self._exchange("BILL", request, write_text(bill), at, **how)

    def deliver(self, *receipts: Json, at: str = "", **how: Any) -> None:
        """RECEIPT: one event, or an array of them where there are several receipts."""
        self._move_on(at)
        events = [self._event(receipt) for receipt in receipts]
        body = write_text(events[0] if len(events) == 1 else events)
        self._exchange("RECEIPT", write_request({"q": "/api/v2/receipts"}, body), "", clock(self.now), **how)

    def say(self, kind: str, direction: str, body: str, *, at: str = "") -> None:
        """One entry with any body; `direction` is `Запрос` or `Ответ`."""
        self._move_on(at)
        self._write(kind, direction, body)

    def write(self) -> bytes:
        """The log, newest first."""
        return b"\n".join(text for _, text in reversed(self.entries))

    def add(self, *others: "Log") -> "Log":
        """One log of several, in the order of time."""
        entries = [entry for log in (self, *others) for entry in log.entries]
        return Log(entries=sorted(entries, key=lambda entry: entry[0]))

    def _event(self, receipt: Json) -> Json:
        self.deliveries += 1
        printed_at = (self.now - timedelta(hours=3, seconds=2)).isoformat()
        receipt.setdefault("dateTime", f"{printed_at}.000Z")
        event = {"id": f"event {self.deliveries}", "data": receipt, "type": "ReceiptCreated"}
        return event | {"userId": "01-000000000000007", "version": 2, "timestamp": 1774420000000}

    def _exchange(
        self, kind: str, request: str, answer: str, at: str, *, answered: bool = True, after_seconds: int = 1
    ) -> None:
        self._move_on(at)
        self._write(kind, "Запрос", request)
        if answered:
            self.now += timedelta(seconds=after_seconds)
            self._write(kind, "Ответ", answer)

    def _move_on(self, at: str) -> None:
        self.now = read_clock(at) if at else self.now + timedelta(minutes=1)

    def _write(self, kind: str, direction: str, body: str) -> None:
        end = f"{body} |" if body else "|"
        self.entries.append((self.now, f"| {self.now} | {self.shop} | {direction} ({kind}) | {end}".encode()))


def write_request(query: Json, body: str = "null") -> str:
    return f'{{\n"get": {write_text(query)},\n"body": {body},\n"post": [],\n"headers": {{}}\n}}'


def read_clock(text: str) -> datetime:
    """`10:05` or `10:05:30` of the day; from `24:00` on of the next."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def clock(time: datetime) -> str:
    return f"{(time - DAY) // timedelta(hours=1)}:{time:%M:%S}"


# --- the way through -----------------------------------------------------------------------------------------


def judge(log: Log | bytes, *, as_of: str = NOON) -> set[Row]:
    """Imports and reconciles the log, and gives the discrepancies that are not resolved."""
    import_log(log)
    return reconcile(as_of)


def import_log(log: Log | bytes) -> tuple[str, str]:
    """What the command says on standard output and on standard error."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.txt"
        path.write_bytes(log if isinstance(log, bytes) else log.write())
        return run("import_exchange_log", str(path))


def reconcile(as_of: str = NOON, **options: Any) -> set[Row]:
    run("reconcile", f"--as-of={read_clock(as_of).isoformat()}{MOSCOW}", **options)
    rows = read_discrepancies()
    found = [(row["bill"], row["receipt"], row["kind"], row["amount"]) for row in rows]
    assert all(found.count(row) == 1 for row in found if row[:2] != (None, None))  # messages have no name here
    return set(found)


def read_discrepancies(*arguments: str) -> list[Json]:
    output, _ = run("discrepancies", "--format=json", *arguments)
    rows: list[Json] = json.loads(output)
    return rows


def export_log() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.txt"
        run("export_exchange_log", f"--output={path}")
        return path.read_bytes()


def run(command: str, *arguments: str, **options: Any) -> tuple[str, str]:
    output, errors = io.StringIO(), io.StringIO()
    call_command(command, *arguments, stdout=output, stderr=errors, **options)
    return output.getvalue(), errors.getvalue()
