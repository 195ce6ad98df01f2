"""People decide over the API as they do in the admin: every step is kept, and nobody else may take one."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status
from shops.models import Shop
from tests.factories import make_account, make_accountant, make_person, make_shop
from tests.office.conftest import log_in, read

STEPS = ("take", "assign", "comment", "resolve", "write-off", "confirm", "decline", "reopen", "undo")
EVERYTHING = {"comment": "x", "reason": "false_alarm", "assignee": "accountant", "account": "94"}

pytestmark = pytest.mark.django_db


def decide(client: Client, discrepancy: Discrepancy, step: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(f"/api/office/discrepancies/{discrepancy.pk}/{step}/", body, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_a_discrepancy_is_taken_resolved_reopened_and_undone(accountant: Client, ours: Discrepancy) -> None:
    taken = decide(accountant, ours, "take")
    assert (taken["status"], taken["assignee"]) == ("in_review", "accountant")
    decide(accountant, ours, "comment", comment="Позвонить в магазин")
    resolved = decide(accountant, ours, "resolve", reason="contents_changed", comment="Приказ 5")
    assert (resolved["status"], resolved["reason"]) == ("resolved", "contents_changed")
    assert decide(accountant, ours, "reopen", comment="Рано")["status"] == "reopened"
    undone = decide(accountant, ours, "undo")
    assert (undone["status"], undone["reason"]) == ("resolved", "contents_changed")
    steps = [(step["action"], step["actor"], step["to_status"], step["comment"]) for step in undone["history"]]
    assert steps == [
        ("opened", None, "open", ""),
        ("taken", "accountant", "in_review", ""),
        ("commented", "accountant", "in_review", "Позвонить в магазин"),
        ("resolved", "accountant", "resolved", "Приказ 5"),
        ("reopened", "accountant", "reopened", "Рано"),
        ("undone", "accountant", "resolved", ""),
    ]
    assert undone["history"][-1]["undoes"] == undone["history"][-2]["id"]
    assert undone == read(accountant, f"discrepancies/{ours.pk}")


def test_a_discrepancy_is_given_to_a_colleague_who_may_work_it(accountant: Client, ours: Discrepancy) -> None:
    make_accountant("colleague")
    make_person("viewer", "Viewers")
    given = decide(accountant, ours, "assign", assignee="colleague", comment="Твой магазин")
    assert (given["assignee"], given["history"][-1]["action"]) == ("colleague", "handed_over")
    for name in ("viewer", "nobody"):
        refused = decide(accountant, ours, "assign", 400, assignee=name)
        assert refused == {"assignee": ["Nobody of this login works on discrepancies."]}
    User.objects.filter(username="colleague").update(is_active=False)
    decide(accountant, ours, "assign", 400, assignee="colleague")


@pytest.mark.parametrize(
    ("step", "body", "complaint"),
    [
        ("resolve", {}, {"reason": ["This field is required."]}),
        ("resolve", {"reason": "later_documents"}, {"reason": ['"later_documents" is not a valid choice.']}),
        ("resolve", {"reason": "false_alarm", "coment": "x"}, {"coment": ["Unknown field. Known: comment, reason."]}),
        (
            "resolve",
            {"reason": "written_off"},
            {"reason": ["What is written off needs an account: use the step “write-off”."]},
        ),
        ("write-off", {}, {"account": ["This field is required."]}),
        ("decline", {}, {"comment": ["This field is required."]}),
        ("take", {"comment": "x"}, {"comment": ["Unknown field. Known: —."]}),
        ("comment", {}, {"comment": ["This field is required."]}),
        ("comment", {"comment": "  "}, {"comment": ["This field may not be blank."]}),
        ("comment", {"comment": 5.5}, None),
        ("comment", {"comment": ["x"]}, {"comment": ["Not a valid string."]}),
        ("comment", {"comment": "a\0"}, {"comment": ["Null characters are not allowed."]}),
        ("comment", {"comment": "\ud800"}, {"comment": ["Surrogate characters are not allowed: U+D800."]}),
        ("comment", {"comment": "x" * 10_001}, {"comment": ["Ensure this field has no more than 10000 characters."]}),
        ("assign", {}, {"assignee": ["This field is required."]}),
    ],
)
def test_a_decision_that_is_not_understood_is_refused(
    accountant: Client, ours: Discrepancy, step: str, body: dict[str, Any], complaint: Any
) -> None:
    if complaint is None:
        assert decide(accountant, ours, step, **body)["history"][-1]["comment"] == "5.5"
        return
    assert decide(accountant, ours, step, 400, **body) == complaint
    assert ours.steps.count() == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("NaN", "application/json", 400),
        ("[]", "application/json", 400),
        ("1", "application/json", 400),
        (b"\xff", "application/json", 400),
        ("[" * 20_000, "application/json", 400),
        ('{"comment": "' + "x" * 70_000 + '"}', "application/json", 413),
        ("comment=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_a_body_that_is_no_form_of_ours_is_refused(
    accountant: Client, ours: Discrepancy, body: Any, content_type: str, status: int
) -> None:
    answer = accountant.generic("POST", f"/api/office/discrepancies/{ours.pk}/comment/", body, content_type)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"


def test_a_body_without_fields_may_be_left_out(accountant: Client, ours: Discrepancy) -> None:
    answer = accountant.post(f"/api/office/discrepancies/{ours.pk}/take/", content_type="application/json")
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize(
    ("done", "step", "body", "complaint"),
    [
        ((), "undo", {}, "There is no decision to undo, or documents have changed the matter since."),
        ((), "reopen", {}, "It is not resolved: there is nothing to reopen."),
        (("resolve",), "take", {}, "It is resolved already. Reopen it first."),
        (("resolve",), "resolve", {"reason": "false_alarm"}, "It is resolved already. Reopen it first."),
        (("resolve",), "assign", {"assignee": "accountant"}, "It is resolved already. Reopen it first."),
    ],
)
def test_what_was_decided_before_may_forbid_it(
    accountant: Client, ours: Discrepancy, done: tuple[str, ...], step: str, body: dict[str, str], complaint: str
) -> None:
    for before in done:
        decide(accountant, ours, before, reason="false_alarm")
    assert decide(accountant, ours, step, 409, **body) == {"detail": complaint}
    assert ours.steps.count() == 1 + len(done)


def test_a_key_decides_nothing(office: Client, ours: Discrepancy) -> None:
    for step in STEPS:
        refused = decide(office, ours, step, 403, **EVERYTHING)
        assert refused == {
            "detail": "A key reads and decides nothing, for every decision names a person: log in to decide."
        }
    assert ours.steps.count() == 1


def test_whoever_may_only_look_decides_nothing(viewer: Client, ours: Discrepancy) -> None:
    worker = make_person("worker")
    worker.user_permissions.add(Permission.objects.get(codename="work_discrepancy"))
    for client in (viewer, log_in(worker)):
        for step in STEPS:
            refused = decide(client, ours, step, 403, **EVERYTHING)
            assert refused == {"detail": "You may not decide about discrepancies."}
    assert DiscrepancyStep.objects.count() == 1


def test_another_site_decides_nothing_in_the_name_of_who_has_logged_in(ours: Discrepancy) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_accountant())
    answer = client.post(f"/api/office/discrepancies/{ours.pk}/take/")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("CSRF")
    ours.refresh_from_db()
    assert (ours.status, ours.reason) == (Status.OPEN, "")


def test_a_discrepancy_that_is_not_there_is_not_found(accountant: Client, ours: Discrepancy) -> None:
    for step in STEPS:
        for bad_id in ("0", "x", "9" * 30):
            answer = accountant.post(f"/api/office/discrepancies/{bad_id}/{step}/")
            assert answer.status_code == 404


def test_reasons_of_people_are_all_accepted(accountant: Client, ours: Discrepancy) -> None:
    for reason in Reason.values:
        if reason not in (Reason.LATER_DOCUMENTS, Reason.WRITTEN_OFF):
            assert decide(accountant, ours, "resolve", reason=reason)["reason"] == reason
            decide(accountant, ours, "reopen")


def test_a_reason_that_does_not_suit_the_kind_is_refused(accountant: Client, ours: Discrepancy) -> None:
    Discrepancy.objects.update(kind="duplicate_receipt")
    refused = decide(accountant, ours, "resolve", 409, reason="rest_will_be_paid")
    assert refused["detail"].startswith("“the rest will be paid” does not suit “paid twice”. What does: ")


def test_a_difference_is_written_off_to_an_account_by_its_number_or_its_name(
    accountant: Client, ours: Discrepancy
) -> None:
    make_account("Недостача в кассе магазина", code="94")
    make_account("Чужой", code="95", shop=make_shop(3))
    for words in ("94", "Недостача в кассе магазина", "94 Недостача в кассе магазина"):
        written_off = decide(accountant, ours, "write-off", account=words, comment="Приказ 5")
        assert (written_off["status"], written_off["reason"]) == ("resolved", "written_off")
        assert written_off["write_off_account"] == "94 Недостача в кассе магазина"
        step = decide(accountant, ours, "undo")["history"][-1]
        assert (step["from_write_off_account"], step["write_off_account"]) == ("94 Недостача в кассе магазина", None)
    for words in ("95", "Чужой", "nothing"):
        (complaint,) = decide(accountant, ours, "write-off", 400, account=words)["account"]
        assert complaint.startswith("This names no single account. Accounts in use: ")
        assert "94 Недостача в кассе магазина" in complaint
        assert "Чужой" not in complaint


def test_a_write_off_beyond_the_limit_is_confirmed_by_a_colleague(accountant: Client, ours: Discrepancy) -> None:
    Shop.objects.update(write_off_limit=Decimal("59.99"))
    make_account("Недостача в кассе магазина")
    colleague = log_in(make_accountant("colleague"))
    proposed = decide(accountant, ours, "write-off", account="94")
    assert (proposed["status"], proposed["history"][-1]["action"]) == ("waiting", "proposed")
    own = {"detail": "You have proposed it yourself: somebody else has to confirm it."}
    assert decide(accountant, ours, "confirm", 409) == own
    declined = decide(colleague, ours, "decline", comment="Сначала спросите курьера")
    assert (declined["status"], declined["assignee"], declined["reason"]) == ("in_review", "accountant", None)
    decide(accountant, ours, "write-off", account="94")
    confirmed = decide(colleague, ours, "confirm")
    assert (confirmed["status"], confirmed["history"][-1]["actor"]) == ("resolved", "colleague")
    assert decide(colleague, ours, "confirm", 409) == {
        "detail": "Nothing that was proposed about it waits for confirmation."
    }


def test_who_may_not_write_off_resolves_and_does_not_write_off(ours: Discrepancy) -> None:
    worker = make_person("worker")
    names = ("view_discrepancy", "work_discrepancy")
    worker.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = log_in(worker)
    assert decide(client, ours, "write-off", 403, **EVERYTHING) == {"detail": "You may not write differences off."}
    Discrepancy.objects.filter(pk=ours.pk).update(status="waiting", reason="written_off")
    for step in ("confirm", "decline"):
        assert decide(client, ours, step, 403, **EVERYTHING) == {"detail": "You may not write differences off."}
    Discrepancy.objects.filter(pk=ours.pk).update(status="open", reason="")
    assert decide(client, ours, "resolve", reason="false_alarm")["status"] == "resolved"
