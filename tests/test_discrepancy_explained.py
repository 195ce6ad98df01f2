"""The page of a discrepancy says at a glance what happened to the money."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.attachments import CheckedFile, attach
from reconciliation.models import Discrepancy
from reconciliation.write_offs import write_off
from shops.models import Bill, Receipt, Shop
from tests.factories import (
    NOON,
    import_sample,
    make_account,
    make_accountant,
    make_bill,
    make_discrepancy,
    make_event,
    make_one_of_everything,
    make_receipt,
)

pytestmark = pytest.mark.django_db

MOST_QUERIES = 15
SPACE, MINUS = "\u00a0", "\u2212\u2060"


def read_page(client: Client, bill: str, kind: str, language: str = "ru") -> str:
    """The text of the page, without its marks."""
    client.force_login(make_accountant())
    discrepancy = Discrepancy.objects.get(case__bill__external_id=bill, kind=kind)
    address = f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/"
    page = client.get(address, headers={"Accept-Language": language}).content.decode()
    text = html.unescape(re.sub(r"<[^>]*>", " ", page[page.index('id="content-main"') :]))
    return re.sub(r"[ \n]+", " ", text)


def test_the_31_690_are_explained(client: Client) -> None:
    import_sample()
    page = read_page(client, "137456", "partial_receipt")
    figures = {"due": f"31{SPACE}690,00", "received": "650,00", "gap": f"{MINUS}31{SPACE}040,00"}
    assert (
        "Получено {received} из {due}; 4 позиции не оплачены: 31{space}040,00; состав изменён на кассе".format(
            **figures, space=SPACE
        )
        in page
    )
    assert f"К оплате {figures['due']} Получено {figures['received']} Разница {figures['gap']}" in page
    assert page.count("✗ не оплачено") == 4
    assert page.count("✓ оплачено") == 1
    assert page.count("нет ни в одном чеке") == 4
    assert page.count("серийный №") == 4
    assert f"Разница: получено минус к оплате {figures['gap']}" in page
    assert "17:18:54 Запрос (BILL)" in page
    assert "17:24:10 Ответ (RECEIPT)" in page
    assert "система найдено открыто" in page


def test_the_page_of_many_receipts_costs_no_more_queries_than_that_of_one(client: Client) -> None:
    client.force_login(make_accountant())
    discrepancy = make_one_of_everything(1)
    assert discrepancy.case.bill is not None
    client.get("/admin/reconciliation/discrepancy/")  # what the program reads once only
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/").status_code == 200
        counts.append(len(queries))
        for number in range(5):
            make_receipt(discrepancy.case.bill, total="1.00")
            make_discrepancy(make_bill(discrepancy.case.shop))
            make_event(discrepancy.case.shop)
            discrepancy.steps.create(at=NOON, action="commented", to_status="open", comment=f"Звонок {number}")
            step = discrepancy.steps.latest("pk")
            attach(step, [CheckedFile(f"{place}.txt", "text/plain", b"act") for place in range(5)])
    assert counts[0] == counts[1]
    assert counts[0] <= MOST_QUERIES


def test_a_waiting_write_off_costs_the_second_person_no_more_queries(client: Client) -> None:
    discrepancy = make_one_of_everything(1)
    Shop.objects.update(write_off_limit=0)
    write_off(discrepancy, actor=make_accountant("anna"), account=make_account(), comment="", now=NOON)
    client.force_login(make_accountant())
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/")
    assert [button.step.name for button in page.context["work"]][0] == "confirm"
    assert len(queries) <= MOST_QUERIES


def test_others_of_the_same_customer_terminal_and_employee_are_named(client: Client) -> None:
    client.force_login(make_accountant())
    discrepancy = make_one_of_everything(1)
    other, stranger = make_discrepancy(make_bill(discrepancy.case.shop)), make_one_of_everything(2)
    bill = make_bill(discrepancy.case.shop)
    Bill.objects.filter(pk=bill.pk).update(customer_name="Чарльз Бэббидж")
    same_till = make_discrepancy(bill)
    assert discrepancy.case.bill is not None
    first, second = discrepancy.case.bill.receipts.get(), make_receipt(bill)
    Receipt.objects.filter(pk=second.pk).update(terminal=first.terminal, employee=first.employee)
    page = client.get(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/")
    named = [(neighbours.title, neighbours.rows) for neighbours in page.context["neighbours"]]
    assert named == [("Покупатель", [other]), ("Касса", [same_till]), ("Кассир", [same_till])]
    assert f"/admin/reconciliation/discrepancy/{same_till.pk}/change/" in page.content.decode()
    assert str(stranger) not in page.content.decode()


def test_the_same_in_english(client: Client) -> None:
    import_sample()
    page = read_page(client, "137456", "partial_receipt", "en")
    assert "650.00 of 31,690.00 received; 4 lines unpaid: 31,040.00; contents changed at the register" in page
    assert f"Difference {MINUS}31,040.00" in page
    assert page.count("✗ not paid") == 4


def test_a_kind_without_an_amount_says_when_and_what(client: Client) -> None:
    import_sample()
    page = read_page(client, "49152", "listed_after_receipt")
    assert "Полностью оплачен 25.03.2026 17:22:10, но 25.03.2026 17:22:11 всё ещё предложен к оплате" in page
    assert page.count("✓ оплачено") == 1
