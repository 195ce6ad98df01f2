"""An accountant works a discrepancy in the admin: every step is kept, and nobody else may take one."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from reconciliation.models import Discrepancy, Reason, Status
from tests.factories import make_accountant, make_one_of_everything, make_person

QUEUE = "/admin/reconciliation/discrepancy/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def accountant(client: Client) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


def work(client: Client, discrepancy: Discrepancy, step: str, **answers: str) -> list[str]:
    """Presses a button of the page; gives what the page then says."""
    data = {f"{step}-{name}": answer for name, answer in answers.items()}
    answer = client.post(f"{QUEUE}{discrepancy.pk}/work/{step}/", data, follow=True)
    assert answer.redirect_chain == [(f"{QUEUE}{discrepancy.pk}/change/", 302)]
    discrepancy.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


def list_steps(discrepancy: Discrepancy) -> list[tuple[str, str, str]]:
    steps = discrepancy.steps.order_by("pk").values_list("action", "actor__username", "to_status")
    return [(action, actor or "", status) for action, actor, status in steps]


def test_a_discrepancy_is_taken_resolved_reopened_and_undone(client: Client, accountant: User) -> None:
    discrepancy = make_one_of_everything(1)
    assert work(client, discrepancy, "take") == ["Взято в работу."]
    assert (discrepancy.status, discrepancy.assignee) == (Status.IN_REVIEW, accountant)
    assert work(client, discrepancy, "comment", comment="Позвонить в магазин") == ["Комментарий добавлен."]
    resolved = work(client, discrepancy, "resolve", reason=Reason.WRITTEN_OFF, comment="Приказ 5")
    assert resolved == ["Закрыто."]
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.WRITTEN_OFF)
    assert work(client, discrepancy, "reopen") == ["Открыто снова."]
    assert work(client, discrepancy, "undo") == ["Последний шаг отменён."]
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.WRITTEN_OFF)
    assert list_steps(discrepancy) == [
        ("opened", "", "open"),
        ("taken", "accountant", "in_review"),
        ("commented", "accountant", "in_review"),
        ("resolved", "accountant", "resolved"),
        ("reopened", "accountant", "reopened"),
        ("undone", "accountant", "resolved"),
    ]
    page = client.get(f"{QUEUE}{discrepancy.pk}/change/").content.decode()
    assert "Позвонить в магазин" in page
    assert "Приказ 5" in page


def test_a_discrepancy_is_handed_to_a_colleague_who_may_work_it(client: Client, accountant: User) -> None:
    discrepancy = make_one_of_everything(1)
    colleague, viewer = make_accountant("colleague"), make_person("viewer", "Viewers")
    assert work(client, discrepancy, "hand-over", assignee=str(viewer.pk)) != ["Передано."]
    assert discrepancy.assignee is None
    assert work(client, discrepancy, "hand-over", assignee=str(colleague.pk)) == ["Передано."]
    assert discrepancy.assignee == colleague


@pytest.mark.parametrize(
    ("step", "answers", "complaint"),
    [
        ("resolve", {"comment": "без причины"}, "Причина: Обязательное поле."),
        ("resolve", {"reason": "later_documents"}, "Причина: Выберите корректный вариант."),
        ("comment", {"comment": "  "}, "Комментарий: Обязательное поле."),
        ("reopen", {}, "открывать снова нечего"),
        ("undo", {}, "Отменять нечего"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    client: Client, accountant: User, step: str, answers: dict[str, Any], complaint: str
) -> None:
    discrepancy = make_one_of_everything(1)
    (said,) = work(client, discrepancy, step, **answers)
    assert complaint in said
    assert list_steps(discrepancy) == [("opened", "", "open")]
    assert not LogEntry.objects.exists()


def test_a_step_is_taken_by_post_and_with_a_token(accountant: User) -> None:
    discrepancy = make_one_of_everything(1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(accountant)
    assert client.get(f"{QUEUE}{discrepancy.pk}/work/take/").status_code == 405
    assert client.post(f"{QUEUE}{discrepancy.pk}/work/take/").status_code == 403
    assert client.post(f"{QUEUE}{discrepancy.pk}/work/delete/").status_code == 403
    assert list_steps(discrepancy) == [("opened", "", "open")]


def test_a_step_stands_in_the_log_of_the_admin_too(client: Client, accountant: User) -> None:
    discrepancy = make_one_of_everything(1)
    work(client, discrepancy, "take")
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        accountant,
        str(discrepancy.pk),
        "Взято в работу.",
    )


def run_action(client: Client, action: str, rows: list[Discrepancy], **data: str) -> Any:
    keys = [str(row.pk) for row in rows]
    return client.post(f"{QUEUE}?status=all", {"action": action, "_selected_action": keys, **data}, follow=True)


def test_many_are_taken_and_resolved_at_once_with_one_reason(client: Client, accountant: User) -> None:
    rows = [make_one_of_everything(number) for number in (1, 2)]
    run_action(client, "take_selected", rows)
    asked = run_action(client, "resolve_selected", rows)
    assert "Выберите причину" in asked.content.decode()
    asked_again = run_action(client, "resolve_selected", rows, confirmed="1")
    assert "Обязательное поле" in asked_again.content.decode()
    answers = {"resolve-reason": "register_error", "resolve-comment": "Сбой"}
    done = run_action(client, "resolve_selected", rows, confirmed="1", **answers)
    assert [str(message) for message in done.context["messages"]] == ["2 расхождения: закрыто"]
    for row in rows:
        row.refresh_from_db()
        assert (row.status, row.reason, row.assignee) == (Status.RESOLVED, Reason.REGISTER_ERROR, accountant)
    run_action(client, "reopen_selected", rows)
    assert set(Discrepancy.objects.values_list("status", flat=True)) == {Status.REOPENED}


def test_viewers_are_offered_no_action_and_refused_every_one(client: Client) -> None:
    discrepancy = make_one_of_everything(1)
    client.force_login(make_person("viewer", "Viewers"))
    assert "_selected_action" not in client.get(QUEUE).content.decode()
    run_action(client, "take_selected", [discrepancy])
    assert list_steps(discrepancy) == [("opened", "", "open")]
