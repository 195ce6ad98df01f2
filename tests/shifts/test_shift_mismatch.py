"""A shift's receipts are held against what its register declared; the difference is a discrepancy of the shift."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.test import Client

from reconciliation.models import Discrepancy, KindChoice, Status
from reconciliation.reports.catalogue import REPORTS
from reconciliation.reports.values import ReportQuery
from reconciliation.services import reconcile
from shops.models import EvotorAccount, Shift, Shop, Terminal
from tests.evotor.conftest import STORE, TERMINAL, USER, Cloud, Install
from tests.factories import make_accountant
from tests.logs import line, make_receipt, run

CLOSED_AT = datetime(2026, 3, 25, 17, 40, tzinfo=UTC)
NEXT_DAY = CLOSED_AT + timedelta(days=1)
Step = Callable[[], Any]


@pytest.fixture
def register(install: Install, shop: Shop) -> Cloud:
    return install(USER, shop)


def sell(register: Cloud, receipt_id: str, total: int, **fields: Any) -> None:
    receipt = make_receipt(
        receipt_id,
        [line("101", total)],
        storeId=STORE,
        deviceId=TERMINAL,
        dateTime=f"2026-03-25T12:00:{int(receipt_id[1:]):02}.000Z",
        **{"shiftId": "3"} | fields,
    )
    assert register.deliver(receipt).status_code == 200


def declare(register: Cloud, revenue: object, *, type: str = "Z_REPORT", **fields: Any) -> None:
    document = {
        "id": f"{type}-{revenue}",
        "type": type,
        "close_date": "2026-03-25T17:40:00.000+0000",
        "session_id": "s-3",
        "session_number": 3,
        "device_id": TERMINAL,
        "store_id": STORE,
        "body": {"total": 9000, "revenue": revenue},
    }
    answer = register.send("PUT", f"/api/v1/inventories/stores/{STORE}/documents", [document | fields])
    assert answer.status_code == 200


def judge(as_of: datetime = NEXT_DAY) -> list[tuple[Decimal | None, str]]:
    reconcile(as_of=as_of, now=as_of)
    run("audit", f"--as-of={as_of.isoformat()}")
    rows = Discrepancy.objects.filter(kind=KindChoice.SHIFT_MISMATCH)
    return [(row.amount, row.status) for row in rows]


def test_a_receipt_that_never_came_is_missing_from_its_shift(register: Cloud) -> None:
    sell(register, "r1", 100)
    sell(register, "r2", 250, paymentSource="PAY_CASH")
    declare(register, 650)
    assert judge() == [(Decimal("-300.00"), Status.OPEN)]
    case = Discrepancy.objects.get(kind=KindChoice.SHIFT_MISMATCH).case
    assert (case.due, case.received, case.gap) == (Decimal(650), Decimal(350), Decimal(-300))


def test_the_receipt_that_comes_later_settles_the_shift(register: Cloud) -> None:
    sell(register, "r1", 100)
    declare(register, 400)
    assert judge() == [(Decimal("-300.00"), Status.OPEN)]
    sell(register, "r2", 300)
    assert judge() == [(Decimal("-300.00"), Status.RESOLVED)]
    assert Discrepancy.objects.get(kind=KindChoice.SHIFT_MISMATCH).reason == "later_documents"


def test_change_given_at_the_till_is_not_lost_between_closing_and_books(register: Cloud) -> None:
    """The customer pays 1000 in cash for 650 and gets 350 back: the shift is 650, whatever lies in the drawer."""
    sell(register, "r1", 650, paymentSource="PAY_CASH")
    declare(register, 650)
    assert judge() == []
    (row,) = REPORTS["shifts"].answer(ReportQuery(CLOSED_AT.date(), CLOSED_AT.date())).rows
    assert row.cells[5:11] == (Decimal(650), Decimal(0), Decimal(650), Decimal(650), Decimal(0), Decimal(0))
    assert row.cells[-2:] == (Decimal(650), Decimal(0))


def test_a_refund_by_the_register_is_in_both(register: Cloud) -> None:
    sell(register, "r1", 650)
    sell(register, "r2", 150, type="PAYBACK")
    declare(register, 500)
    assert judge() == []
    assert Shift.objects.get().declared_revenue == Decimal(500)


def test_a_shift_of_which_no_receipt_came_is_missing_as_a_whole(register: Cloud) -> None:
    declare(register, "158.50")
    assert judge() == [(Decimal("-158.50"), Status.OPEN)]


def test_an_informational_receipt_is_no_money_of_the_shift(register: Cloud) -> None:
    sell(register, "r1", 100)
    sell(register, "r2", 900, infoCheck=True)
    declare(register, 100)
    assert judge() == []


def test_a_shift_waits_for_its_receipts_as_long_as_the_shop_allows(register: Cloud) -> None:
    declare(register, 100)
    assert judge(CLOSED_AT + timedelta(minutes=59)) == []
    sell(register, "r1", 100)
    assert judge(CLOSED_AT + timedelta(minutes=61)) == []


def test_time_alone_brings_the_judgement(register: Cloud) -> None:
    declare(register, 100)
    assert judge(CLOSED_AT + timedelta(minutes=59)) == []
    assert judge(CLOSED_AT + timedelta(minutes=61)) == [(Decimal("-100.00"), Status.OPEN)]


def test_an_open_shift_and_one_without_figures_are_not_judged(register: Cloud) -> None:
    sell(register, "r1", 100)
    assert judge() == []
    declare(register, None, type="CLOSE_SESSION")
    assert judge() == []


def test_the_z_report_counts_and_what_the_closing_said_stands_beside_it(register: Cloud) -> None:
    sell(register, "r1", 100)
    declare(register, 90, type="CLOSE_SESSION")
    assert judge() == [(Decimal("10.00"), Status.OPEN)]
    declare(register, 120)
    assert judge() == [(Decimal("-20.00"), Status.OPEN)]
    evidence = Discrepancy.objects.get(kind=KindChoice.SHIFT_MISMATCH).evidence
    assert (evidence["closing"], evidence["report"], evidence["card"]) == ("90.00", "120.00", "100.00")


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_in_which_everything_comes_does_not_matter(register: Cloud, order: tuple[int, ...]) -> None:
    steps: Sequence[Step] = (
        lambda: sell(register, "r1", 100),
        lambda: sell(register, "r2", 200, shiftId="s-3"),
        lambda: declare(register, 450),
        lambda: declare(register, 440, type="CLOSE_SESSION"),
    )
    for number in order:
        steps[number]()
    assert judge() == [(Decimal("-150.00"), Status.OPEN)]
    assert Shift.objects.count() == 1


def test_numbers_that_begin_anew_are_another_shift(register: Cloud) -> None:
    sell(register, "r1", 100)
    declare(register, 100)
    declare(register, 70, id="later", session_id="s-99", close_date="2026-03-26T10:00:00.000+0000")
    assert judge(NEXT_DAY + timedelta(days=1)) == [(Decimal("-70.00"), Status.OPEN)]
    assert set(Shift.objects.values_list("key", "session_id")) == {("3", "s-3"), ("s-99", "s-99")}


def test_the_pages_and_the_api_show_a_shift(register: Cloud, client: Client) -> None:
    sell(register, "r1", 100)
    declare(register, 650)
    judge()
    row = Discrepancy.objects.get(kind=KindChoice.SHIFT_MISMATCH)
    client.force_login(make_accountant())
    for address in (
        "reconciliation/discrepancy/",
        f"reconciliation/discrepancy/{row.pk}/change/",
        "reconciliation/case/",
        f"reconciliation/case/{row.case_id}/change/",
        "shops/shift/",
        f"shops/shift/{row.case.shift_id}/change/",
    ):
        page = client.get(f"/admin/{address}")
        assert page.status_code == 200, address
        assert "650,00" in page.content.decode(), address
    detail = client.get(f"/api/office/discrepancies/{row.pk}")
    assert detail.status_code == 200, detail.content
    answer = detail.json()
    assert (answer["bill"], answer["receipt"], answer["shift"]) == (None, None, row.case.shift_id)
    assert EvotorAccount.objects.count() == 1


def test_a_shift_without_receipts_is_found_by_its_terminal(register: Cloud, client: Client) -> None:
    declare(register, 650)
    judge()
    client.force_login(make_accountant())
    terminal = Shift.objects.get().terminal
    others = Terminal.objects.create(shop=terminal.shop, evotor_id="another")
    found = client.get(f"/admin/reconciliation/discrepancy/?terminal={terminal.pk}")
    assert [row.kind for row in found.context["cl"].result_list] == [KindChoice.SHIFT_MISMATCH]
    assert not client.get(f"/admin/reconciliation/discrepancy/?terminal={others.pk}").context["cl"].result_list


def test_the_command_prints_a_shift(register: Cloud) -> None:
    declare(register, 650)
    judge()
    printed, _ = run("discrepancies", "--kind=shift_mismatch")
    assert "shift_mismatch" in printed
    assert "-650.00" in printed
