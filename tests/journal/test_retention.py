"""Retention removes the texts that nobody needs any more, says what it has removed, and leaves the books whole."""

from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from reconciliation import auditing
from reconciliation.evidence import OpenBooks
from reconciliation.models import Discrepancy, Period
from shops import auditing as fact_auditing
from shops import auditing_derived
from shops.exchange_log import read_oldest_first
from shops.models import Bill, ExchangeBody, ExchangeEvent, Forward, JournalFragment, RetentionRun, Shop
from shops.offers import read_bill_offer
from shops.partitions import create_partitions, list_partitions
from shops.retention import add_up_digests, find_due, remove_due
from tests.factories import NOON, make_event, make_fragment, make_person
from tests.logs import Log, export_log, import_log, line, make_bill, make_listed, make_receipt, run

pytestmark = pytest.mark.django_db

MARCH, APRIL = date(2020, 3, 1), date(2020, 4, 1)
NOW = datetime(2026, 1, 15, tzinfo=UTC)
TEA = [line("tea", 100)]


def write_month(month: int, shop: int = 7, *, paid: bool = True) -> Log:
    """A bill that was paid, or not, in a month of 2020."""
    log = Log(shop=shop, now=datetime(2020, month, 10, 10))
    bill = make_bill(f"{shop}{month}", TEA, date=f"2020-0{month}-10 09:00:00")
    log.ask_list(make_listed(bill))
    log.ask_bill(bill)
    if paid:
        log.deliver(make_receipt(f"r-{shop}-{month}", TEA, bill))
    return log


@pytest.fixture
def shop() -> Shop:
    """March is paid, April is not."""
    import_log(write_month(3).add(write_month(4, paid=False)))
    run("reconcile")
    shop = Shop.objects.get(number=7)
    shop.journal_retention_months = 60
    shop.save(update_fields=["journal_retention_months"])
    close(shop, date(2025, 12, 1))
    return shop


def close(shop: Shop, month: date) -> None:
    chief = make_person(f"chief {shop.pk}")
    Period.objects.create(shop=shop, month=month, closed_at=NOON, closed_by=chief, protocol={}, digest="")


def find_differences() -> list[str]:
    found = (fact_auditing.find_differences(), auditing_derived.find_differences(), auditing.find_differences())
    return list(chain(*found))


def remove(now: datetime = NOW) -> list[RetentionRun]:
    return remove_due(now, OpenBooks())


def count_texts(month: int, shop: int = 7) -> int:
    wanted = ExchangeEvent.objects.filter(shop=shop, occurred_at__month=month).values("pk")
    return ExchangeBody.objects.filter(entry_id__in=wanted).count()


def test_a_month_that_is_over_and_settled_loses_its_texts_and_nothing_else(shop: Shop) -> None:
    envelopes = list(ExchangeEvent.objects.order_by("pk").values())

    runs = remove()

    assert [(run.month, run.entries) for run in runs] == [(MARCH, 5)]
    assert (count_texts(3), count_texts(4)) == (0, 4)
    assert list(ExchangeEvent.objects.order_by("pk").values()) == envelopes
    assert Bill.objects.get(external_id="73").customer_name == "Полина Вымышленная"
    removed = ExchangeEvent.objects.filter(occurred_at__month=3, size_bytes__gt=0)
    assert runs[0].size_bytes == sum(event.size_bytes for event in removed)
    assert runs[0].digest == add_up_digests(event.digest for event in removed)
    assert all(event.text_is_removed and event.body == "" for event in removed)


def test_what_an_open_discrepancy_needs_stays_until_it_is_resolved(shop: Shop) -> None:
    assert [finding.kind for finding in Discrepancy.objects.all()] == ["opened_not_paid"]
    remove()
    assert count_texts(4) == 4

    Discrepancy.objects.update(status="resolved", reason="false_alarm", resolved_at=NOON)
    Bill.objects.update(on_offer=False)

    assert [(run.month, run.entries) for run in remove()] == [(APRIL, 4)]


def test_what_is_still_offered_can_still_be_told(shop: Shop) -> None:
    Discrepancy.objects.update(status="resolved", reason="false_alarm", resolved_at=NOON)
    remove()
    assert count_texts(4) == 1
    assert read_bill_offer(shop, "74") is not None


def test_a_bill_that_comes_back_after_all_is_not_known(shop: Shop) -> None:
    remove()
    Bill.objects.filter(external_id="73").update(on_offer=True)
    assert read_bill_offer(shop, "73") is None


def test_a_month_of_open_books_stays(shop: Shop) -> None:
    Period.objects.update(month=date(2020, 2, 1))
    assert remove() == []
    assert all(part.is_open for due in find_due(NOW, OpenBooks()) for part in due.parts)
    Period.objects.update(month=MARCH)
    assert remove() == []  # the last hours of March, UTC, are April in Moscow
    Period.objects.update(month=APRIL)
    assert [run.month for run in remove()] == [MARCH]


def test_books_that_were_never_closed_are_open(shop: Shop) -> None:
    Period.objects.all().delete()
    assert remove() == []


@pytest.mark.parametrize(
    ("now", "removed"),
    [
        (datetime(2025, 3, 31, 20, 59, tzinfo=UTC), []),
        (datetime(2025, 3, 31, 21, 0, tzinfo=UTC), []),  # April in Moscow, but March of UTC ends three hours later
        (datetime(2025, 4, 30, 20, 59, tzinfo=UTC), []),
        (datetime(2025, 4, 30, 21, 0, tzinfo=UTC), [MARCH]),  # May in Moscow: April of 2020 is kept
    ],
)
def test_the_term_is_counted_on_the_clock_of_the_shop(shop: Shop, now: datetime, removed: list[date]) -> None:
    assert [run.month for run in remove(now)] == removed


def test_without_a_term_everything_is_kept(shop: Shop) -> None:
    Shop.objects.update(journal_retention_months=None)
    assert (remove(), count_texts(3)) == ([], 5)


def test_what_waits_stays(shop: Shop) -> None:
    waiting, unsent, *_ = ExchangeEvent.objects.filter(occurred_at__month=3, size_bytes__gt=0).order_by("pk")
    ExchangeEvent.objects.filter(pk=waiting.pk).update(unjudged_since=NOON)
    Forward.objects.create(shop=shop, event=unsent, queued_at=NOON, next_attempt_at=NOON)
    remove()
    assert set(ExchangeBody.objects.filter(occurred_at__month=3).values_list("pk", flat=True)) == {
        waiting.pk,
        unsent.pk,
    }


def test_text_beside_the_entries_goes_with_them(shop: Shop) -> None:
    make_fragment(ExchangeEvent.objects.filter(occurred_at__month=3)[0])
    kept = make_fragment(ExchangeEvent.objects.filter(occurred_at__month=4)[0])
    assert [run.fragments for run in remove()] == [1]
    assert list(JournalFragment.objects.all()) == [kept]


def test_the_audit_knows_what_was_removed(shop: Shop) -> None:
    remove()
    assert find_differences() == []


def test_the_audit_tells_a_text_that_was_lost_otherwise(shop: Shop) -> None:
    lost = ExchangeEvent.objects.filter(occurred_at__month=4, size_bytes__gt=0)[0]
    remove()
    ExchangeBody.objects.filter(pk=lost.pk).delete()
    assert [line for line in find_differences() if "missing" in line] == [
        "shop 7, month 2020-04: 1 texts of the journal are missing, and retention has removed 0"
    ]


def test_the_audit_tells_a_record_that_is_not_true(shop: Shop) -> None:
    (run,) = remove()
    RetentionRun.objects.update(digest=add_up_digests(["another"]))
    assert any("2020-03: 5 texts" in line for line in find_differences())
    RetentionRun.objects.update(digest=run.digest, entries=4)
    assert any("removed 4" in line for line in find_differences())


def test_the_export_leaves_out_what_was_removed_and_says_so(shop: Shop, tmp_path: Any) -> None:
    remove()
    with override("en"):
        _, errors = run("export_exchange_log", f"--output={tmp_path / 'log.txt'}")
    assert errors == "left out, for retention has removed their texts: 5 entries\n"
    with (tmp_path / "log.txt").open("rb") as file:
        months = [entry.local_time.month for entry in read_oldest_first(file)]  # type: ignore[union-attr]
    assert months.count(3) == 1  # the answer to the receipt, which never had a text
    assert months.count(4) == 4


def test_an_import_of_the_same_log_again_brings_nothing_back(shop: Shop) -> None:
    remove()
    count = ExchangeEvent.objects.count()
    import_log(write_month(3))
    assert (ExchangeEvent.objects.count(), count_texts(3)) == (count, 0)


def test_what_comes_late_is_removed_later(shop: Shop) -> None:
    remove()
    late = Log(shop=7, now=datetime(2020, 3, 11, 10))
    late.ask_list()
    import_log(late)
    run("reconcile")
    assert [run.entries for run in remove()] == [2]
    assert find_differences() == []


def test_the_command_says_what_it_would_do(shop: Shop) -> None:
    with override("en"):
        output, _ = run("retention", "--dry-run")
        assert (count_texts(3), RetentionRun.objects.count()) == (5, 0)
        assert "2020-03 7: 5 texts" in output
        assert "2020-04 7: 0 texts, 0 bytes; needed and kept: 4" in output
        done, _ = run("retention")
    assert "7 · 2020-03: 5 texts removed" in done


def test_another_shop_keeps_its_own(shop: Shop) -> None:
    import_log(write_month(3, shop=8))
    assert [(run.shop_id, run.is_whole) for run in remove()] == [(7, False)]
    assert (count_texts(3), count_texts(3, shop=8)) == (0, 5)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL divides tables")
class TestWholeMonths:
    def test_a_month_that_nobody_keeps_is_dropped_whole(self, shop: Shop) -> None:
        assert MARCH in list_partitions()
        assert [run.is_whole for run in remove()] == [True]
        assert MARCH not in list_partitions()

    def test_what_is_needed_of_it_stays_readable(self, shop: Shop) -> None:
        needed = ExchangeEvent.objects.filter(occurred_at__month=3, size_bytes__gt=0)[0]
        body = needed.body
        ExchangeEvent.objects.filter(pk=needed.pk).update(unjudged_since=NOON)

        assert [(run.is_whole, run.entries) for run in remove()] == [(True, 4)]

        assert ExchangeEvent.objects.get(pk=needed.pk).body == body
        ExchangeEvent.objects.filter(pk=needed.pk).update(unjudged_since=None)
        assert [(run.is_whole, run.entries) for run in remove()] == [(False, 1)]
        assert find_differences() == []

    def test_a_month_comes_back_when_its_log_does(self, shop: Shop) -> None:
        remove()
        create_partitions([MARCH])
        event = make_event(shop, at=datetime(2020, 3, 5, tzinfo=UTC))
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM shops_exchangebody WHERE entry_id = %s", [event.pk])
            assert cursor.fetchone() == ("shops_exchangebody_y2020m03",)


def test_nothing_is_lost_of_an_export(shop: Shop) -> None:
    assert export_log() == write_month(3).add(write_month(4, paid=False)).write()
