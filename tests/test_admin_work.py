"""An accountant works a discrepancy in the admin: every step is kept, and nobody else may take one."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy, DiscrepancyStep, Reason, Status, WriteOffAccount
from shops.models import Shop
from tests.factories import make_account, make_accountant, make_one_of_everything, make_person

QUEUE = "/admin/reconciliation/discrepancy/"
MOST_QUERIES = 15

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
    resolved = work(client, discrepancy, "resolve", reason=Reason.PAID_ANOTHER_WAY, comment="Приказ 5")
    assert resolved == ["Закрыто."]
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.PAID_ANOTHER_WAY)
    assert work(client, discrepancy, "reopen") == ["Открыто снова."]
    assert work(client, discrepancy, "undo") == ["Последний шаг отменён."]
    assert (discrepancy.status, discrepancy.reason) == (Status.RESOLVED, Reason.PAID_ANOTHER_WAY)
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
        ("resolve", {"reason": "written_off"}, "Причина: Выберите корректный вариант."),
        ("write-off", {}, "Счёт списания: Обязательное поле."),
        ("confirm", {}, "Предложенного, что ждало бы подтверждения, здесь нет"),
        ("decline", {"comment": "Рано"}, "Предложенного, что ждало бы подтверждения, здесь нет"),
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
    assert set(Discrepancy.objects.values_list("status", flat=True)) == {Status.RESOLVED}, "it asks first"
    run_action(client, "reopen_selected", rows, confirmed="1")
    assert set(Discrepancy.objects.values_list("status", flat=True)) == {Status.REOPENED}


def test_a_bulk_action_says_how_many_were_done_and_which_were_refused_and_why(client: Client, accountant: User) -> None:
    first, second, third = (make_one_of_everything(number) for number in (1, 2, 3))
    work(client, second, "resolve", reason=Reason.FALSE_ALARM)
    done = run_action(client, "take_selected", [first, second, third])
    assert [str(message) for message in done.context["messages"]] == [
        "2 расхождения: взято в работу",
        f"1 расхождение осталось без изменений: Расхождение уже закрыто. Сначала откройте его снова. ({second})",
    ]
    assert [row.steps.filter(action="taken").count() for row in (first, second, third)] == [1, 0, 1]


def test_many_are_handed_over_commented_and_undone_at_once(client: Client, accountant: User) -> None:
    rows = [make_one_of_everything(number) for number in (1, 2)]
    colleague = make_accountant("colleague")
    run_action(client, "comment_selected", rows, confirmed="1", **{"comment-comment": "Один курьер"})
    answers = {"hand-over-assignee": str(colleague.pk), "hand-over-comment": "Твои"}
    run_action(client, "hand_over_selected", rows, confirmed="1", **answers)
    assert set(Discrepancy.objects.values_list("assignee__username", flat=True)) == {"colleague"}
    run_action(client, "undo_selected", rows, confirmed="1")
    for row in rows:
        steps = row.steps.order_by("pk").values_list("action", "comment")
        assert list(steps)[1:] == [("commented", "Один курьер"), ("handed_over", "Твои"), ("undone", "")]


def test_many_are_written_off_at_once_each_within_the_limit_of_its_shop(client: Client, accountant: User) -> None:
    rows = [make_one_of_everything(number) for number in (1, 2)]
    Shop.objects.filter(number=2).update(write_off_limit=Decimal("59.99"))
    account = make_account()
    own = make_account("Только первый", code="95", shop=rows[0].case.shop)
    asked = run_action(client, "write_off_selected", rows).content.decode()
    assert str(account) in asked
    assert str(own) not in asked, "it is not an account of both shops"
    assert "−\u2060120,00" in asked
    answers = {"write-off-account": str(account.pk), f"seen-{rows[0].pk}": "-60.00", f"seen-{rows[1].pk}": "-60.00"}
    done = run_action(client, "write_off_selected", rows, confirmed="1", **answers)
    assert [str(message) for message in done.context["messages"]] == [
        "1 расхождение: списано на «94 Недостача в кассе»",
        "1 расхождение: предложено списать на «94 Недостача в кассе», ждёт подтверждения",
    ]
    statuses = Discrepancy.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [Status.RESOLVED, Status.WAITING]


def test_an_amount_that_was_not_shown_is_not_written_off(client: Client, accountant: User) -> None:
    discrepancy, account = make_one_of_everything(1), make_account()
    (said,) = work(client, discrepancy, "write-off", account=str(account.pk), seen_amount="-50.00")
    assert "Тем временем документы изменили сумму" in said
    answers = {"write-off-account": str(account.pk), f"seen-{discrepancy.pk}": "-50.00"}
    run_action(client, "write_off_selected", [discrepancy], confirmed="1", **answers)
    assert list_steps(discrepancy) == [("opened", "", "open")]


def test_asking_about_many_costs_no_more_queries_than_about_two(client: Client, accountant: User) -> None:
    rows = [make_one_of_everything(number) for number in range(1, 9)]
    for action in ("write_off_selected", "hand_over_selected", "resolve_selected"):
        run_action(client, action, rows)  # what the program reads once only
        counts = []
        for chosen in (rows[:2], rows):
            with CaptureQueriesContext(connection) as queries:
                run_action(client, action, chosen)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= MOST_QUERIES


def test_too_many_at_once_are_refused(client: Client, accountant: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciliation.admin.bulk.ROWS_LIMIT", 1)
    rows = [make_one_of_everything(number) for number in (1, 2)]
    said = run_action(client, "take_selected", rows)
    assert "не больше 1" in str(next(iter(said.context["messages"])))
    assert not DiscrepancyStep.objects.filter(action="taken").exists()


def read_page(client: Client, discrepancy: Discrepancy) -> str:
    page: str = client.get(f"{QUEUE}{discrepancy.pk}/change/").content.decode()
    return page


def list_buttons(client: Client, discrepancy: Discrepancy) -> list[str]:
    """The steps that the page offers."""
    work = client.get(f"{QUEUE}{discrepancy.pk}/change/").context["work"]
    return [button.step.name for button in work]


def test_a_second_person_confirms_a_write_off(client: Client, accountant: User) -> None:
    discrepancy, account = make_one_of_everything(1), make_account()
    Shop.objects.update(write_off_limit=Decimal("59.99"))
    assert "второй человек" in read_page(client, discrepancy)
    said = work(client, discrepancy, "write-off", account=str(account.pk), seen_amount="-60.00")
    assert said == ["Предложено списать на «94 Недостача в кассе», ждёт подтверждения."]
    assert list_buttons(client, discrepancy) == ["decline", "ask", "comment", "undo"]
    (refusal,) = work(client, discrepancy, "confirm", seen_amount="-60.00")
    assert "подтвердить должен кто-то другой" in refusal

    client.force_login(make_accountant("colleague"))
    assert list_buttons(client, discrepancy) == ["confirm", "decline", "ask", "comment", "undo"]
    assert work(client, discrepancy, "decline", comment="Рано") == ["Отклонено."]
    assert (discrepancy.status, discrepancy.assignee) == (Status.IN_REVIEW, accountant)
    assert work(client, discrepancy, "undo") == ["Последний шаг отменён."]
    assert work(client, discrepancy, "confirm", seen_amount="-60.00") == ["Списано на «94 Недостача в кассе»."]
    page = read_page(client, discrepancy)
    assert "списано на «94 Недостача в кассе»" in page
    assert "предложено списать на «94 Недостача в кассе»" in page
    assert list_buttons(client, discrepancy) == ["comment", "reopen", "undo"]


def test_who_may_not_write_off_sees_no_button_and_is_refused(client: Client) -> None:
    discrepancy, account = make_one_of_everything(1), make_account()
    worker = make_person("worker")
    worker.user_permissions.set(
        Permission.objects.filter(codename__in=["view_discrepancy", "work_discrepancy", "view_case"])
    )
    client.force_login(worker)
    assert "write-off" not in list_buttons(client, discrepancy)
    assert "write_off_selected" not in client.get(QUEUE).content.decode()
    assert client.post(f"{QUEUE}{discrepancy.pk}/work/write-off/", {"write-off-comment": "x"}).status_code == 403
    Discrepancy.objects.update(status="waiting", reason="written_off")
    for step in ("confirm", "decline"):
        (refusal,) = work(client, discrepancy, step, comment="x")
        assert "нет такого права" in refusal
    Discrepancy.objects.update(status="open", reason="")
    run_action(client, "write_off_selected", [discrepancy], confirmed="1", **{"write-off-account": str(account.pk)})
    assert list_steps(discrepancy) == [("opened", "", "open")]


def test_a_reason_without_sense_for_the_kind_is_not_offered(client: Client, accountant: User) -> None:
    discrepancy = make_one_of_everything(1)
    Discrepancy.objects.update(kind="duplicate_receipt", evidence={"receipts": []})
    offered = client.get(f"{QUEUE}{discrepancy.pk}/change/").context["work"]
    (form,) = [button.form for button in offered if button.step.name == "resolve"]
    assert [value for value, _ in form.fields["reason"].choices] == [
        "",
        "correction_receipt",
        "bill_corrected",
        "register_error",
        "false_alarm",
    ]
    (said,) = work(client, discrepancy, "resolve", reason="rest_will_be_paid")
    assert "Выберите корректный вариант" in said


# --- the accounts --------------------------------------------------------------------------------------------

ACCOUNTS = "/admin/reconciliation/writeoffaccount/"


def test_a_chief_accountant_makes_accounts_and_an_accountant_sees_them(client: Client, accountant: User) -> None:
    form = {"shop": "", "code": "91.02", "name": "Курсовые разницы", "is_active": "on"}
    assert client.get(ACCOUNTS).status_code == 200
    assert client.post(f"{ACCOUNTS}add/", form).status_code == 403
    client.force_login(make_person("chief", "Chief accountants"))
    assert client.post(f"{ACCOUNTS}add/", form).status_code == 302
    made = WriteOffAccount.objects.get(code="91.02")
    assert client.post(f"{ACCOUNTS}{made.pk}/change/", form | {"name": "Прочие расходы"}).status_code == 302
    made.refresh_from_db()
    assert made.name == "Прочие расходы"
    assert client.post(f"{ACCOUNTS}{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_account_that_is_used_stays(admin_client: Client) -> None:
    discrepancy, account, unused = make_one_of_everything(1), make_account(), make_account("Лишний", code="1")
    work(admin_client, discrepancy, "write-off", account=str(account.pk))
    form = {"shop": "1", "code": "94", "name": "Недостачи", "is_active": ""}
    assert admin_client.post(f"{ACCOUNTS}{account.pk}/change/", form).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.shop, account.is_active) == ("Недостачи", None, False)
    assert admin_client.post(f"{ACCOUNTS}{account.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{ACCOUNTS}{unused.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(WriteOffAccount.objects.filter(code__in=["94", "1"])) == [account]


def test_viewers_are_offered_no_action_and_refused_every_one(client: Client) -> None:
    discrepancy = make_one_of_everything(1)
    client.force_login(make_person("viewer", "Viewers"))
    assert "_selected_action" not in client.get(QUEUE).content.decode()
    run_action(client, "take_selected", [discrepancy])
    assert list_steps(discrepancy) == [("opened", "", "open")]
