"""What `discrepancies` prints, for people and for programs."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from reconciliation.models import Discrepancy
from reconciliation.write_offs import write_off
from tests.factories import NOON, make_account, make_accountant
from tests.logs import Log, judge, line, make_bill, make_receipt, read_discrepancies, run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _discrepancies() -> None:
    """Shop 7 has bill 501 paid in part (−300.00) and a stray receipt (40.00); shop 8 has bill 601 paid too much."""
    first, second = Log(shop=7), Log(shop=8)
    bill = make_bill("501", [line("tea", 100, 2), line("cup", 300)])
    first.ask_bill(bill)
    first.deliver(make_receipt("r-1", [line("tea", 100, 2)], bill))
    first.deliver(make_receipt("r-2", [line("pot", 40)]))
    bill = make_bill("601", [line("tea", 100)], customer="=HYPERLINK(1)", number="@SUM(1)")
    second.ask_bill(bill, at="11:00")
    second.deliver(make_receipt("r-3", [line("tea", 100), line("lid", 5)], bill, storeId="store-8"))
    judge(first.add(second))


def found(*arguments: str) -> list[str]:
    return [row["kind"] for row in read_discrepancies(*arguments)]


def test_a_row_says_what_a_program_needs() -> None:
    with override("en"):
        row = read_discrepancies("--bill=501")[0]

    assert row == {
        "shop": 7,
        "bill": "501",
        "receipt": None,
        "kind": "partial_receipt",
        "amount": "-300.00",
        "status": "open",
        "explanation": "200.00 of 500.00 received; 1 line unpaid: 300.00",
        "number": "501-CRM",
        "customer": "Полина Вымышленная",
        "due": "500.00",
        "received": "200.00",
        "reason": None,
        "write_off_account": None,
        "opened_at": row["opened_at"],
    }


def test_rows_come_by_shop_bill_and_receipt() -> None:
    assert [(row["shop"], row["bill"], row["receipt"]) for row in read_discrepancies()] == [
        (7, "501", None),
        (7, None, "r-2"),
        (8, "601", None),
    ]


@pytest.mark.parametrize(
    ("arguments", "kinds"),
    [
        ([], ["partial_receipt", "no_bill", "unexpected_item"]),
        (["--shop=7"], ["partial_receipt", "no_bill"]),
        (["--shop=9"], []),
        (["--kind=no_bill"], ["no_bill"]),
        (["--kind=no_bill", "--kind=unexpected_item"], ["no_bill", "unexpected_item"]),
        (["--bill=601"], ["unexpected_item"]),
        (["--receipt=r-2"], ["no_bill"]),
        (["--amount-from=5"], ["no_bill", "unexpected_item"]),
        (["--amount-to=-300"], ["partial_receipt"]),
        (["--amount-from=5.01", "--amount-to=40.00"], ["no_bill"]),
        (["--opened-since=2020-01-01"], ["partial_receipt", "no_bill", "unexpected_item"]),
        (["--opened-since=2100-01-01T00:00:00+03:00"], []),
    ],
)
def test_filters(arguments: list[str], kinds: list[str]) -> None:
    assert found(*arguments) == kinds


@pytest.mark.parametrize("argument", ["--kind=nothing", "--status=nothing", "--amount-from=x", "--opened-since=x"])
def test_a_filter_that_means_nothing_is_refused(argument: str) -> None:
    with pytest.raises(CommandError):
        call_command("discrepancies", argument)


def test_what_is_resolved_is_shown_when_it_is_asked_for() -> None:
    partial = Discrepancy.objects.get(kind="partial_receipt")
    write_off(partial, actor=make_accountant(), account=make_account(), comment="", now=NOON)

    assert found() == ["no_bill", "unexpected_item"]
    assert found("--status=resolved") == ["partial_receipt"]
    assert found("--status=resolved", "--status=open") == ["partial_receipt", "no_bill", "unexpected_item"]
    assert found("--status=all") == ["partial_receipt", "no_bill", "unexpected_item"]
    (resolved,) = read_discrepancies("--status=resolved")
    assert (resolved["reason"], resolved["write_off_account"]) == ("written_off", "94 Недостача в кассе")


def test_no_rows_are_an_empty_array() -> None:
    output, _ = run("discrepancies", "--format=json", "--shop=9")

    assert json.loads(output) == []


def test_a_spreadsheet_does_not_take_a_name_for_a_formula() -> None:
    output, _ = run("discrepancies", "--format=csv")
    rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(output)))

    assert rows[0]["amount"] == "-300.00"
    assert rows[2]["customer"] == "'=HYPERLINK(1)"
    assert rows[2]["number"] == "'@SUM(1)"


def test_a_table_has_a_line_for_each() -> None:
    with override("en"):
        output, _ = run("discrepancies")
    lines = output.splitlines()

    assert [text.split()[0] for text in lines] == ["shop", "7", "7", "8"]
    assert "-300.00" in lines[1]
    assert lines[1].endswith("200.00 of 500.00 received; 1 line unpaid: 300.00")


def test_the_sentence_is_in_the_readers_language() -> None:
    with override("ru"):
        russian = read_discrepancies("--bill=501")[0]["explanation"]

    assert russian == "получено 200,00 из 500,00; 1 позиция не оплачена: 300,00"
