"""What is open comes first, the worst of it first; the tabs divide it."""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation import decisions
from reconciliation.admin.queue import find_neighbour, order_queue
from reconciliation.models import WORST_FIRST, Case, Discrepancy, Reason
from tests.factories import NOON, make_accountant, make_bill, make_discrepancy, make_event, make_shop
from tests.queue.conftest import QUEUE, ListQueue

pytestmark = pytest.mark.django_db


def make_amounts(*amounts: str) -> list[Discrepancy]:
    shop = make_shop(1)
    return [make_discrepancy(make_bill(shop, total="5000.00"), amount=amount) for amount in amounts]


def make_without_amount(kind: str, *, hours_ago: int = 0) -> Discrepancy:
    event = make_event(make_shop(100 + Case.objects.count()))
    case = Case.objects.create(shop=event.shop, event=event, judged_at=NOON, judged_as_of=NOON)
    opened_at = NOON - timedelta(hours=hours_ago)
    row = Discrepancy(case=case, shop=event.shop, kind=kind, opened_at=opened_at, changed_at=opened_at)
    row.evidence = {"kind": "LIST", "fault": "cut off", "occurred_at": NOON.isoformat()}
    row.save(force_insert=True)
    return row


def test_the_greatest_difference_comes_first_whichever_way_it_goes(list_queue: ListQueue) -> None:
    small, great, beyond = make_amounts("-10.00", "-3100.00", "250.00")
    unreadable = make_without_amount("unreadable")
    older = make_without_amount("unreadable", hours_ago=5)
    late = make_without_amount("late_receipt", hours_ago=50)
    assert list_queue({}) == [great, beyond, small, older, unreadable, late]


def test_the_order_is_read_off_an_index(list_queue: ListQueue) -> None:
    make_amounts("-10.00")
    rows = Discrepancy.objects.filter(resolved_at=None).order_by(*WORST_FIRST)[:50]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert "discrepancy_worst_first" in rows.explain()


@pytest.mark.parametrize(
    "asked",
    [
        "payment=PAY_CASH",
        "store=1",
        "q=пальто",
        "payment=PAY_CASH&shop=1&kind__exact=refund&who=mine&status=in_review&amount_from=5&opened_at_from=2026-02-01",
    ],
)
def test_of_cases_that_are_asked_for_all_is_in_one_index(client: Client, accountant: User, asked: str) -> None:
    """They are counted and put in order without their rows: each may have kilobytes of evidence."""
    make_amounts("-10.00")
    with patch("reconciliation.admin.queue.FEW_CASES", -1), CaptureQueriesContext(connection) as queries:
        found = client.get(f"{QUEUE}?{asked}").context["cl"].queryset
    figures = [query["sql"] for query in queries if ' AS "missing"' in query["sql"]]
    [index] = [index for index in Discrepancy._meta.indexes if index.name == "discrepancy_open_of_case"]
    names = {*index.fields, *index.include, "resolved_at"}
    columns = {field.column for field in Discrepancy._meta.concrete_fields if field.name in names}
    assert len(figures) == 1
    for query in [*figures, str(found.values_list("pk", flat=True).query)]:
        assert set(re.findall(r'"reconciliation_discrepancy"\."(\w+)"', query)) <= columns
        assert "resolved_at" in query


def test_what_is_resolved_stands_under_a_tab_of_its_own_the_last_first(list_queue: ListQueue, accountant: User) -> None:
    rows = make_amounts("-10.00", "-20.00", "-30.00")
    for hours, row in enumerate(rows[:2]):
        now = NOON + timedelta(hours=hours)
        decisions.resolve(row, actor=accountant, reason=Reason.FALSE_ALARM, comment="", now=now)
    assert list_queue({}) == [rows[2]]
    assert list_queue({"status": "resolved"}) == [rows[1], rows[0]]
    assert set(list_queue({"status": "all"})) == set(rows)


def test_the_tabs_count_what_is_open(client: Client, accountant: User) -> None:
    mine, colleagues, nobodys, waiting, closed = make_amounts("-1.00", "-2.00", "-3.00", "-4.00", "-5.00")
    decisions.take(mine, actor=accountant, now=NOON)
    decisions.take(colleagues, actor=make_accountant("colleague"), now=NOON)
    decisions.resolve(closed, actor=accountant, reason=Reason.FALSE_ALARM, comment="", now=NOON)
    Discrepancy.objects.filter(pk=waiting.pk).update(status="waiting", reason="written_off")
    tabs = {tab["title"]: (tab["count"], tab["link"]) for tab in client.get(QUEUE).context["tabs"]}
    assert tabs == {
        "Все открытые": (4, "?"),
        "Мои": (1, "?who=mine"),
        "Ничьи": (2, "?who=nobody"),
        "Ждут подтверждения": (1, "?status=waiting"),
        "Вопрос владельцу": (0, "?asked=yes"),
        "Закрыты": (None, "?status=resolved"),
        "Все": (None, "?status=all"),
    }
    assert [list(client.get(QUEUE + link).context["cl"].result_list) for _, link in tabs.values()][1:6] == [
        [mine],
        [waiting, nobodys],
        [waiting],
        [],
        [closed],
    ]


def walk(rows: Sequence[Discrepancy], *, before: bool) -> list[int]:
    """The way from one neighbour to the next, from the first (or last) to the end."""
    here: Discrepancy | None = rows[-1 if before else 0]
    way: list[int] = []
    while here is not None:
        way.append(here.pk)
        here = find_neighbour(Discrepancy.objects.all(), here, order_queue(""), before=before)
    return way


def test_one_goes_from_the_first_to_the_last_and_back(list_queue: ListQueue) -> None:
    make_amounts("-10.00", "-3100.00", "250.00", "-250.00", "-250.00")
    make_without_amount("unreadable")
    make_without_amount("late_receipt")
    rows = list_queue({})
    assert walk(rows, before=False) == [row.pk for row in rows]
    assert walk(rows, before=True) == [row.pk for row in reversed(rows)]


def test_the_next_one_is_of_the_queue_as_it_was_filtered(client: Client, accountant: User) -> None:
    first, second, third = make_amounts("-300.00", "-200.00", "-100.00")
    decisions.take(first, actor=accountant, now=NOON)
    decisions.take(third, actor=accountant, now=NOON)
    address = f"{QUEUE}{first.pk}/neighbour/next/"
    unfiltered = client.get(address)
    assert unfiltered["Location"].startswith(f"{QUEUE}{second.pk}/change/")
    filtered = client.get(address, {"_changelist_filters": "who=mine"})
    assert filtered["Location"] == f"{QUEUE}{third.pk}/change/?_changelist_filters=who%3Dmine"
    page = client.get(filtered["Location"]).content.decode()
    assert f"{QUEUE}{third.pk}/neighbour/next/?_changelist_filters=who%3Dmine" in page
    end = client.get(f"{QUEUE}{third.pk}/neighbour/next/", {"_changelist_filters": "who=mine"}, follow=True)
    assert end.redirect_chain == [(f"{QUEUE}?who=mine", 302)]
    assert [str(message) for message in end.context["messages"]] == ["Это было последнее расхождение."]


def test_one_that_was_just_resolved_still_leads_on(client: Client, accountant: User) -> None:
    first, second = make_amounts("-300.00", "-200.00")
    decisions.resolve(first, actor=accountant, reason=Reason.FALSE_ALARM, comment="", now=NOON)
    answer = client.get(f"{QUEUE}{first.pk}/neighbour/next/")
    assert answer["Location"].startswith(f"{QUEUE}{second.pk}/change/")


def test_a_list_of_many_pages_costs_no_more_queries_than_one_of_two_rows(client: Client, accountant: User) -> None:
    counts = []
    for more in (2, 58, 60):
        shop = make_shop(more)
        for number in range(more):
            make_discrepancy(make_bill(shop), amount=f"-{number + 1}.00")
        for query in ({}, {"q": "лавлейс"}, {"store": "1", "payment": "PAY_CARD"}):
            with CaptureQueriesContext(connection) as queries:
                client.get(QUEUE, query)
            counts.append(len(queries))
    assert counts[:3] == counts[3:6] == counts[6:]
    assert max(counts) <= 16


@pytest.mark.parametrize("asked", ["", "?payment=PAY_CARD", "?q=лавлейс", "?status=all&p=2"])
def test_what_is_shown_of_a_row_is_joined_for_the_rows_of_the_page_alone(
    client: Client, accountant: User, asked: str
) -> None:
    """Be it one page or the second of many: joined for all that is filtered, PostgreSQL begins with the joins."""
    for row in make_amounts(*(f"-{number}.00" for number in range(1, 52 if "p=2" in asked else 3))):
        decisions.take(row, actor=accountant, now=NOON)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(QUEUE + asked).context
    assert len(page["cl"].result_list) == (1 if "p=2" in asked else 2 if asked in ("", "?q=лавлейс") else 0)
    joined = [query["sql"] for query in queries if 'JOIN "shops_bill"' in query["sql"]]
    assert all("ORDER BY" not in query and "casereceipt" not in query for query in joined)
    assert len(joined) == (1 if page["cl"].result_list else 0)


def test_the_way_to_the_next_one_reads_no_list(client: Client, accountant: User) -> None:
    first, _second = make_amounts("-20.00", "-10.00")
    with CaptureQueriesContext(connection) as queries:
        client.get(f"{QUEUE}{first.pk}/neighbour/next/")
    joined = [query["sql"] for query in queries if 'JOIN "shops_bill"' in query["sql"]]
    assert len(joined) == 1, "the row one comes from"


def test_the_figures_are_the_sums_of_what_is_filtered(client: Client, accountant: User) -> None:
    rows = make_amounts("-0.10", "-0.20", "-3100.01", "250.00", "0.07", "-77.77")
    make_without_amount("unreadable")
    figures = client.get(QUEUE).context["figures"]
    amounts = [Decimal(str(row.amount)) for row in rows]
    assert (figures.count, figures.missing, figures.beyond, figures.net) == (
        7,
        sum(amount for amount in amounts if amount < 0),
        sum(amount for amount in amounts if amount > 0),
        sum(amounts),
    )
    figures = client.get(QUEUE, {"amount_to": "-0,20"}).context["figures"]
    assert (figures.count, figures.net, figures.beyond) == (3, Decimal("-3177.98"), 0)
    page = client.get(QUEUE, {"q": "nobody at all"})
    assert (page.context["figures"].count, page.context["figures"].net) == (0, 0)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "who=mine",
        "who=nobody",
        "who=others",
        "status=waiting",
        "status=in_review",
        "status=unresolved",
        "status=resolved",
        "status=all",
        "asked=yes",
        "who=mine&status=waiting",
        "who=nobody&o=-4",
        "who=&status=waiting",
        "who=nobody&shop=1",
        "shop=2",
        "who=mine&q=nobody",
        "amount_to=-3",
        "who=nobody&amount_to=-3",
        "who=nobody&kind__exact=unreadable",
    ],
)
def test_the_figures_are_those_of_the_rows_whatever_is_asked(client: Client, accountant: User, asked: str) -> None:
    """Those of a tab come with the counts of all tabs, others by themselves."""
    colleague = make_accountant("colleague")
    for number in (1, 2):
        shop = make_shop(number)
        amounts = ("-1.01", "-2.02", "-4.04", "8.08", "-16.16", "32.32", "-64.64")
        rows = [make_discrepancy(make_bill(shop, total="5000.00"), amount=amount) for amount in amounts]
        for row, actor in zip(rows, (accountant, accountant, colleague, colleague), strict=False):
            decisions.take(row, actor=actor, now=NOON)
        keys = [row.pk for row in rows[1::2]]
        Discrepancy.objects.filter(pk__in=keys).update(status="waiting", reason="written_off")
        decisions.resolve(rows[4], actor=accountant, reason=Reason.FALSE_ALARM, comment="", now=NOON)
    make_without_amount("unreadable")
    page = client.get(f"{QUEUE}?{asked}").context
    amounts_shown = list(page["cl"].queryset.values_list("amount", flat=True))
    missing = sum(amount for amount in amounts_shown if amount is not None and amount < 0)
    beyond = sum(amount for amount in amounts_shown if amount is not None and amount > 0)
    figures = page["figures"]
    assert (figures.count, figures.missing, figures.beyond) == (len(amounts_shown), missing, beyond)
    assert [tab["count"] for tab in page["tabs"]][:4] == [13, 4, 5, 6]


def test_a_tab_and_its_figures_are_one_question(client: Client, accountant: User) -> None:
    make_amounts("-10.00")

    def count_sums(asked: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(QUEUE + asked)
        return sum("SUM(" in query["sql"] or "tab_" in query["sql"] for query in queries)

    tabs = ("", "?who=mine", "?who=nobody", "?status=waiting", "?p=1", "?who=mine&o=-4")
    assert [count_sums(asked) for asked in tabs] == [1] * len(tabs)
    assert [count_sums(asked) for asked in ("?status=all", "?who=mine&shop=1")] == [2, 2]
