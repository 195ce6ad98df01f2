"""The pages on which receipts are matched with bills: what they suggest, what would change, and who may use them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation import linking
from reconciliation.models import Discrepancy, Status
from shops.models import Allocation, Bill, Receipt
from tests.factories import make_accountant, make_person
from tests.logs import Log, judge, line, make_bill, make_receipt

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15
DRESS, HAT = line("dress", 3100), line("hat", 900)
NOW = datetime(2026, 3, 25, 9, tzinfo=UTC)


@pytest.fixture
def log() -> Log:
    log = Log()
    log.ask_bill(make_bill("501", [DRESS]))
    log.ask_bill(make_bill("502", [HAT]))
    log.deliver(make_receipt("r-1", [DRESS]))
    log.deliver(make_receipt("r-2", [DRESS, HAT], make_bill("777", [DRESS])))
    judge(log)
    return log


@pytest.fixture
def accountant(client: Client, log: Log) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


def bill(external_id: str) -> Bill:
    return Bill.objects.get(external_id=external_id)


def receipt(receipt_id: str) -> Receipt:
    return Receipt.objects.get(receipt_id=receipt_id)


def page_of(row: Bill | Receipt, step: str = "link/") -> str:
    return f"/admin/shops/{row._meta.model_name}/{row.pk}/{step}"


def read(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def said(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_receipt_is_linked_from_its_discrepancy_by_a_suggestion(client: Client, accountant: User) -> None:
    discrepancy = Discrepancy.objects.get(kind="no_bill")
    own_page = f"/admin/reconciliation/discrepancy/{discrepancy.pk}/"
    assert f"{own_page}link/" in read(client, f"{own_page}change/")
    choose = read(client, f"{own_page}link/")
    assert "та же сумма; 1 из 1 позиции" in choose
    link_page = page_of(receipt("r-1"), f"link/{bill('501').pk}/")
    assert f"{link_page}?from={discrepancy.pk}" in choose
    confirm = read(client, link_page, **{"from": str(discrepancy.pk)})
    assert "Сейчас" in confirm
    assert not Allocation.objects.exists()  # to look changes nothing
    answers = {"seen": "0", "from": str(discrepancy.pk), "comment": "Звонок в магазин"}
    done = client.post(link_page, answers, follow=True)
    assert done.redirect_chain == [(f"{own_page}change/", 302)]
    discrepancy.refresh_from_db()
    assert discrepancy.status == Status.RESOLVED
    assert "Звонок в магазин" in done.content.decode()
    assert LogEntry.objects.get().user == accountant


def test_a_receipt_is_found_for_a_bill(client: Client, accountant: User) -> None:
    choose = read(client, page_of(bill("501")))
    assert page_of(receipt("r-1"), f"link/{bill('501').pk}/") in choose
    found = read(client, page_of(bill("501")), q="r-2")
    assert page_of(receipt("r-2"), f"link/{bill('501').pk}/") in found


def test_any_other_bill_of_the_shop_is_found_by_its_number(client: Client, accountant: User) -> None:
    other = Log(shop=8)
    other.ask_bill(make_bill("5021", [HAT]))
    judge(other)
    found = read(client, page_of(receipt("r-1")), q="502")
    assert f"link/{bill('502').pk}/" in found
    assert f"link/{bill('5021').pk}/" not in found
    assert client.get(page_of(receipt("r-1"), f"link/{bill('5021').pk}/")).status_code == 404


def test_a_receipt_is_split_line_by_line(client: Client, accountant: User) -> None:
    row, first, second = receipt("r-2"), bill("501"), bill("502")
    dress, hat = row.lines.order_by("position")
    page = page_of(row, "split/")
    table = read(client, f"{page}?bill={first.pk}&bill={second.pk}")
    assert f'name="part-{dress.pk}-{first.pk}" value="3100.00"' in table  # where the bill asks for it
    assert f'name="part-{hat.pk}-{second.pk}" value="900.00"' in table
    cells = {f"part-{dress.pk}-{first.pk}": "3 100,00", f"part-{hat.pk}-{second.pk}": "899"}
    bills = {"bill": [str(first.pk), str(second.pk)]}
    refused = client.post(page, cells | bills)
    assert "части не складываются" in refused.content.decode()
    cells[f"part-{hat.pk}-{second.pk}"] = "900"
    assert "Потом" in client.post(page, cells | bills).content.decode()
    assert not Allocation.objects.exists()
    client.post(page, cells | bills | {"confirmed": "1", "seen": "0"})
    parts = [(part.bill, part.amount) for part in Allocation.objects.get().parts.all()]
    assert parts == [(first, Decimal(3100)), (second, Decimal(900))]
    assert not Discrepancy.objects.filter(case__receipt=row).exclude(status=Status.RESOLVED).exists()


def test_a_receipt_is_taken_off_its_bill_and_back(client: Client, accountant: User) -> None:
    linking.link(receipt("r-1"), bill("501"), actor=accountant, now=NOW)
    unlink_page = page_of(receipt("r-1"), f"unlink/{bill('501').pk}/")
    assert unlink_page in read(client, page_of(bill("501")))
    seen = str(Allocation.objects.get().pk)
    client.post(unlink_page, {"seen": seen})
    assert not receipt("r-1").is_allocated
    again = client.post(unlink_page, {"seen": seen}, follow=True)
    assert said(again)[-1] == "Чек не оплачивает этот счёт."


def test_whoever_looked_before_a_colleague_decided_is_told(client: Client, accountant: User) -> None:
    linking.link(receipt("r-1"), bill("502"), actor=make_accountant("boris"), now=NOW)
    answer = client.post(page_of(receipt("r-1"), f"link/{bill('501').pk}/"), {"seen": "0"}, follow=True)
    assert "Посмотрите ещё раз" in said(answer)[0]
    assert Allocation.objects.get().decided_by.username == "boris"


def test_paid_bills_are_suggested_last_and_with_a_warning(client: Client, accountant: User) -> None:
    linking.link(receipt("r-1"), bill("501"), actor=accountant, now=NOW)
    more = Log(now=datetime(2026, 3, 25, 11))
    more.deliver(make_receipt("r-3", [DRESS]))
    judge(more)
    assert "уже оплачен полностью" in read(client, page_of(receipt("r-3")))
    assert "больше, чем причитается" in read(client, page_of(receipt("r-3"), f"link/{bill('501').pk}/"))


def test_without_the_permission_there_is_no_button_and_a_forged_request_is_refused(client: Client, log: Log) -> None:
    worker = make_person("worker", "Viewers")
    worker.user_permissions.add(Permission.objects.get(codename="work_discrepancy"))
    client.force_login(worker)
    discrepancy = Discrepancy.objects.get(kind="no_bill")
    for address in (
        f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/",
        page_of(receipt("r-1"), "change/"),
        page_of(bill("501"), "change/"),
    ):
        assert "/link/" not in read(client, address)
    for step in ("link/", f"link/{bill('501').pk}/", f"unlink/{bill('501').pk}/", "split/"):
        assert client.get(page_of(receipt("r-1"), step)).status_code == 403
        assert client.post(page_of(receipt("r-1"), step), {"confirmed": "1"}).status_code == 403
    assert client.get(page_of(bill("501"))).status_code == 403
    assert client.get(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/link/").status_code == 403
    linking.link(receipt("r-1"), bill("501"), actor=make_accountant("anna"), now=NOW)
    assert client.post(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/work/undo/").status_code == 403
    assert receipt("r-1").is_allocated


def test_a_link_is_undone_by_the_button_of_the_discrepancy(client: Client, accountant: User) -> None:
    linking.link(receipt("r-1"), bill("501"), actor=accountant, now=NOW)
    discrepancy = Discrepancy.objects.get(kind="no_bill")
    client.post(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/work/undo/")
    discrepancy.refresh_from_db()
    assert (discrepancy.status, receipt("r-1").is_allocated) == (Status.REOPENED, False)


def test_a_change_needs_a_token(accountant: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(accountant)
    assert client.post(page_of(receipt("r-1"), f"link/{bill('501').pk}/"), {"seen": "0"}).status_code == 403
    assert not Allocation.objects.exists()


def test_no_page_asks_more_than_fifteen_questions(client: Client, accountant: User) -> None:
    log = Log(now=datetime(2026, 3, 25, 11))
    for number in range(20):
        log.ask_bill(make_bill(f"60{number}", [DRESS, HAT]))
        log.deliver(make_receipt(f"x-{number}", [DRESS]))
    judge(log)
    linking.link(receipt("x-1"), bill("601"), actor=accountant, now=NOW + timedelta(hours=1))
    linked, free = receipt("x-1"), receipt("x-2")
    pages = (
        page_of(free),
        page_of(free) + "?q=60",
        page_of(linked),
        page_of(bill("601")),
        page_of(bill("601")) + "?q=x",
        page_of(free, f"link/{bill('602').pk}/"),
        page_of(linked, f"link/{bill('602').pk}/"),
        page_of(linked, f"unlink/{bill('601').pk}/"),
        page_of(linked, f"split/?bill={bill('601').pk}&bill={bill('602').pk}"),
        page_of(linked, "change/"),
        page_of(bill("601"), "change/"),
        "/admin/shops/receipt/",
    )
    for address in pages:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200, address
        assert len(queries) <= MOST_QUERIES, (address, [query["sql"][:150] for query in queries])
