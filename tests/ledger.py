"""Cases of the rules as an accountant would write them down. Used by tests.

    bill 1000 prepayment=300                    what the CRM asks for; without lines its contents are unknown
        tea      100 × 7                        product, price × quantity
        cup      300 × 1  rate=5%
    receipt R1 700                              what the register took; `payback R2 700` gives it back
        tea      90 × 7  discount=10 = 620      the sum is price × quantity less the discount unless it is written
    judged 12:00                                the time of the judgement
    finds
        price_mismatch -70.00                   every finding, and nothing else

A product written "tea" (in quotes) has a name and no id. Times are hours of one day; receipts are printed, received and
answered a minute apart from 10:01 on unless they say otherwise; a time beyond 24:00 is the next day's.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciliation.rules.facts import Case, Message
from reconciliation.rules.findings import Judgement
from reconciliation.rules.judge import judge
from shops.money import ZERO, multiply, tax_inside
from shops.payment.values import PAYBACK, SELL, Bill, BillLine, Moment, Receipt, ReceiptLine

DAY = datetime(2026, 3, 25, tzinfo=UTC)
NOTHING = "nothing"

Found = dict[str, Decimal | None]


@dataclass
class Ledger:
    """A parsed ledger: the case, when it is judged, and what is to be found."""

    case: Case = field(default_factory=Case)
    now: datetime = DAY + timedelta(hours=12)
    expected: Found = field(default_factory=dict)

    @property
    def judgement(self) -> Judgement:
        return judge(self.case, self.now)

    @property
    def found(self) -> Found:
        """The findings by their kinds; a kind that is found twice fails here."""
        findings = self.judgement.findings
        found = {finding.kind.value: finding.amount for finding in findings}
        assert len(found) == len(findings)
        return found


def read_ledger(text: str) -> Ledger:
    ledger = Ledger()
    section = ""
    for line in filter(str.strip, text.splitlines()):
        words = line.split()
        if words[0] in SECTIONS and words[1:2] != ["×"]:
            section = words[0]
            SECTIONS[section](ledger, words[1:])
        elif section == "finds":
            ledger.expected |= {} if words == [NOTHING] else {words[0]: Decimal(words[1]) if words[1:] else None}
        elif section == "bill":
            assert ledger.case.bill is not None
            bill_line, paid_marks = _read_bill_line(line)
            lines = (*(ledger.case.bill.lines or ()), bill_line)
            ledger.case = replace(
                ledger.case,
                bill=replace(ledger.case.bill, lines=lines),
                paid_marks=(*ledger.case.paid_marks, *paid_marks),
            )
        else:
            *others, receipt = ledger.case.receipts
            receipt = replace(receipt, lines=(*receipt.lines, _read_receipt_line(line)))
            ledger.case = replace(ledger.case, receipts=(*others, receipt))
    return ledger


def clock(text: str) -> datetime:
    """`10:05`, or `10:05:30`, of the day."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def _read_options(words: list[str]) -> dict[str, str]:
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def _read_bill(ledger: Ledger, words: list[str]) -> None:
    options = _read_options(words[1:])
    listed_at = options.get("listed_at")
    bill = Bill(
        external_id="1",
        number=options.get("number", ""),
        issued_at=clock(options["date"]) if "date" in options else None,
        customer_name=options.get("customer", ""),
        customer_taxpayer_number=options.get("inn", ""),
        total=Decimal(words[0]),
        prepayment=Decimal(options.get("prepayment", 0)),
        lines=() if "empty" in options else None,
        listed_total=Decimal(options["listed"]) if "listed" in options else None,
        listed=Moment(clock(listed_at), 0) if listed_at else None,
        opened_at=clock(options["opened"]) if "opened" in options else None,
    )
    unanswered = (Message("BILL", True, clock(options["unanswered"])),) if "unanswered" in options else ()
    ledger.case = replace(ledger.case, bill=bill, unanswered=unanswered)


def _read_receipt(kind: str) -> Any:
    def read(ledger: Ledger, words: list[str]) -> None:
        options = _read_options(words[2:])
        printed = options.get("printed", f"10:{len(ledger.case.receipts) + 1:02}")
        received = options.get("received", printed)
        receipt = Receipt(
            receipt_id=words[0],
            type=kind,
            printed_at=clock(printed),
            received_at=clock(received),
            answered=Moment(clock(options.get("answered", received)), 0),
            total=Decimal(words[1]),
            lines=(),
            discount=Decimal(options.get("discount", 0)),
            informational="informational" in options,
            settlement_method=options.get("method", ""),
            bill_id=options.get("bill", ""),
            bill_number=options.get("number", ""),
            bill_issued_at=clock(options["date"]) if "date" in options else None,
            customer_name=options.get("customer", ""),
            customer_taxpayer_number=options.get("inn", ""),
            number_belongs_to=options.get("number_of", ""),
            content_modified="modified" in options,
            store_shop=int(options["store_of_shop"]) if "store_of_shop" in options else None,
            other_contents_count=int(options.get("other_contents", 0)),
        )
        ledger.case = replace(ledger.case, receipts=(*ledger.case.receipts, receipt))

    return read


def _read_message(ledger: Ledger, words: list[str]) -> None:
    options = _read_options(words[1:])
    message = Message(
        kind=words[0],
        is_request="answer" not in options,
        occurred_at=clock(options["at"]),
        answered="answered" in options,
        fault=options.get("fault", ""),
    )
    ledger.case = replace(ledger.case, message=message)


def _read_now(ledger: Ledger, words: list[str]) -> None:
    ledger.now = clock(words[0])


LINE = re.compile(
    r'\s*(?:"(?P<name>[^"]*)"|(?P<product>\S+))\s+(?P<price>\S+) × (?P<quantity>\S+)(?P<options>(?: +\w+=\S+)*)'
    r"(?: +=\s+(?P<total>\S+))?\s*"
)


def _read_line(line: str) -> tuple[dict[str, Any], dict[str, str], str | None]:
    match = LINE.fullmatch(line)
    assert match, f"no line of a bill or a receipt: {line!r}"
    values = {
        "product_id": match["product"] or "",
        "name": match["name"] or match["product"],
        "price": Decimal(match["price"]),
        "quantity": Decimal(match["quantity"]),
    }
    return values, _read_options(match["options"].split()), match["total"]


def _read_bill_line(line: str) -> tuple[BillLine, tuple[tuple[str, tuple[str, ...]], ...]]:
    """A line, and its marking code with the other bill that has it."""
    values, options, _ = _read_line(line)
    mark = options.get("mark", "").encode().decode("unicode_escape")
    paid_marks = ((mark, (options["also_on_bill"],)),) if "also_on_bill" in options else ()
    return BillLine(**values, tax_rate=options.get("rate", ""), mark=mark), paid_marks


def _read_receipt_line(line: str) -> ReceiptLine:
    values, options, written_total = _read_line(line)
    discount = Decimal(options.get("discount", 0))
    total = Decimal(written_total) if written_total else multiply(values["price"], values["quantity"]) - discount
    rate = Decimal(options.get("rate", "0").removesuffix("%"))
    tax = Decimal(options["tax"]) if "tax" in options else tax_inside(total, rate) if rate else ZERO
    return ReceiptLine(**values, discount=discount, total=total, tax=tax, tax_percent=rate)


SECTIONS: dict[str, Any] = {
    "bill": _read_bill,
    "receipt": _read_receipt(SELL),
    "payback": _read_receipt(PAYBACK),
    "purchase": _read_receipt("BUY"),
    "message": _read_message,
    "judged": _read_now,
    "finds": lambda ledger, words: None,
}
