"""Shops take turns in being judged: who is handed out to whom, and when again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from reconciliation import tasks, turns
from reconciliation.models import Case, Discrepancy, JudgingTurn
from reconciliation.turns import HANDED_OUT_FOR, Turn, hand_out_turns, judge_in_turns, mark_due, take_turn
from shops.models import Bill
from tests.logs import Log, import_log, line, make_bill, make_receipt

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def make_log(shop: int, bills: int = 1) -> Log:
    """Bills of which a part was paid."""
    log = Log(shop=shop)
    for number in range(1, bills + 1):
        bill = make_bill(str(number), [line("tea", 100), line("cup", 50)])
        log.ask_bill(bill)
        log.deliver(make_receipt(f"{shop}-{number}", [line("tea", 100)], bill))
    return log


def count_found() -> int:
    return Discrepancy.objects.filter(kind="partial_receipt").count()


def test_each_shop_where_something_waits_is_handed_out_once() -> None:
    import_log(make_log(7).add(make_log(8)))
    assert hand_out_turns(now=NOW) == [Turn(7, 1), Turn(8, 1)]
    assert hand_out_turns(now=NOW + HANDED_OUT_FOR / 2) == []


def test_what_nobody_has_taken_up_is_handed_out_again() -> None:
    import_log(make_log(7))
    hand_out_turns(now=NOW)
    assert hand_out_turns(now=NOW + HANDED_OUT_FOR) == [Turn(7, 1)]


def test_a_shop_that_is_done_is_free_for_what_comes_next() -> None:
    import_log(make_log(7))
    hand_out_turns(now=NOW)
    assert not take_turn(7, now=NOW)
    assert count_found() == 1
    assert hand_out_turns(now=NOW) == []
    Bill.objects.update(unjudged_since=NOW)
    assert hand_out_turns(now=NOW) == [Turn(7, 1)]


def test_a_turn_that_was_too_short_queues_again_and_stays_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import_log(make_log(7, bills=3))
    hand_out_turns(now=NOW)
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    assert take_turn(7, now=NOW)
    assert JudgingTurn.objects.get().handed_out_until == NOW + HANDED_OUT_FOR


def test_a_turn_judges_its_own_shop_only() -> None:
    import_log(make_log(7).add(make_log(8)))
    take_turn(8, now=NOW)
    assert set(Case.objects.values_list("shop", flat=True)) == {8}


def test_a_large_shop_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    import_log(make_log(7, bills=5).add(make_log(8)))
    monkeypatch.setattr(turns, "CASES_PER_WORKER", 2)
    shared = connection.vendor == "postgresql"  # the other has one writer at a time
    workers = [turn.workers for turn in hand_out_turns(now=NOW)]
    assert workers[1] == 1
    assert (workers[0] > 1) == shared


def test_one_process_judges_all_shops_in_turn() -> None:
    import_log(make_log(7, bills=2).add(make_log(8)))
    judge_in_turns(now=NOW)
    assert count_found() == 3
    assert hand_out_turns(now=NOW) == []


def test_a_deadline_that_has_passed_has_a_case_judged_again() -> None:
    log = Log()
    log.ask_bill(make_bill("1", [line("tea", 100)]))
    import_log(log)
    opened_at = Bill.objects.get().opened_by.occurred_at  # type: ignore[union-attr]
    early = opened_at + timedelta(hours=1)
    judge_in_turns(now=early)
    assert mark_due(now=early) == 0
    late = opened_at + timedelta(hours=25)
    assert (mark_due(now=late), mark_due(now=late)) == (1, 0)
    judge_in_turns(now=late)
    assert Discrepancy.objects.get().kind == "opened_not_paid"


def test_a_request_whose_answer_may_still_come_is_no_work() -> None:
    log = Log()
    log.ask_bill(make_bill("1", [line("tea", 100)]), answered=False)
    import_log(log)
    asked_at = log.now - timedelta(hours=3)  # Moscow's clock
    soon = timezone.make_aware(asked_at, timezone.get_fixed_timezone(0)) + timedelta(seconds=30)
    assert hand_out_turns(now=soon) == []
    assert hand_out_turns(now=soon + timedelta(minutes=2)) == [Turn(7, 1)]


def test_with_a_broker_the_turns_are_sent_to_workers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASKS_RUN_IN_PROCESS = False
    import_log(make_log(7).add(make_log(8)))
    sent: list[Any] = []
    monkeypatch.setattr(tasks.judge_shop, "apply_async", lambda arguments, **options: sent.append((arguments, options)))
    tasks.reconcile_unjudged()
    assert [arguments for arguments, _ in sent] == [(7,), (8,)]
    assert {options["expires"] for _, options in sent} == {HANDED_OUT_FOR.total_seconds()}
    tasks.judge_shop(7)
    assert count_found() == 1


def test_a_broker_that_is_down_fails_no_task(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASKS_RUN_IN_PROCESS = False
    import_log(make_log(7))

    def refuse(*arguments: Any, **options: Any) -> None:
        raise ConnectionError("refused")

    monkeypatch.setattr(tasks.judge_shop, "apply_async", refuse)
    tasks.reconcile_unjudged()
    assert hand_out_turns(now=timezone.now() + HANDED_OUT_FOR) == [Turn(7, 1)]
