"""Months in the admin: seen, acknowledged, closed, downloaded and opened again, by whom it is allowed."""

import io
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy, Period, PeriodAcknowledgement
from reconciliation.periods import reopen_period
from shops.models import UnassignedMessage
from tests.factories import make_accountant, make_person, make_shop
from tests.periods.books import FEBRUARY, JANUARY, LONG_AFTER, Books

LIST = "/admin/reconciliation/period/"
JANUARY_PAGE = f"{LIST}next/7/2026-01/"
MOST_QUERIES = 15


@pytest.fixture
def left_open(books: Books) -> Discrepancy:
    """A bill of January that was paid in part."""
    bill = books.bill("1000.00", "2026-01-10 10:00", number="17-CRM")
    books.receipt("650.00", "2026-01-10 11:00", bill=bill, payment_source="PAY_CASH")
    return books.difference(bill, "-350.00", "2026-01-10 11:00")


def say(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_month_is_seen_acknowledged_closed_and_opened_again(
    client: Client, books: Books, left_open: Discrepancy
) -> None:
    client.force_login(books.chief)
    assert "next/7/" in client.get(LIST).content.decode()
    page = client.get(JANUARY_PAGE).content.decode()
    assert "1 открытое расхождение" in page
    assert "Закрыть месяц…" not in page

    acknowledge = f"{JANUARY_PAGE}acknowledge/{left_open.pk}/"
    said = say(client.post(acknowledge, {"acknowledge-comment": "ждём оплаты"}, follow=True))
    assert said == ["Отмечено, что остаётся открытым: частичная оплата · 17-CRM."]
    seen = PeriodAcknowledgement.objects.get()
    assert (seen.by, seen.comment) == (books.chief, "ждём оплаты")
    assert "Закрыть месяц…" in client.get(JANUARY_PAGE).content.decode()

    asked = client.post(f"{JANUARY_PAGE}close/")
    assert "Закрыть месяц: Январь 2026?" in asked.content.decode()
    assert not Period.objects.exists()
    done = client.post(f"{JANUARY_PAGE}close/", {"confirmed": "1"}, follow=True)
    period = Period.objects.get()
    assert done.redirect_chain == [(f"{LIST}{period.pk}/change/", 302)]
    assert say(done) == ["Январь 2026: месяц закрыт."]
    page = done.content.decode()
    assert "ждём оплаты" in page
    assert period.digest in page
    assert LogEntry.objects.get().get_change_message() == "Месяц закрыт."

    asked = client.post(f"{LIST}{period.pk}/reopen/")
    assert "Открыть месяц снова: Январь 2026?" in asked.content.decode()
    asked = client.post(f"{LIST}{period.pk}/reopen/", {"confirmed": "1", "reopen-comment": " "})
    assert "Обязательное поле" in asked.content.decode()
    reopened = client.post(
        f"{LIST}{period.pk}/reopen/", {"confirmed": "1", "reopen-comment": "забыли чек"}, follow=True
    )
    assert say(reopened) == ["Январь 2026: месяц открыт снова."]
    assert "забыли чек" in reopened.content.decode()
    assert f"{LIST}{period.pk}/reopen/" not in reopened.content.decode()
    period.refresh_from_db()
    assert (period.reopened_by, period.reopening_comment) == (books.chief, "забыли чек")


def test_the_workbook_holds_the_protocol_and_all_that_was_counted(
    client: Client, books: Books, left_open: Discrepancy
) -> None:
    books.receipt("90.00", "2026-01-12 11:00")
    books.acknowledge_all(JANUARY)
    books.close(JANUARY)
    books.receipt("10.00", "2026-01-31 11:00", bill=left_open.case.bill)
    books.acknowledge_all(FEBRUARY)
    books.close(FEBRUARY)
    client.force_login(make_person("viewer", "Viewers"))
    answer = client.get(f"{LIST}{books.closed[1].pk}/protocol.xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="protocol-7-2026-02.xlsx"'
    workbook = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert workbook.sheetnames == ["Протокол", "Оставлено открытыми", "Документы", "О протоколе"]
    rows = list(workbook["Протокол"].iter_rows(values_only=True))
    assert rows[1] == (None, "К оплате на начало месяца", None, None, 350)
    assert ("−", "Получено", 0, 10, 10) in rows
    assert ("=", "К оплате на конец месяца", None, None, 340) in rows
    (_, late) = workbook["Документы"].iter_rows(values_only=True)
    assert late[:3] == ("получено", "корректировка прежнего месяца", "2026-01-31")
    assert late[4:] == ("17-CRM", "Ада Лавлейс", "карта", -10)


def test_late_documents_are_listed_with_links(client: Client, books: Books) -> None:
    bill = books.bill("100.00", "2026-01-10 10:00")
    books.close(JANUARY)
    receipt = books.receipt("60.00", "2026-01-20 10:00", bill=bill)
    client.force_login(books.chief)
    link = f'href="/admin/shops/receipt/{receipt.pk}/change/"'
    assert link in client.get(f"{LIST}next/7/2026-02/").content.decode()
    books.close(FEBRUARY)
    page = client.get(f"{LIST}{books.closed[1].pk}/change/").content.decode()
    assert link in page
    assert "Корректировки закрытых месяцев" in page


def test_messages_without_a_shop_are_asked_about(client: Client, books: Books) -> None:
    books.bill("100.00", "2026-01-10 10:00")
    kept = UnassignedMessage.objects.create(
        kind="receipts", received_at=LONG_AFTER, last_received_at=LONG_AFTER, store_id="unknown", text="{}", digest="1"
    )
    client.force_login(books.chief)
    assert f'name="messages_of_others" value="{kept.pk}"' in client.get(JANUARY_PAGE).content.decode()
    refused = client.post(f"{JANUARY_PAGE}close/", {"confirmed": "1"}, follow=True)
    assert "без магазина" in say(refused)[0]
    asked = client.post(f"{JANUARY_PAGE}close/", {"messages_of_others": str(kept.pk)})
    assert f'name="messages_of_others" value="{kept.pk}"' in asked.content.decode()
    client.post(f"{JANUARY_PAGE}close/", {"confirmed": "1", "messages_of_others": str(kept.pk)})
    assert Period.objects.get().protocol["messages_of_others"] == [kept.pk]


# --- who may -------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(books: Books) -> Period:
    """January is closed; of February something is open."""
    books.bill("100.00", "2026-01-10 10:00")
    books.close(JANUARY)
    books.difference(books.bill("50.00", "2026-02-10 10:00"), "-5.00", "2026-02-10 10:00")
    return books.closed[0]


# Who, and whether that person sees the pages, acknowledges, closes, and opens again.
PEOPLE = {
    "chief": (True, True, True, True),
    "accountant": (True, True, False, False),
    "viewer": (True, False, False, False),
    "stranger": (False, False, False, False),
}


def make(who: str) -> User:
    if who == "accountant":
        return make_accountant()
    if who == "viewer":
        return make_person("viewer", "Viewers")
    return User.objects.get(username="chief") if who == "chief" else make_person("stranger")


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_not_sees_no_button_and_is_refused(client: Client, closed: Period, who: str) -> None:
    sees, acknowledges, closes, reopens = PEOPLE[who]
    client.force_login(make(who))
    row = Discrepancy.objects.get()
    february = f"{LIST}next/7/2026-02/"
    page = f"{LIST}{closed.pk}/change/"

    addresses = (LIST, february, page, f"{LIST}{closed.pk}/protocol.xlsx")
    assert {client.get(address).status_code for address in addresses} == {200 if sees else 403}
    if sees:
        preview, text = client.get(february).content.decode(), client.get(page).content.decode()
        assert (f"acknowledge/{row.pk}/" in preview) == acknowledges
        assert ("/reopen/" in text) == reopens

    forged = client.post(f"{february}acknowledge/{row.pk}/")
    assert (forged.status_code, PeriodAcknowledgement.objects.exists()) == (
        (302, True) if acknowledges else (403, False)
    )
    Discrepancy.objects.update(status="resolved", reason="false_alarm", resolved_at=LONG_AFTER)
    if sees:
        assert ("close/" in client.get(february).content.decode()) == closes
    assert client.post(f"{february}close/", {"confirmed": "1"}).status_code == (302 if closes else 403)
    assert Period.objects.filter(month=FEBRUARY).exists() == closes
    last = Period.objects.order_by("month").last()
    assert last is not None
    forged = client.post(f"{LIST}{last.pk}/reopen/", {"confirmed": "1", "reopen-comment": "забыли"})
    assert forged.status_code == (302 if reopens else 403)
    last.refresh_from_db()
    assert last.is_active != reopens


def test_steps_are_taken_by_post_and_with_a_token(books: Books, closed: Period) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(books.chief)
    february = f"{LIST}next/7/2026-02/"
    row = Discrepancy.objects.get()
    for address in (f"{february}close/", f"{february}acknowledge/{row.pk}/", f"{LIST}{closed.pk}/reopen/"):
        assert client.get(address).status_code == 405, address
        assert client.post(address, {"confirmed": "1", "reopen-comment": "x"}).status_code == 403, address
    assert Period.objects.filter(reopened_at=None).count() == 1


def test_nothing_is_edited_around_the_steps(client: Client, books: Books, closed: Period) -> None:
    client.force_login(books.chief)
    assert client.post(f"{LIST}{closed.pk}/change/", {"digest": "x"}).status_code == 403
    assert client.post(f"{LIST}{closed.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403


@pytest.mark.parametrize("address", ["next/7/2026-13/", "next/7/soon/", "next/9/2026-01/", "99/protocol.xlsx"])
def test_what_is_not_there_is_not_found(client: Client, books: Books, address: str) -> None:
    client.force_login(books.chief)
    assert client.get(f"{LIST}{address}").status_code == 404


def test_a_month_that_is_not_in_turn_leads_back_to_the_list(client: Client, books: Books, closed: Period) -> None:
    client.force_login(books.chief)
    answer = client.get(f"{LIST}next/7/2026-04/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert say(answer) == ["Месяцы закрываются подряд: сначала 2026-02."]


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    return len(queries)


def test_pages_cost_no_more_queries_when_there_is_more_on_them(client: Client, books: Books) -> None:
    client.force_login(books.chief)
    books.bill("100.00", "2026-01-10 10:00")

    def measure() -> dict[str, int]:
        addresses = {
            "list": LIST,
            "preview": f"{LIST}next/7/2026-03/",
            "page": f"{LIST}{books.closed[1].pk}/change/",
            "workbook": f"{LIST}{books.closed[1].pk}/protocol.xlsx",
        }
        return {name: count_queries(client, address) for name, address in addresses.items()}

    def close_two_months(count: int) -> None:
        for month in (JANUARY, FEBRUARY):
            books.acknowledge_all(month)
            books.close(month)
            add_late_documents(books, count)

    close_two_months(1)
    measure()  # what a process reads once, as the kinds of contents, is not of the page
    few = measure()
    for period in reversed(books.closed):
        reopen_period(period=period, actor=books.chief, now=LONG_AFTER, comment="ещё раз")
    for number in range(20, 30):
        Books(make_shop(number), books.chief).bill("1.00", "2026-01-10 10:00")
    books.closed = []
    close_two_months(15)
    many = measure()
    assert many == few
    assert max(many.values()) <= MOST_QUERIES


def add_late_documents(books: Books, count: int) -> None:
    """Documents of January that came after it was closed, of all three sorts, and something open."""
    for _ in range(count):
        bill = books.bill("70.00", "2026-01-11 10:00")
        books.receipt("60.00", "2026-01-20 10:00", bill=bill)
        late = books.difference(bill, "-10.00", "2026-01-20 10:00")
        Discrepancy.objects.filter(pk=late.pk).update(
            status="resolved", reason="written_off", resolved_at=books.at("2026-01-21 10:00")
        )
        books.difference(books.bill("50.00", "2026-01-12 10:00"), "-5.00", "2026-01-12 10:00")
