"""A register or a CRM that calls too often is told to wait; another one is not."""

from pytest_django.fixtures import Settings

from shops.wire_writer import read_json
from tests.logs import line, make_bill
from tests.protocol.conftest import Crm, Till


def test_a_register_has_a_limit_of_its_own(settings: Settings, till: Till, other_till: Till) -> None:
    settings.API_RATE_REGISTER = 2
    answers = [till.get("/api/v2/list") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1]["Retry-After"]) == 60
    assert "errors" in read_json(answers[-1].content)  # type: ignore[operator]
    assert other_till.get("/api/v2/list").status_code == 200


def test_a_crm_has_another_limit_than_a_register(settings: Settings, till: Till, crm: Crm) -> None:
    settings.API_RATE_CRM = 1
    bill = make_bill("1", [line("tea", 100)])
    assert [crm.put(bill).status_code for _ in range(2)] == [201, 429]
    assert till.list_ids() == [1]
