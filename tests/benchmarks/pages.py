"""How long the pages of people take among a million rows, held against Django's own list of the same table.

Asked through Django's test client, so that neither a web server nor a network is measured with them.
"""

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import set_urlconf

from reconciliation.models import Discrepancy
from shops.models import Receipt
from tests.benchmarks import filling_owner, filling_queue
from tests.benchmarks.catalogue import Ground
from tests.benchmarks.comparing import MILLISECONDS, Measured, Row, Side, compare

ROWS = 1_000_000
GOAL_MILLISECONDS = 300
QUEUE = "/admin/reconciliation/discrepancy/"

Ask = Callable[[], int]  # asks for a page and gives the status of the answer


def compare_queue(ground: Ground) -> list[Row]:
    """The accountants' queue, its filters and its search."""
    filling_queue.fill(ground.rows or ROWS, shops=50)
    stock = _open_stock_list(Discrepancy, ("shop", "kind", "status", "amount", "opened_at", "assignee"))
    rows = []
    for person in filling_queue.add_people():
        for title, query in filling_queue.list_questions():
            ask = _open_page(person, f"{QUEUE}?{query}")
            rows += _hold(f"{person}: {title}", ask, stock, ground)
    return [*rows, _find_slowest(rows)]


def compare_owner(ground: Ground) -> list[Row]:
    """The owner's page of each period."""
    filling_owner.fill(ground.rows or ROWS)
    stock = _open_stock_list(Receipt, ("shop", "receipt_id", "type", "total", "received_at", "bill"))
    owner = User.objects.get(username=filling_owner.OWNER)
    rows = []
    for title, query in filling_owner.list_questions():
        ask = _open_page(owner, f"/shops/{filling_owner.SHOP}/?{urlencode(query)}")
        rows += _hold(f"owner's page, {title}", ask, stock, ground)
    return [*rows, _find_slowest(rows)]


def _hold(title: str, ask: Ask, stock: Ask, ground: Ground) -> list[Row]:
    """A page against the stock list."""
    ask(), stock()  # what is read once in the life of a process
    ours, limit = (Side(name, partial(_time, page)) for name, page in (("crmpos", ask), ("Django's own list", stock)))
    return compare(title, MILLISECONDS, ours, limit, goal=1, rounds=ground.rounds)


def _find_slowest(rows: Iterable[Row]) -> Row:
    """Held against the time that a person does not notice."""
    slowest = max(rows, key=lambda row: row.ours)
    more = {slowest.title: slowest.ours}
    return Row("slowest page", MILLISECONDS, slowest.ours, goal=GOAL_MILLISECONDS, more=more)


def _time(page: Ask) -> Measured:
    began = time.perf_counter()
    status = page()
    return Measured((time.perf_counter() - began) * 1000, work=status)


def _open_page(person: User, address: str) -> Ask:
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    return lambda: client.get(address).status_code


def _open_stock_list(model: type[Model], columns: Iterable[str]) -> Ask:
    """The page of `django.contrib.admin` for all rows of the model, without our site around it."""
    admin: Any = type("StockAdmin", (ModelAdmin,), {"list_display": tuple(columns)})(model, AdminSite())
    request = RequestFactory().get("/", headers={"host": "localhost"})
    request.user = User.objects.create_superuser(f"stock {model._meta.model_name}")

    def ask() -> int:
        # Not by a setting: with that all addresses of our site would be forgotten, and put together at our next turn.
        set_urlconf("tests.benchmarks.stock_urls")
        try:
            answer = admin.changelist_view(request)
            answer.render()
        finally:
            set_urlconf(None)
        return int(answer.status_code)

    return ask
