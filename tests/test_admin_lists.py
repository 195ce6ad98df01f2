"""Every list of the admin can be opened, searched and filtered, at a cost that does not grow with its rows."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext_lazy
from unfold.admin import checkbox
from unfold.templatetags import unfold_list
from unfold.widgets import UnfoldAdminSelectWidget

from shops.admin_lists import FilterSelect, write_checkbox
from shops.models import ApiKey, EvotorAccount, ExchangeEvent
from tests.factories import NOON, make_accountant, make_event, make_one_of_everything, make_person, make_shop

LISTS = (
    "/admin/reconciliation/discrepancy/",
    "/admin/reconciliation/case/",
    "/admin/reconciliation/writeoffaccount/",
    "/admin/shops/bill/",
    "/admin/shops/receipt/",
    "/admin/shops/exchangeevent/",
    "/admin/shops/journalfragment/",
    "/admin/shops/product/",
    "/admin/shops/shop/",
    "/admin/shops/store/",
    "/admin/shops/terminal/",
    "/admin/shops/employee/",
)
MOST_QUERIES = 14

pytestmark = pytest.mark.django_db


@pytest.fixture
def accountant(client: Client) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


def count_queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200, address
    return len(queries)


def test_a_list_of_thirty_costs_no_more_queries_than_one_of_two(client: Client, accountant: User) -> None:
    for number in range(1, 3):
        make_one_of_everything(number, assignee=accountant)
    few = {address: count_queries(client, address) for address in LISTS}
    for number in range(3, 31):
        make_one_of_everything(number, assignee=accountant)
    many = {address: count_queries(client, address) for address in LISTS}
    assert many == few
    assert max(many.values()) <= MOST_QUERIES


@pytest.mark.parametrize("address", LISTS)
def test_a_list_can_be_searched_and_filtered(client: Client, accountant: User, address: str) -> None:
    make_one_of_everything(1)
    assert client.get(address, {"q": "Ада 1"}).status_code == 200


@pytest.mark.parametrize(
    ("address", "query", "rows"),
    [
        ("/admin/shops/exchangeevent/", {"kind": "RECEIPT"}, 2),
        ("/admin/shops/exchangeevent/", {"kind": "other"}, 0),
        ("/admin/shops/exchangeevent/", {"direction__exact": "answer"}, 2),
        ("/admin/shops/exchangeevent/", {"condition": "unanswered"}, 1),
        ("/admin/shops/exchangeevent/", {"condition": "unreadable"}, 0),
        ("/admin/shops/exchangeevent/", {"occurred_at_from": "25.03.2026", "occurred_at_to": "2026-03-25"}, 4),
        ("/admin/shops/exchangeevent/", {"occurred_at_from": "26.03.2026"}, 0),
        ("/admin/shops/exchangeevent/", {"occurred_at_to": "24.03.2026"}, 0),
        ("/admin/shops/exchangeevent/", {"occurred_at_to": "31.02.2026"}, 4),
        ("/admin/shops/bill/", {"contents": "known"}, 1),
        ("/admin/shops/bill/", {"contents": "unknown"}, 0),
        ("/admin/shops/bill/", {"total_from": "100.01"}, 0),
        ("/admin/shops/bill/", {"q": "лавлейс"}, 1),
        ("/admin/shops/receipt/", {"type": "SELL", "bill_known": "yes"}, 1),
        ("/admin/shops/receipt/", {"bill_known": "no"}, 0),
        ("/admin/reconciliation/discrepancy/", {}, 1),
        ("/admin/reconciliation/discrepancy/", {"status": "resolved"}, 0),
        ("/admin/reconciliation/discrepancy/", {"status": "all", "who": "nobody"}, 1),
        ("/admin/reconciliation/discrepancy/", {"who": "mine"}, 0),
        ("/admin/reconciliation/discrepancy/", {"who": "others"}, 0),
        ("/admin/reconciliation/discrepancy/", {"amount_from": "-60", "amount_to": "-60"}, 1),
        ("/admin/reconciliation/discrepancy/", {"amount_from": "0"}, 0),
        ("/admin/reconciliation/discrepancy/", {"shop": "1"}, 1),
    ],
)
def test_a_filter_finds_what_it_says(
    client: Client, accountant: User, address: str, query: dict[str, str], rows: int
) -> None:
    make_one_of_everything(1)
    assert client.get(address, query).context["cl"].result_count == rows


def test_the_journal_looks_like_the_log(client: Client, accountant: User) -> None:
    make_event(make_shop(7), kind="LIST", body='{\n"get": {\n"q": "/api/v2/list"\n}\n}' + " " * 500)
    page = client.get("/admin/shops/exchangeevent/").content.decode()
    assert "2026-03-25 15:00:00" in page
    assert "Запрос (LIST)" in page
    assert "{ &quot;get&quot;: { &quot;q&quot;: &quot;/api/v2/list&quot; } }</code>" in page


def test_a_request_leads_to_its_answer_and_back(client: Client, accountant: User) -> None:
    shop = make_shop(7)
    answer = make_event(shop, kind="LIST", direction="answer", body="[\n12.50\n]")
    request = make_event(shop, kind="LIST", answer=answer)
    page = client.get(f"/admin/shops/exchangeevent/{request.pk}/change/").content.decode()
    assert f'href="../../{answer.pk}/change/"' in page
    page = client.get(f"/admin/shops/exchangeevent/{answer.pk}/change/").content.decode()
    assert f'href="../../{request.pk}/change/"' in page
    assert "[\n  12.50\n]" in page, "indented, and every number as it was written"
    assert "[\n12.50\n]" in page, "verbatim"


def test_every_row_has_a_page_that_changes_nothing(client: Client, accountant: User) -> None:
    make_one_of_everything(1)
    for address in LISTS:
        for row in client.get(address).context["cl"].result_list:
            page = f"{address}{row.pk}/change/"
            assert client.get(page).status_code == 200, page
            if not any(name in address for name in ("/store/", "/terminal/", "/employee/")):
                assert client.post(page, {"name": "other"}).status_code == 403, page


def test_accountants_name_stores_and_nothing_else(client: Client, accountant: User) -> None:
    make_one_of_everything(1)
    (store,) = client.get("/admin/shops/store/").context["cl"].result_list
    form = {"name": "Тверская", "evotor_id": "other", "shop": "2"}
    answer = client.post(f"/admin/shops/store/{store.pk}/change/", form)
    assert answer.status_code == 302
    store.refresh_from_db()
    assert (store.name, store.shop_id) == ("Тверская", 1)
    assert store.evotor_id != "other"


def test_a_shops_limits_are_changed_by_who_may_and_its_number_by_nobody(admin_client: Client) -> None:
    shop = make_shop(7)
    form = {
        "number": "8",
        "name": "Чайная",
        "time_zone": "Asia/Omsk",
        "after_partial": "close",
        "opened_not_paid_after": "12:00:00",
        "late_receipt_after": "00:30:00",
        "write_off_limit": "500",
    }
    assert admin_client.post("/admin/shops/shop/7/change/", form).status_code == 302
    shop.refresh_from_db()
    assert (shop.number, shop.name, shop.time_zone, shop.after_partial) == (7, "Чайная", "Asia/Omsk", "close")
    assert shop.write_off_limit == 500


def test_who_is_in_no_group_sees_nothing(client: Client) -> None:
    client.force_login(make_person("stranger"))
    assert {client.get(address).status_code for address in LISTS} == {403}
    assert "open_kinds" not in client.get("/admin/").context


def test_viewers_see_and_do_nothing(client: Client) -> None:
    discrepancy = make_one_of_everything(1)
    client.force_login(make_person("viewer", "Viewers"))
    assert {client.get(address).status_code for address in LISTS} == {200}
    page = f"/admin/reconciliation/discrepancy/{discrepancy.pk}/"
    assert "/work/" not in client.get(f"{page}change/").content.decode()
    assert client.post(f"{page}work/take/").status_code == 403


def test_the_first_page_sums_up_what_is_open(client: Client, accountant: User) -> None:
    make_one_of_everything(1)
    make_one_of_everything(2)
    (figures,) = client.get("/admin/").context["open_kinds"]
    assert (figures.kind, figures.count, figures.amount) == ("partial_receipt", 2, Decimal("-120.00"))


def test_an_administrator_sees_who_may_call_and_no_secret(admin_client: Client) -> None:
    shop = make_shop(7)
    key = ApiKey.objects.create(shop=shop, role="crm", beginning="crm_abc", digest="hidden digest", created_at=NOON)
    account = EvotorAccount.objects.create(user_id="01-000000000000001", token_digest="hidden digest")
    for address in ("apikey", "evotoraccount", f"apikey/{key.pk}/change", f"evotoraccount/{account.pk}/change"):
        answer = admin_client.get(f"/admin/shops/{address}/")
        assert (answer.status_code, "hidden digest" in answer.content.decode()) == (200, False), address


def test_nobody_deletes_a_message(admin_client: Client) -> None:
    event = make_event(make_shop(7))
    assert admin_client.post(f"/admin/shops/exchangeevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ExchangeEvent.objects.filter(pk=event.pk).exists()


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize("chosen", [None, "", "7", 7, 'a "b" <c>', "nothing"])
def test_a_filter_offers_what_a_plain_list_does(nothing: str | None, chosen: object) -> None:
    choices = [(nothing, gettext_lazy("All")), (7, "Шесть & семь"), ('a "b" <c>', "<b>bold</b>")]
    written, plain = (
        re.findall("<option.*?</option>", widget(choices=choices).render("shop", chosen))
        for widget in (FilterSelect, UnfoldAdminSelectWidget)
    )
    assert written == plain
    assert len(written) == len(choices)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_row_is_chosen_by_the_box_that_unfold_writes(language: str) -> None:
    with translation.override(language):
        for key in (7, "a<b"):
            assert write_checkbox(key) == checkbox.render(ACTION_CHECKBOX_NAME, str(key))
    assert write_checkbox(1) != write_checkbox(2)


def test_the_heads_of_a_list_are_written_once(
    client: Client, accountant: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each list has its own."""
    for number in range(1, 4):
        make_one_of_everything(number)
    written = []

    def write_label(name: str, *arguments: Any, **options: Any) -> Any:
        written.append(name)
        return label_for_field(name, *arguments, **options)

    monkeypatch.setattr(unfold_list, "label_for_field", write_label)
    for address in ("/admin/shops/bill/", "/admin/shops/receipt/"):
        written.clear()
        page = client.get(address).content.decode()
        assert page.count("data-row ") == 3
        assert len(written) == len(set(written)) > 3
