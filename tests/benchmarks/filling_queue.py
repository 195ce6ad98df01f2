"""Fills the database with discrepancies as accountants would meet them, and says what they ask of the queue.

Bills, receipts, cases and discrepancies are written in SQL, one of each per row, as the judge would leave them.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import NOT_PROVIDED, JSONField

from reconciliation import models as judged
from reconciliation.rules.kinds import KINDS, MONETARY
from shops import models as facts
from tests.benchmarks.databases import settle

START = datetime(2026, 1, 1, tzinfo=UTC)
PLACES_OF_SHOP, RESOLVED_OF_TEN = 4, 7
ROWS_OF_FAR_PAGE = 20_000  # in so many rows an accountant of one shop of fifty has another page
PAYMENTS = ("PAY_CARD", "PAY_CARD", "PAY_CARD", "PAY_CASH", "OTHER")
EVIDENCE = '{"lines": [{"name": "Пальто", "price": "7600.00", "unpaid": "7600.00"}], "receipts": ["1"]}'
GOODS = [
    "чай",
    "пальто",
    "платье",
    "рубашка",
    "доставка",
    "курьер",
    "кофе",
    "куртка",
    "зимняя",
    "детская",
    "хлопок",
    "лён",
]
SURNAMES = ["лавлейс", "бэббидж", "ковалевская", "чебышёв", "лобачевский", "буняковский", "ляпунов", "марков"]
GIVEN_NAMES = ["ада", "чарльз", "софья", "пафнутий", "николай", "виктор", "александр", "андрей"]

QUESTIONS = {
    "queue, as it opens": "",
    "queue, a far page": "p={far_page}",
    "tab: mine": "who=mine",
    "tab: nobody's": "who=nobody",
    "tab: waiting": "status=waiting",
    "tab: resolved": "status=resolved",
    "tab: all": "status=all",
    "shop": "shop=7",
    "kind": "kind__exact=partial_receipt",
    "status": "status=in_review",
    "amount range": "amount_from=-500&amount_to=-400",
    "date range": "opened_at_from=2026-02-01&opened_at_to=2026-02-03",
    "store": "store=7",
    "terminal": "terminal=77",
    "employee": "employee=77",
    "payment: cash": "payment=PAY_CASH",
    "payment: other": "payment=OTHER",
    "search: bill number": "q=1000123",
    "search: receipt id": "q={receipt}",
    "search: customer": "q=лавлейс",
    "search: customer, two words": "q=ада+лавлейс",
    "search: product": "q=пальто",
    "search: amount": "q={amount}",
    "search: nothing": "q=нетникого",
}


def add_people() -> list[User]:
    """Accountants of all shops, of one, and of every other one."""
    shops = list(facts.Shop.objects.order_by("number"))
    role, people = facts.Membership.Role.ACCOUNTANT, []
    for name, chosen in (("all", [None]), ("one", shops[6:7]), ("half", shops[::2])):
        person, is_new = User.objects.get_or_create(username=f"accountant of {name}", is_staff=True)
        if is_new:
            facts.Membership.objects.bulk_create(
                facts.Membership(person=person, shop=shop, role=role) for shop in chosen
            )
        people.append(person)
    return people


def fill(count: int, shops: int) -> None:
    """Bills, receipts, cases and discrepancies, one of each per row, as the judge would leave them."""
    colleague = User.objects.create_user("colleague")
    facts.Shop.objects.bulk_create(facts.Shop(number=number, name=f"Shop {number}") for number in range(1, shops + 1))
    tills = shops * PLACES_OF_SHOP
    places: tuple[tuple[Any, int], ...] = ((facts.Store, shops), (facts.Terminal, tills), (facts.Employee, tills))
    for model, number in places:
        model._default_manager.bulk_create(
            model(pk=key, shop_id=(key - 1) % shops + 1, evotor_id=f"{model.__name__} {key}")
            for key in range(1, number + 1)
        )
    with transaction.atomic(), connection.cursor() as cursor:
        for model, columns in describe_rows(colleague.pk, connection.vendor, shops):
            insert(cursor, model, columns, count)
    settle()


def insert(cursor: Any, model: Any, columns: dict[str, str], count: int) -> None:
    """`count` rows of a table, each column by its expression of the row's number `i`, the others by their default."""
    for field in model._meta.concrete_fields:
        if field.column not in columns and not field.generated and not field.null:
            default = "" if field.default is NOT_PROVIDED else field.get_default()
            columns[field.column] = "'{}'" if isinstance(field, JSONField) else quote(default)
    cursor.execute(
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        f"SELECT {', '.join(columns.values())} FROM n"
    )


def quote(value: object) -> str:
    return str(value).upper() if isinstance(value, bool | int | Decimal) else f"'{value}'"


def pick(number: str, values: Sequence[str]) -> str:
    """An expression that takes one of the values in turn."""
    cases = " ".join(f"WHEN {place} THEN '{value}'" for place, value in enumerate(values))
    return f"CASE ({number}) % {len(values)} {cases} END"


def describe_rows(colleague: int, vendor: str, shops: int) -> list[tuple[Any, dict[str, str]]]:
    """The tables in the order of their references, with what is in their columns."""
    minutes = "i % 400000"
    at = f"CAST('{START}' AS timestamptz) + ({minutes}) * interval '1 minute'"
    if vendor == "sqlite":
        at = f"datetime('{START:%Y-%m-%d}', '+' || ({minutes}) || ' minutes')"
    gap = "((CAST(i AS bigint) * 7919) % 4500000 - 4000000) / 100.0"
    kopecks = "abs((CAST(i AS bigint) * 7919) % 4500000 - 4000000)"
    amount = f"({kopecks}) / 100 || '.' || substr('0' || ({kopecks}) % 100, length('0' || ({kopecks}) % 100) - 1)"
    shop, place = f"i % {shops} + 1", f"i % {shops * PLACES_OF_SHOP} + 1"
    customer = f"{pick('i / 3', GIVEN_NAMES)} || ' ' || {pick('i / 11', SURNAMES)}"
    receipt = "CAST(CAST(i AS bigint) * 7919 % 1000003 AS text) || 'e5f06177' || i || 'a8d2'"
    goods = " || ' ' || ".join(pick(f"i / {step} + {step}", GOODS) for step in (1, 2, 5))
    kind = pick("i / 7", [kind.value for kind in KINDS])
    monetary = ", ".join(f"'{name.value}'" for name in MONETARY)
    resolved = f"(i * 3) % 10 < {RESOLVED_OF_TEN}"
    status = "CASE WHEN (i / 10) % 20 < 14 THEN 'open' WHEN (i / 10) % 20 < 19 THEN 'in_review' ELSE 'waiting' END"
    case = {"id": "i", "shop_id": shop, "bill_id": "i", "due": "50000", "received": f"50000 + {gap}", "gap": gap}
    return [
        (
            facts.Bill,
            {"id": "i", "shop_id": shop, "external_id": "CAST(i AS text)", "total": "50000", "on_offer": "FALSE"}
            | {"number": "CAST(1000000 + i AS text)", "customer_name": customer, "issued_at": at},
        ),
        (
            facts.Receipt,
            {"id": "i", "shop_id": shop, "bill_id": "i", "receipt_id": receipt, "type": "'SELL'", "received_at": at}
            | {"store_id": shop, "terminal_id": place, "employee_id": place, "total": f"50000 + {gap}", "tax": "0"}
            | {"discount": "0", "informational": "FALSE", "payment_source": pick("i / 13", PAYMENTS)},
        ),
        (judged.Case, case | {"judged_at": at, "judged_as_of": at}),
        (
            judged.CaseText,
            {
                "case_id": "i",
                "words": f"' ' || (1000000 + i) || ' ' || {customer} || ' ' || {receipt} || ' ' || {goods}",
            }
            | {"amounts": f"' =50000.00 -=' || {amount}"},
        ),
        (
            judged.CaseReceipt,
            {"id": "i", "case_id": "i", "receipt_id": "i", "store_id": shop, "terminal_id": place, "employee_id": place}
            | {"payment_source": pick("i / 13", PAYMENTS)},
        ),
        (
            judged.Discrepancy,
            {"id": "i", "case_id": "i", "shop_id": shop, "kind": kind, "opened_at": at, "changed_at": at}
            | {"amount": f"CASE WHEN {kind} IN ({monetary}) THEN {gap} END", "cause_present": "TRUE"}
            | {"status": f"CASE WHEN {resolved} THEN 'resolved' ELSE {status} END"}
            | {"reason": f"CASE WHEN {resolved} OR {status} = 'waiting' THEN 'false_alarm' ELSE '' END"}
            | {"resolved_at": f"CASE WHEN {resolved} THEN {at} END"}
            | {"assignee_id": f"CASE WHEN {resolved} OR {status} <> 'open' THEN {colleague} END"}
            | {"evidence": f"'{EVIDENCE}'"},
        ),
    ]


def list_questions() -> Iterator[tuple[str, str]]:
    """What an accountant asks of the queue, and its query; after `fill`."""
    case = judged.Case.objects.select_related("bill").get(pk=100)
    receipt = facts.Receipt.objects.get(bill=case.bill_id).receipt_id
    far_page = judged.Discrepancy.objects.count() // ROWS_OF_FAR_PAGE + 1
    for title, query in QUESTIONS.items():
        yield title, query.format(receipt=receipt, amount=case.gap, far_page=far_page)
