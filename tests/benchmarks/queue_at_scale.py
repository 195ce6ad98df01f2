"""Times the queue with many discrepancies: `uv run python tests/benchmarks/queue_at_scale.py --rows 100000`.

It fills the database that the settings name (an empty one, please: DATABASE_URL or CRMPOS_DATA), asks the queue through
Django's test client as an accountant would, and prints the median of three answers, and how many times that is the
answer of the list of shops: absolute figures are this machine's, the ratio travels.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")
os.environ.setdefault("ALLOWED_HOSTS", "testserver")

QUEUE = "/admin/reconciliation/discrepancy/"
START = datetime(2026, 1, 1, tzinfo=UTC)
SHOPS, PLACES, RESOLVED_OF_TEN = 20, 200, 7
BATCH = 5000
ANSWERS = 3
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
    "queue, page 100": "p=100",
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
    "search: amount": "q=31+040%2C17",
    "search: nothing": "q=нетникого",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--keep", action="store_true", help="time what is there already")
    options = parser.parse_args()
    django.setup()
    from django.core.management import call_command  # after the settings are read

    call_command("migrate", verbosity=0)
    if not options.keep:
        started = time.monotonic()
        fill(options.rows)
        print(f"filled with {options.rows} in {time.monotonic() - started:.0f} s")
    measure()


def fill(count: int) -> None:
    """Bills, receipts, cases and discrepancies, one of each per row, as the judge would leave them."""
    from django.contrib.auth.models import Group, User
    from django.db import connection, transaction

    from shops import models

    random = Random(count)
    accountant = User.objects.create_user("accountant", is_staff=True)
    accountant.groups.add(Group.objects.get(name="Accountants"))
    shops = [models.Shop(number=number, name=f"Shop {number}") for number in range(1, SHOPS + 1)]
    models.Shop.objects.bulk_create(shops)
    for model, number in ((models.Store, SHOPS), (models.Terminal, PLACES), (models.Employee, PLACES)):
        names = (f"{model.__name__} {place}" for place in range(1, number + 1))
        model._default_manager.bulk_create(
            model(shop=shops[place % SHOPS], evotor_id=name) for place, name in enumerate(names)
        )
    for first in range(1, count + 1, BATCH):
        with transaction.atomic():
            write_batch(range(first, min(first + BATCH, count + 1)), random, accountant.pk)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            connection.set_autocommit(True)
            cursor.execute("VACUUM ANALYZE")


def write_batch(numbers: range, random: Random, accountant: int) -> None:
    from reconciliation import models
    from shops import models as facts

    rows = [make_rows(number, random, accountant) for number in numbers]
    tables: tuple[Any, ...] = (facts.Bill, facts.Receipt, models.Case, models.CaseText, models.Discrepancy)
    for place, model in enumerate(tables):
        model.objects.bulk_create([row[place] for row in rows], batch_size=BATCH)


def make_rows(number: int, random: Random, accountant: int) -> tuple[Any, ...]:
    from reconciliation import models
    from reconciliation.rules.kinds import KINDS, MONETARY
    from shops import models as facts

    kind = random.choice(KINDS).value
    gap = Decimal(random.randint(-4_000_000, 500_000)) / 100
    amount = gap if kind in MONETARY else None
    customer = f"{random.choice(GIVEN_NAMES)} {random.choice(SURNAMES)}"
    receipt_id = f"{random.getrandbits(128):032x}"
    at = START + timedelta(minutes=number % 400_000)
    place, shop = number % PLACES + 1, number % SHOPS + 1
    state = make_state(random, accountant, at)
    return (
        facts.Bill(
            pk=number, shop_id=shop, external_id=str(number), number=str(1_000_000 + number), issued_at=at,
            customer_name=customer, total=Decimal(50_000), on_offer=False,
        ),
        facts.Receipt(
            pk=number, shop_id=shop, receipt_id=receipt_id, type="SELL", received_at=at, total=Decimal(50_000) + gap,
            tax=0, discount=0, informational=False, bill_id=number, store_id=shop, terminal_id=place,
            employee_id=place, payment_source=random.choices(("PAY_CARD", "PAY_CASH", "OTHER"), (70, 29, 1))[0],
        ),
        models.Case(
            pk=number, shop_id=shop, bill_id=number, due=Decimal(50_000), received=Decimal(50_000) + gap, gap=gap,
            judged_at=at, judged_as_of=at,
        ),
        models.CaseText(
            case_id=number,
            words=f" {1_000_000 + number} {number} {customer} {receipt_id} {' '.join(random.sample(GOODS, 4))}",
            amounts=f" =50000.00 ={Decimal(50_000) + gap} {'-' if gap < 0 else ''}={abs(gap)}",
        ),
        models.Discrepancy(
            pk=number, case_id=number, shop_id=shop, kind=kind, amount=amount, opened_at=at, changed_at=at,
            evidence={"lines": [{"name": "Пальто", "unpaid": str(gap)}] * 4}, **state,
        ),
    )  # fmt: skip


def make_state(random: Random, accountant: int, at: datetime) -> dict[str, Any]:
    if random.randrange(10) < RESOLVED_OF_TEN:
        return {"status": "resolved", "reason": "false_alarm", "resolved_at": at, "assignee_id": accountant}
    status = random.choices(("open", "in_review", "waiting"), (70, 25, 5))[0]
    return {
        "status": status,
        "reason": "written_off" if status == "waiting" else "",
        "assignee_id": None if status == "open" else accountant,
    }


def measure() -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    from shops.models import Receipt

    client = Client()
    client.force_login(User.objects.get(username="accountant"))
    receipt = Receipt.objects.get(pk=100).receipt_id
    plain = statistics.median(time_answers(client, "/admin/shops/shop/"))
    print(f"{connection.vendor}; the list of {SHOPS} shops: {plain * 1000:.0f} ms")
    print(f"{'question':30} {'ms':>7} {'ratio':>6}")
    for question, query in QUESTIONS.items():
        median = statistics.median(time_answers(client, f"{QUEUE}?{query.format(receipt=receipt)}"))
        print(f"{question:30} {median * 1000:7.0f} {median / plain:6.1f}", flush=True)


def time_answers(client: Any, address: str) -> Iterator[float]:
    for _ in range(ANSWERS):
        started = time.perf_counter()
        answer = client.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        yield time.perf_counter() - started


if __name__ == "__main__":
    main()
