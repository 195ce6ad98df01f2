"""What exceeds a shop's threshold is told at once: one letter for a run, nothing twice, the boundary exact."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from reconciliation.applying import JudgedCase, apply_judgements
from reconciliation.letters.alerts import write_alert_letters
from reconciliation.models import Alert, Discrepancy, Letter
from reconciliation.rules.findings import Finding, Judgement
from reconciliation.rules.kinds import Kind
from shops.models import Bill, Shop
from tests.factories import NOON, make_bill
from tests.notifications.conftest import make_reader, open_beyond, plain

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def judge(bill: Bill, *amounts: str) -> None:
    """The judge finds that this is missing; nothing where no amount is given."""
    findings = tuple(Finding(Kind.PARTIAL_RECEIPT, Decimal(amount), {}) for amount in amounts)
    received = bill.total + sum((Decimal(amount) for amount in amounts), Decimal(0))
    judgement = Judgement(bill.total, received, not findings, findings, judge_again_at=None)
    apply_judgements("bill", [JudgedCase(bill.shop_id, bill.pk, judgement)], as_of=NOON, now=NOON)


@pytest.mark.parametrize(
    ("amount", "is_told"),
    [("-1000.00", False), ("-1000.01", True), ("1000.00", False), ("1000.01", True), ("-999.99", False)],
)
def test_what_exceeds_the_threshold_by_a_kopeck_is_told(shop: Shop, amount: str, is_told: bool) -> None:
    make_reader()
    judge(make_bill(shop, total="5000.00"), amount)
    assert write_alert_letters(now=NOON + MINUTE) == is_told


def test_a_shop_without_a_threshold_has_nothing_told(shop: Shop) -> None:
    make_reader()
    Shop.objects.update(alert_threshold=None)
    judge(make_bill(shop, total="500000.00"), "-400000.00")
    assert write_alert_letters(now=NOON + MINUTE) == 0
    assert not Alert.objects.exists()


def test_a_step_is_told_once(shop: Shop) -> None:
    make_reader()
    bill = make_bill(shop, total="5000.00")
    judge(bill, "-2000.00")
    assert write_alert_letters(now=NOON + MINUTE) == 1
    judge(bill, "-2000.00")
    for minutes in range(2, 5):
        assert write_alert_letters(now=NOON + minutes * MINUTE) == 0


def test_an_amount_that_changes_and_a_cause_that_returns_are_told_again(shop: Shop) -> None:
    make_reader()
    bill = make_bill(shop, total="5000.00")
    for minute, amounts in enumerate([("-2000.00",), ("-3000.00",), (), ("-3000.00",)], start=1):
        judge(bill, *amounts)
        Alert.objects.filter(told_at=None).update(created_at=NOON)
        assert write_alert_letters(now=NOON + minute * MINUTE) == bool(amounts)
    assert Letter.objects.count() == 3


def test_what_is_resolved_within_the_minute_is_not_told(shop: Shop) -> None:
    make_reader()
    bill = make_bill(shop, total="5000.00")
    judge(bill, "-2000.00")
    judge(bill)
    assert write_alert_letters(now=NOON + MINUTE) == 0
    assert not Alert.objects.filter(told_at=None).exists()


def test_letters_wait_a_minute_for_what_else_is_found(shop: Shop) -> None:
    person = make_reader()
    open_beyond(shop, "-2000.00")
    assert write_alert_letters(now=NOON + MINUTE - timedelta(seconds=1)) == 0
    open_beyond(shop, "-3000.00", at=NOON + timedelta(seconds=50))
    assert write_alert_letters(now=NOON + MINUTE) == 1
    letter = Letter.objects.get()
    assert (letter.person, letter.kind) == (person, Letter.Kind.AT_ONCE)
    assert plain(letter.subject) == "Расхождения свыше порога: 2 на сумму -5 000,00"


def test_a_large_import_is_one_letter_of_the_worst_and_a_sum(shop: Shop) -> None:
    make_reader("ada")
    make_reader("grace")
    for number in range(1, 51):
        open_beyond(shop, f"-{1000 + number}.00")
    for _ in range(3):
        history = open_beyond(shop, "-9000.00")
        Bill.objects.filter(case=history.case).update(issued_at=NOON - timedelta(days=7, seconds=1))
    with CaptureQueriesContext(connection) as queries:
        assert write_alert_letters(now=NOON + MINUTE) == 2
    assert len(queries) <= 30
    text = plain(Letter.objects.filter(person__username="ada").get().text)
    listed = [line.rpartition(": ")[2] for line in text.splitlines() if line.startswith("  счёт")]
    assert listed == [f"-{number // 1000} {number % 1000:03},00" for number in range(1050, 1030, -1)]
    rest = sum(range(1001, 1031))
    assert f"Остальные свыше порога: 30 на сумму -{rest // 1000} {rest % 1000:03},00" in text
    assert "По документам старше 7 дней: 3 на сумму -27 000,00" in text
    total = sum(range(1001, 1051)) + 27000
    assert f"53 на сумму -{total // 1000} {total % 1000:03},00" in text.splitlines()[0]


def test_a_document_of_a_week_ago_is_not_history_yet(shop: Shop) -> None:
    make_reader()
    row = open_beyond(shop, "-2000.00")
    Bill.objects.filter(case=row.case).update(issued_at=NOON - timedelta(days=7))
    write_alert_letters(now=NOON + MINUTE)
    assert "старше" not in Letter.objects.get().text


def test_each_is_told_of_the_chosen_shops_and_of_the_own_work(shop: Shop, other_shop: Shop) -> None:
    make_reader("both")
    make_reader("tea", shops=[shop])
    make_reader("none", at_once=False)
    mine = make_reader("mine", only_mine=True)
    open_beyond(shop, "-2000.00")
    other = open_beyond(other_shop, "-3000.00")
    Discrepancy.objects.filter(pk=other.pk).update(assignee=mine)
    assert write_alert_letters(now=NOON + MINUTE) == 3
    subjects = {letter.person.username: plain(letter.subject).rpartition(": ")[2] for letter in Letter.objects.all()}
    assert subjects == {"both": "2 на сумму -5 000,00", "tea": "1 на сумму -2 000,00", "mine": "1 на сумму -3 000,00"}


def test_a_judgement_that_is_taken_back_leaves_nothing_to_tell(shop: Shop) -> None:
    make_reader()
    bill = make_bill(shop, total="5000.00")
    with pytest.raises(RuntimeError), transaction.atomic():
        judge(bill, "-2000.00")
        assert Alert.objects.get().step == Discrepancy.objects.get().steps.get()
        raise RuntimeError
    assert not Alert.objects.exists()
    assert write_alert_letters(now=NOON + MINUTE) == 0
