"""Rules of the house with little typing, the chief accountant who makes them, and documents that they fit."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from django.contrib.auth.models import Group, Permission, User

from reconciliation.house_rules.making import make_rule
from reconciliation.models import Discrepancy, HouseRule, Reason, WriteOffAccount
from shops.models import Bill, Shop
from tests.factories import find_group, make_person
from tests.logs import Log, import_log, line, make_bill, make_receipt, read_clock, reconcile

NOW = datetime(2026, 3, 26, 9, tzinfo=UTC)
CHIEF = "Chief accountants"


def make_chief(name: str = "chief") -> User:
    find_group("Accountants")
    if not Group.objects.filter(name=CHIEF).exists():
        import_module("reconciliation.migrations.0016_groups_keep_house_rules").fill_groups(Group, Permission)
    return make_person(name, CHIEF)


def make_account(name: str = "Округление", shop: Shop | None = None) -> WriteOffAccount:
    return WriteOffAccount.objects.get_or_create(shop=shop, code="91.02", name=name)[0]


def rounding(name: str = "Копейки", **terms: Any) -> HouseRule:
    """Not saved: another price, up to 1.00: written off as rounding."""
    writes_off = terms.get("reason", Reason.WRITTEN_OFF) == Reason.WRITTEN_OFF
    usual = {
        "kinds": ["price_mismatch"],
        "amount_up_to": "1.00",
        "outcome": "resolve",
        "reason": Reason.WRITTEN_OFF,
        "write_off_account": make_account() if writes_off else None,
    }
    rule = HouseRule(name=name, **(usual | terms))
    rule.clean_fields(exclude=["position", "made_by", "made_at", "changed_by", "changed_at"])
    return rule


def handing_over(assignee: User, name: str = "Магазин на Лесной", **terms: Any) -> HouseRule:
    """Not saved: everything goes to `assignee`."""
    return HouseRule(name=name, outcome="assign", assignee=assignee, **terms)


def put_in_force(rule: HouseRule, actor: User) -> HouseRule:
    return make_rule(rule, actor=actor, now=NOW)


TEA = line("tea", 100)


def sell(log: Log, bill_id: str, *, at_price: str, receipt_id: str = "", **fields: Any) -> None:
    """Bill of 100.00, whose tea goes at another price."""
    bill = make_bill(bill_id, [TEA])
    log.ask_bill(bill)
    log.deliver(make_receipt(receipt_id or f"r-{bill_id}", [line("tea", at_price)], bill, **fields))


def sell_for(price: str, bill_id: str = "501", **fields: Any) -> Discrepancy:
    """The one discrepancy of one bill of 100.00 that was paid with `price`, judged."""
    log = Log(now=read_clock("10:00") + timedelta(minutes=10 * Bill.objects.count()))
    sell(log, bill_id, at_price=price, **fields)
    import_log(log)
    reconcile()
    return Discrepancy.objects.get(case__bill__external_id=bill_id)


def correct_bill(bill_id: str, price: str, at: str = "13:00") -> None:
    """The CRM states another price for the tea, and the bill is judged again."""
    log = Log(now=read_clock(at))
    log.ask_bill(make_bill(bill_id, [line("tea", price)]))
    import_log(log)
    reconcile(as_of=at)


def history(discrepancy: Discrepancy) -> list[tuple[str, str, str, str]]:
    """Action, actor, rule and the status that it led to."""
    columns = ("action", "actor__username", "rule__name", "to_status")
    steps = discrepancy.steps.order_by("pk").values_list(*columns)
    return [(action, actor or "", rule or "", status) for action, actor, rule, status in steps]
