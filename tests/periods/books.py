"""The books of a shop with little typing: bills, receipts and decisions on given days. Used by tests of closed months.

Times are those of the shop's clock; amounts are texts.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission, User

from reconciliation import decisions
from reconciliation.models import Case, Discrepancy, KindChoice, Period, PeriodEntry, Reason, WriteOffAccount
from reconciliation.period_protocol import Figures, read_figures
from reconciliation.period_readiness import list_open
from reconciliation.periods import acknowledge, close_period
from reconciliation.write_offs import write_off
from shops.models import Bill, Receipt, Shop
from shops.money import ZERO
from tests.factories import find_group, make_person

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)

_numbers = count(1)


def make_chief(name: str = "chief") -> User:
    """Somebody who closes months and opens them again."""
    find_group("Accountants")
    chiefs = import_module("reconciliation.migrations.0020_who_closes_periods")
    chiefs.fill_chief_accountants(Group, Permission)
    person = make_person(name)
    person.groups.add(Group.objects.get(name=chiefs.CHIEF_ACCOUNTANTS))
    return person


@dataclass
class Books:
    """One shop, whose facts are written down as if they had been recorded and judged."""

    shop: Shop
    chief: User
    closed: list[Period] = field(default_factory=list)

    def at(self, text: str) -> datetime:
        """`2026-01-31 23:59` on the shop's clock."""
        return datetime.fromisoformat(text).replace(tzinfo=self.shop.zone)

    def bill(self, total: str, at: str, *, prepayment: str = "0", **fields: Any) -> Bill:
        return Bill.objects.create(
            shop=self.shop,
            external_id=f"b{next(_numbers)}",
            number=fields.pop("number", f"{next(_numbers)}-CRM"),
            issued_at=self.at(at),
            customer_name="Ада Лавлейс",
            total=Decimal(total),
            prepayment=Decimal(prepayment),
            **fields,
        )

    def receipt(self, total: str, at: str, *, bill: Bill | None = None, **fields: Any) -> Receipt:
        moment = self.at(at)
        values: dict[str, Any] = {
            "type": "SELL",
            "printed_at": moment,
            "received_at": moment,
            "informational": False,
            "payment_source": "PAY_CARD",
            "settlement_method": "FullSettlement",
        }
        return Receipt.objects.create(
            shop=self.shop,
            receipt_id=f"r{next(_numbers)}",
            total=Decimal(total),
            tax=0,
            discount=0,
            bill=bill,
            **values | fields,
        )

    def refund(self, total: str, at: str, *, bill: Bill | None = None, **fields: Any) -> Receipt:
        return self.receipt(total, at, bill=bill, type="PAYBACK", **fields)

    def difference(self, bill: Bill, amount: str, at: str, *, kind: str = KindChoice.PARTIAL_RECEIPT) -> Discrepancy:
        """A difference that the judge has found."""
        moment = self.at(at)
        case, _ = Case.objects.get_or_create(
            shop=self.shop, bill=bill, defaults={"judged_at": moment, "judged_as_of": moment}
        )
        return Discrepancy.objects.create(
            case=case,
            shop=self.shop,
            kind=kind,
            amount=Decimal(amount) if kind == KindChoice.PARTIAL_RECEIPT else None,
            evidence=explain_partial(bill, Decimal(amount)) if kind == KindChoice.PARTIAL_RECEIPT else {},
            opened_at=moment,
            changed_at=moment,
        )

    def resolve(self, discrepancy: Discrepancy, at: str, reason: Reason = Reason.WRITTEN_OFF) -> Discrepancy:
        if reason == Reason.WRITTEN_OFF:
            Shop.objects.update(write_off_limit=100_000)  # nobody else is asked
            account = WriteOffAccount.objects.get_or_create(shop=None, code="94", name="Потери")[0]
            write_off(discrepancy, actor=self.chief, account=account, comment="", now=self.at(at))
        else:
            decisions.resolve(discrepancy, actor=self.chief, reason=reason, comment="", now=self.at(at))
        return discrepancy

    def acknowledge_all(self, month: date) -> None:
        for row in list_open(self.shop, month):
            acknowledge(discrepancy=row, month=month, actor=self.chief, now=LONG_AFTER, comment="ждём оплаты")

    def close(self, month: date, *, now: datetime = LONG_AFTER) -> Figures:
        """Closes the month and gives its figures, as they are kept."""
        period = close_period(shop=self.shop, month=month, actor=self.chief, now=now)
        self.closed.append(period)
        period.refresh_from_db()
        return read_figures(period.protocol)


def explain_partial(bill: Bill, amount: Decimal) -> dict[str, Any]:
    """What the judge would say of a bill that was paid in part."""
    unpaid = {"name": "Чай", "price": str(-amount), "quantity": "1", "unpaid_quantity": "1", "unpaid": str(-amount)}
    return {
        "received": str(bill.due + amount),
        "due": str(bill.due),
        "lines": [unpaid],
        "prepaid": "0.00",
        "contents_changed": False,
        "receipts": [],
    }


def show(figures: Figures) -> dict[str, tuple[str, str]]:
    """The lines as a table: of the month, and adjustments of earlier ones."""
    return {
        f"{line.what} {line.payment_source}".strip(): (str(line.month), str(line.adjustments)) for line in figures.lines
    }


def sum_entries(**conditions: object) -> Decimal:
    """What the closed months have counted."""
    entries = PeriodEntry.objects.filter(period__reopened_at=None, **conditions)
    return sum(entries.values_list("amount", flat=True), ZERO)
