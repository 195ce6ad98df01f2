"""When cases are judged, and what judging them again changes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reconciliation import services
from reconciliation.models import Case, Discrepancy, DiscrepancyStep
from reconciliation.services import reconcile as reconcile_all
from reconciliation.tasks import reconcile_unjudged
from shops.models import Bill, ExchangeEvent, Receipt
from tests.logs import Log, import_log, judge, line, make_bill, make_listed, make_receipt, read_clock, reconcile, run
from tests.processes import finish, start_command

TEA, CUP = line("tea", 100, 2), line("cup", 300)


def make_log(bills: int, *, shop: int = 7, first: int = 500, at: str = "10:00") -> Log:
    """Bills that are each paid in part, and receipts that belong to none."""
    log = Log(shop=shop, now=read_clock(at))
    for number in range(first, first + bills):
        bill = make_bill(str(number), [TEA, CUP])
        log.ask_bill(bill)
        log.deliver(make_receipt(f"r-{number}", [TEA], bill))
        log.deliver(make_receipt(f"stray-{number}", [CUP]))
        log.ask_list(answered=False)
        log.now += timedelta(minutes=2)
    return log


def read_state() -> list[Any]:
    models = (Case, Discrepancy, DiscrepancyStep)
    states: list[Any] = [list(model._default_manager.order_by("pk").values()) for model in models]
    for case in states[0]:
        case["judged_at"] = case["judged_as_of"] = None
    return states


def count_waiting() -> int:
    return sum(model._default_manager.exclude(unjudged_since=None).count() for model in (Bill, Receipt, ExchangeEvent))


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--all"], ["--shop=7"], ["--shop=7", "--all"]])
def test_judging_again_changes_nothing(options: list[str]) -> None:
    judge(make_log(3), as_of="20:00")
    before = read_state()
    run("reconcile", f"--as-of={read_clock('20:00').isoformat()}+03:00", *options)

    assert read_state() == before


@pytest.mark.django_db
def test_nothing_waits_after_it() -> None:
    judge(make_log(3), as_of="20:00")

    assert count_waiting() == 0


@pytest.mark.django_db
def test_only_the_shop_that_is_asked_for_is_judged() -> None:
    import_log(make_log(2).add(make_log(2, shop=8, first=600)))

    assert {row[0] for row in reconcile("20:00", shop=8)} == {"600", "601", None}
    assert set(Case.objects.values_list("shop", flat=True)) == {8}
    reconcile("20:00")
    assert set(Case.objects.values_list("shop", flat=True)) == {7, 8}


@pytest.mark.django_db
@pytest.mark.parametrize("batch_cases", [1, 2, 1000])
def test_the_size_of_a_batch_does_not_matter(monkeypatch: pytest.MonkeyPatch, batch_cases: int) -> None:
    import_log(make_log(5))
    now = timezone.now()
    report = services.Reconciliation(as_of=now, now=now, batch_cases=batch_cases).run()

    assert (report.judged, report.opened) == (15, 15)
    assert count_waiting() == 0


@pytest.mark.django_db
def test_a_deadline_that_has_passed_has_the_case_judged_again() -> None:
    log = Log()
    log.ask_bill(make_bill("501", [TEA]), at="10:00")
    import_log(log)

    assert reconcile("10:30") == set()
    assert Case.objects.get().judge_again_at is not None
    assert reconcile("34:00") == set()
    assert reconcile("34:01") == {("501", None, "opened_not_paid", None)}
    assert Case.objects.get().judge_again_at is None


@pytest.mark.django_db
def test_a_longer_grace_period_is_the_shops_own() -> None:
    log = Log()
    log.ask_bill(make_bill("501", [TEA]), at="10:00")
    import_log(log)
    Bill.objects.get().shop.__class__.objects.update(opened_not_paid_after=timedelta(hours=48))

    assert reconcile("34:01") == set()
    assert reconcile("58:01") == {("501", None, "opened_not_paid", None)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "add_fact",
    [
        lambda log, bill: log.deliver(make_receipt("r-2", [CUP], bill)),
        lambda log, bill: log.ask_bill(make_bill("501", [TEA])),
        lambda log, bill: log.ask_list(make_listed(bill)),
        lambda log, bill: log.deliver(make_receipt("r-1", [TEA], bill)),
    ],
)
def test_a_new_fact_has_its_case_judged_again_and_no_other(add_fact: Callable[[Log, Any], None]) -> None:
    log, later, bill = Log(), Log(), make_bill("501", [TEA, CUP])
    log.ask_bill(bill)
    log.deliver(make_receipt("r-1", [TEA], bill))
    log.ask_bill(make_bill("502", [TEA]))
    judge(log)
    later.now = read_clock("11:00")
    add_fact(later, bill)
    import_log(later)

    assert list(Bill.objects.exclude(unjudged_since=None).values_list("external_id", flat=True)) == ["501"]


@pytest.mark.django_db
def test_a_list_says_nothing_new_of_bills_that_are_not_paid() -> None:
    log, later, bill = Log(), Log(now=read_clock("11:00")), make_bill("501", [TEA])
    log.ask_list(make_listed(bill))
    judge(log)
    later.ask_list(make_listed(bill))
    import_log(later)

    assert count_waiting() == 0


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow_with_the_cases() -> None:
    counts = []
    for bills, at in ((5, "01:00"), (50, "04:00")):
        import_log(make_log(bills, first=100 * bills, at=at))
        now = timezone.now()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reconcile_all(as_of=now, now=now)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_task_does_the_same(settings: Any) -> None:
    settings.TASKS_RUN_IN_PROCESS = True
    import_log(make_log(2))
    reconcile_unjudged()

    assert count_waiting() == 0
    assert Discrepancy.objects.filter(kind="partial_receipt").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_judges_at_the_same_time_judge_each_case_once() -> None:
    import_log(make_log(120))
    processes = [start_command("reconcile", "--as-of=2026-03-26T20:00:00+03:00") for _ in range(2)]
    ended = [finish(process) for process in processes]

    assert [errors for code, _, errors in ended if code] == []
    assert sum(int(output.split("discrepancies found: ")[1].split(",")[0]) for _, output, _ in ended) == 360
    assert count_waiting() == 0
    assert DiscrepancyStep.objects.count() == Discrepancy.objects.count() == 360
    run("audit", "--as-of=2026-03-26T20:00:00+03:00")
