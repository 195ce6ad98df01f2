"""The admin of relay mode: the CRM that a shop keeps, and what became of the receipts that were to reach it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shops.models import ExchangeEvent, Forward, Shop, Upstream
from shops.relay.forwarding import forward_due
from tests.factories import make_person
from tests.logs import line, make_bill
from tests.protocol.conftest import Till
from tests.relay.conftest import TOKEN, OldCrm

CRMS, FORWARDS = "/admin/shops/upstream/", "/admin/shops/forward/"
TEA = line("101", 7600)
BILL = make_bill("1", [TEA])


def log_in_viewer(client: Client) -> None:
    person = make_person("viewer")
    person.user_permissions.set(
        Permission.objects.filter(codename__in=["view_forward", "view_upstream", "view_exchangeevent"])
    )
    client.force_login(person)


def test_a_shop_is_given_its_crm(admin_client: Client, shop: Shop) -> None:
    form = {"shop": "7", "address": "https://crm.example/index.php", "token": TOKEN, "timeout_seconds": "5"}
    assert admin_client.post(f"{CRMS}add/", form).status_code == 302
    upstream = Upstream.objects.get()
    assert (upstream.shop, upstream.address, upstream.token, upstream.timeout_seconds) == (
        shop,
        "https://crm.example/index.php",
        TOKEN,
        5,
    )


def test_a_token_is_never_shown_and_is_kept_until_another_is_written(admin_client: Client, upstream: Upstream) -> None:
    Upstream.objects.update(failures=9, next_attempt_at="2100-01-01T00:00:00Z")
    page = f"{CRMS}{upstream.pk}/change/"
    for address in (CRMS, page):
        assert TOKEN not in admin_client.get(address).content.decode()
    form = {"address": upstream.address, "token": "", "timeout_seconds": "9"}
    assert admin_client.post(page, form).status_code == 302
    upstream.refresh_from_db()
    assert (upstream.token, upstream.timeout_seconds) == (TOKEN, 9)
    assert (upstream.failures, upstream.next_attempt_at) == (0, None)
    admin_client.post(page, form | {"token": "another"})
    upstream.refresh_from_db()
    assert upstream.token == "another"
    admin_client.post(page, form | {"forget_token": "on"})
    upstream.refresh_from_db()
    assert upstream.token == ""
    assert TOKEN not in str(LogEntry.objects.values_list("change_message", flat=True))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "crm.example"),
        ("address", "ftp://crm.example/"),
        ("address", "https://user:word@crm.example/"),
        ("address", "https://crm.example/?key=1"),
        ("address", "https://crm.example:port/"),
        ("token", "two words"),
        ("token", "тайна"),
        ("timeout_seconds", "0"),
        ("timeout_seconds", "10"),
    ],
)
def test_what_cannot_work_is_refused(admin_client: Client, shop: Shop, field: str, value: str) -> None:
    form = {"shop": "7", "address": "https://crm.example/", "token": "", "timeout_seconds": "5"} | {field: value}
    assert admin_client.post(f"{CRMS}add/", form).context["adminform"].form.errors[field]
    assert not Upstream.objects.exists()


def test_who_may_only_look_sees_no_token_and_sends_nothing(client: Client, till: Till, upstream: Upstream) -> None:
    till.sell("r-1", [TEA], BILL)
    forward = Forward.objects.get()
    log_in_viewer(client)
    for address in (CRMS, f"{CRMS}{upstream.pk}/change/", FORWARDS, f"{FORWARDS}{forward.pk}/change/"):
        page = client.get(address)
        assert page.status_code == 200
        assert TOKEN not in page.content.decode()
    client.post(
        FORWARDS, {"action": "send_again_selected", "_selected_action": str(forward.pk), "confirmed": "1"}, follow=True
    )
    assert not LogEntry.objects.exists()


def test_a_refused_receipt_shows_why_and_is_sent_again_after_a_confirmation(
    admin_client: Client, till: Till, old_crm: OldCrm
) -> None:
    old_crm.respond = lambda seen: (422, "касса закрыта".encode())
    till.sell("r-1", [TEA], BILL)
    forward_due()
    forward = Forward.objects.get()
    assert "422 касса закрыта" in admin_client.get(FORWARDS, {"state": "refused"}).content.decode()
    assert admin_client.get(FORWARDS, {"state": "waiting"}).context["cl"].result_count == 0
    assert "касса закрыта" in admin_client.get(f"{FORWARDS}{forward.pk}/change/").content.decode()

    asked = {"action": "send_again_selected", "_selected_action": str(forward.pk)}
    assert "1-CRM" in admin_client.post(FORWARDS, asked).content.decode()
    old_crm.respond = None
    assert forward_due() == 0, "asking changes nothing"
    assert admin_client.post(FORWARDS, asked | {"confirmed": "1"}).status_code == 302
    assert LogEntry.objects.get().object_id == str(forward.pk)
    assert forward_due() == 1
    assert admin_client.get(FORWARDS, {"state": "accepted"}).context["cl"].result_count == 1


def test_a_crm_that_does_not_answer_is_said_in_the_readers_language(
    admin_client: Client, till: Till, old_crm: OldCrm
) -> None:
    till.sell("r-1", [TEA], BILL)
    old_crm.stop()
    forward_due()
    till.offers()
    assert "CRM недоступна" in admin_client.get(FORWARDS).content.decode()
    event = ExchangeEvent.journal_order().filter(origin="served", kind="LIST", direction="answer").get()
    page = admin_client.get(f"/admin/shops/exchangeevent/{event.pk}/change/").content.decode()
    assert "Отвечено по тому, что известно." in page
    found = admin_client.get("/admin/shops/exchangeevent/", {"origin__exact": "upstream"})
    assert found.context["cl"].result_count == 2


def test_a_long_list_costs_no_more_queries_than_a_short_one(admin_client: Client, till: Till) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(FORWARDS).status_code == 200
        return len(queries)

    till.sell("r-0", [TEA], BILL)
    few = count_queries()
    for number in range(1, 20):
        till.sell(f"r-{number}", [TEA], BILL, dateTime=timezone.now().isoformat())
    assert count_queries() == few
