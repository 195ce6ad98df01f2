"""Rows for tests that need particular ones, and the cast of people. Each function makes the least that is valid."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from itertools import count
from pathlib import Path

from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from reconciliation.case_index import JudgedFacts, write_case_index
from reconciliation.loading import load_bill_cases
from reconciliation.models import (
    Case,
    Discrepancy,
    DiscrepancyStep,
    KindChoice,
    Status,
    WriteOffAccount,
)
from reconciliation.rules.judge import judge
from shops.models import (
    Bill,
    BillLine,
    BillVersion,
    Employee,
    ExchangeEvent,
    JournalFragment,
    Membership,
    Product,
    Receipt,
    ReceiptDelivery,
    ReceiptLine,
    Shop,
    Store,
    Terminal,
)
from shops.roles import GROUP_OF_ROLE

SAMPLE = Path(__file__).parents[1] / "crmpos" / "samples" / "exchange-log.txt"
SAMPLE_AS_OF = "2026-03-25T17:30:00+03:00"
NOON = datetime(2026, 3, 25, 12, tzinfo=UTC)

_numbers = count(1)


def import_sample() -> None:
    """The journal of three shops, recorded and judged."""
    call_command("import_exchange_log", str(SAMPLE), stdout=io.StringIO(), stderr=io.StringIO())
    call_command("reconcile", as_of=datetime.fromisoformat(SAMPLE_AS_OF), stdout=io.StringIO(), stderr=io.StringIO())


def find_group(name: str) -> Group:
    """A group of those that the program makes itself, made again where a test that commits has emptied the tables."""
    if not Group.objects.filter(name=name).exists():
        import_module("reconciliation.migrations.0002_groups").fill_groups(Group, Permission)
        import_module("reconciliation.migrations.0026_people_belong_to_shops").fill_owners(Group, Permission)
        import_module("reconciliation.migrations.0038_owners_act").fill_groups(Group, Permission)
        import_module("reconciliation.migrations.0041_owners_erase_customers").fill_groups(Group, Permission)
        writing_off = Permission.objects.get(codename="write_off_discrepancy")
        Group.objects.get(name="Accountants").permissions.add(writing_off)
    return Group.objects.get(name=name)


def make_person(name: str, group: str = "", *, shop: Shop | None = None) -> User:
    """Somebody who may enter the admin and has that group's role in the shop, or in all shops.

    Without a group the role allows nothing by itself: the test gives the person permissions of their own.
    """
    person = User.objects.create_user(name, password="a long password", is_staff=True)
    join_shop(person, group, shop)
    return person


def join_shop(person: User, group: str = "", shop: Shop | None = None) -> Membership:
    """The role of that group in the shop, or in all shops; the group is made again where it is gone."""
    role = next((role for role, name in GROUP_OF_ROLE.items() if name == group), Membership.Role.OWN_GROUPS)
    if group:
        find_group(group)
    return Membership.objects.create(person=person, shop=shop, role=role)


def make_accountant(name: str = "accountant") -> User:
    return make_person(name, "Accountants")


def make_account(name: str = "Недостача в кассе", *, code: str = "94", shop: Shop | None = None) -> WriteOffAccount:
    """A place to write differences off to; without a shop it serves all of them."""
    return WriteOffAccount.objects.get_or_create(name=name, code=code, shop=shop)[0]


def make_shop(number: int) -> Shop:
    return Shop.objects.create(number=number, name=f"Shop {number}")


def make_event(
    shop: Shop,
    *,
    kind: str = "BILL",
    direction: str = "request",
    body: str = "{}",
    answer: ExchangeEvent | None = None,
    at: datetime = NOON,
) -> ExchangeEvent:
    number = next(_numbers)
    event = ExchangeEvent(
        shop=shop,
        kind=kind,
        direction=direction,
        occurred_at=at,
        position=number,
        answer=answer,
        digest=str(number),
    )
    event.body = body
    event.save(force_insert=True)
    return event


def make_bill(shop: Shop, *, total: str = "100.00") -> Bill:
    """A bill of one line."""
    number = next(_numbers)
    bill = Bill.objects.create(
        shop=shop,
        external_id=str(number),
        number=f"{number}-CRM",
        issued_at=NOON,
        customer_name="Ада Лавлейс",
        total=Decimal(total),
        version=1,
    )
    version = BillVersion.objects.create(
        bill=bill,
        sequence=1,
        stated_by=make_event(shop, direction="answer"),
        total=bill.total,
        prepayment=0,
        prepayment_enabled=False,
    )
    BillLine.objects.create(
        version=version, position=0, product_external_id="1", name="Чай", price=bill.total, quantity=1, tax_rate="5%"
    )
    return bill


def make_receipt(bill: Bill, *, total: str = "100.00") -> Receipt:
    """A sale of the bill's line, delivered and answered."""
    shop, number = bill.shop, next(_numbers)
    store = Store.objects.create(shop=shop, evotor_id=f"store {number}")
    receipt = Receipt.objects.create(
        shop=shop,
        receipt_id=f"receipt {number}",
        type="SELL",
        printed_at=NOON,
        received_at=NOON,
        total=Decimal(total),
        tax=0,
        discount=0,
        informational=False,
        payment_source="PAY_CARD",
        settlement_method="FullSettlement",
        store=store,
        terminal=Terminal.objects.create(shop=shop, store=store, evotor_id=f"terminal {number}"),
        employee=Employee.objects.create(shop=shop, evotor_id=f"employee {number}"),
        bill=bill,
        bill_external_id=bill.external_id,
    )
    ReceiptLine.objects.create(
        receipt=receipt,
        position=0,
        product_external_id="1",
        name="Чай",
        price=Decimal(total),
        quantity=1,
        discount=0,
        total=Decimal(total),
        tax=0,
        tax_percent=0,
    )
    event = make_event(shop, kind="RECEIPT", answer=make_event(shop, kind="RECEIPT", direction="answer"))
    ReceiptDelivery.objects.create(receipt=receipt, event=event)
    return receipt


def make_discrepancy(bill: Bill, *, amount: str = "-60.00", assignee: User | None = None) -> Discrepancy:
    """A bill that was paid in part, as the judge would have left it."""
    due, difference = bill.total, Decimal(amount)
    case = Case.objects.create(
        shop=bill.shop, bill=bill, due=due, received=due + difference, gap=difference, judged_at=NOON, judged_as_of=NOON
    )
    facts = load_bill_cases([bill.pk])[bill.pk]
    write_case_index([JudgedFacts(case, facts, judge(facts, NOON))])
    evidence = {
        "received": str(due + difference),
        "due": str(due),
        "lines": [
            {"name": "Чай", "price": str(due), "quantity": "1", "unpaid_quantity": "1", "unpaid": str(-difference)}
        ],
        "prepaid": "0.00",
        "contents_changed": False,
        "receipts": [],
    }
    discrepancy = Discrepancy.objects.create(
        case=case,
        shop=case.shop,
        kind=KindChoice.PARTIAL_RECEIPT,
        amount=difference,
        evidence=evidence,
        assignee=assignee,
        opened_at=NOON,
        changed_at=NOON,
    )
    DiscrepancyStep.objects.create(
        discrepancy=discrepancy,
        at=NOON,
        action=DiscrepancyStep.Action.OPENED,
        to_status=Status.OPEN,
        amount=difference,
    )
    return discrepancy


def make_product(shop: Shop) -> Product:
    number = next(_numbers)
    return Product.objects.create(
        shop=shop, external_id=str(number), name=f"Чай {number}", price=Decimal("10.00"), last_seen_at=NOON
    )


def make_fragment(above: ExchangeEvent) -> JournalFragment:
    number = next(_numbers)
    return JournalFragment.objects.create(
        text=b"not of the log", source="log.txt", line_number=number, above=above, digest=str(number)
    )


def make_one_of_everything(number: int, assignee: User | None = None) -> Discrepancy:
    """A shop with a row in every list of the admin."""
    shop = make_shop(number)
    bill = make_bill(shop)
    make_receipt(bill, total="40.00")
    make_product(shop)
    make_fragment(make_event(shop))
    return make_discrepancy(bill, assignee=assignee)
