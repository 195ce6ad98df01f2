"""The page of a discrepancy says at a glance what happened to the money."""

import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy
from tests.factories import import_sample, make_accountant, make_one_of_everything, make_receipt

pytestmark = pytest.mark.django_db

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
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/").status_code == 200
        counts.append(len(queries))
        for _ in range(5):
            make_receipt(discrepancy.case.bill, total="1.00")
    assert counts[0] == counts[1]


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
