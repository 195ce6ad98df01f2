"""How a shop starts: its registers get another address, and keep their token, their CRM and everything else."""

import io
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from shops.models import ApiKey, ExchangeBody, Forward, Upstream
from shops.relay.forwarding import forward_due
from tests.logs import export_log, line, make_bill, run
from tests.protocol.conftest import Till
from tests.relay.conftest import OldCrm

TOKEN = "what-the-registers-always-sent"
TEA, CUP = line("101", 7600), line("102", 7920)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def type_in(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


@pytest.fixture
def registers_till(db: None, old_crm: OldCrm, typed: Any) -> Till:
    run("create_shop", "9", name="Цветы")
    run("set_upstream", "9", old_crm.address)
    typed(f"{TOKEN}\n")
    output, _ = run("create_api_key", "9", "--existing", role="register")
    assert TOKEN not in output
    return Till(TOKEN, Client())


def test_a_register_notices_nothing(registers_till: Till, old_crm: OldCrm) -> None:
    bill, other = make_bill("1", [TEA, CUP]), make_bill("2", [TEA])
    old_crm.bills = [bill, other]
    assert registers_till.get("/api/v2/list").content == old_crm.answer(old_crm.seen[-1])[1]  # type: ignore[index]
    assert registers_till.bill("1")["summ"] == 15520
    registers_till.sell("r-1", [TEA, CUP], bill)
    assert registers_till.list_ids() == [2]
    forward_due()
    assert old_crm.receipt_ids() == ["r-1"]
    assert {seen.headers["Authorization"] for seen in old_crm.seen} == {f"Bearer {TOKEN}"}


def test_the_token_is_in_no_journal_and_is_forgotten_with_the_last_receipt(
    registers_till: Till, old_crm: OldCrm
) -> None:
    registers_till.offers()
    registers_till.sell("r-1", [TEA], None)
    forward_due()
    assert Forward.objects.get().headers == {}
    assert TOKEN.encode() not in export_log()
    assert TOKEN not in " ".join(ExchangeBody.objects.values_list("body", flat=True))
    assert TOKEN not in str(ApiKey.objects.values())


@pytest.mark.parametrize("token", ["", "short", "with blanks in its midst", "ещё-какой-то-длинный-токен"])
def test_a_token_that_is_no_safe_key_is_not_taken_over(db: None, typed: Any, token: str) -> None:
    run("create_shop", "9")
    typed(token)
    with pytest.raises(CommandError):
        run("create_api_key", "9", "--existing", role="register")


def test_a_token_opens_one_shop_only(registers_till: Till, typed: Any) -> None:
    run("create_shop", "10")
    typed(TOKEN)
    with pytest.raises(CommandError):
        run("create_api_key", "10", "--existing", role="register")


def test_the_crm_of_a_shop_is_set_and_taken_away_by_a_command(db: None, typed: Any) -> None:
    run("create_shop", "9")
    typed("a-token")
    run("set_upstream", "9", "https://crm.example/index.php", "--token", "--timeout-seconds=3")
    upstream = Upstream.objects.get()
    assert (upstream.shop_id, upstream.token, upstream.timeout_seconds) == (9, "a-token", 3)
    assert upstream.has_front_controller
    for wrong in (
        ("9", "crm.example"),
        ("9", "https://crm.example/", "--timeout-seconds=10"),
        ("8", "https://c.example/"),
    ):
        with pytest.raises(CommandError):
            run("set_upstream", *wrong)
    run("set_upstream", "9", "--none")
    assert not Upstream.objects.exists()
