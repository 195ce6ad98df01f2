"""The daily digest: at the person's own hour, of whole days, once, in the own language, with figures that add up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reconciliation import decisions
from reconciliation.letters.digests import write_due_digests
from reconciliation.models import Digest, Discrepancy, DiscrepancyStep, Letter, Reason, Status, Subscription
from shops.models import Shop
from tests.factories import make_accountant, make_bill, make_discrepancy, make_person
from tests.notifications.conftest import make_reader, open_beyond, plain

pytestmark = pytest.mark.django_db

# A Wednesday, eight in the morning in Moscow.
WEDNESDAY = datetime(2026, 3, 25, 5, tzinfo=UTC)
TUESDAY_NOON = WEDNESDAY - timedelta(hours=20)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def read_letter(person: User) -> str:
    """The one letter that the person was written, its subject first."""
    letter = Letter.objects.get(person=person)
    return plain(f"{letter.subject}\n{letter.text}")


def resolve(discrepancy: Discrepancy, actor: User, at: datetime) -> None:
    decisions.resolve(discrepancy, actor=actor, reason=Reason.FALSE_ALARM, comment="", now=at)


def test_an_accountant_who_has_chosen_nothing_gets_one_at_eight_on_weekdays(shop: Shop) -> None:
    person = make_reader()
    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    assert write_due_digests(now=WEDNESDAY - timedelta(seconds=1)) == 0
    assert write_due_digests(now=WEDNESDAY) == 1
    for later in (timedelta(0), HOUR, 15 * HOUR):
        assert write_due_digests(now=WEDNESDAY + later) == 0, "one a day"
    for days, count in ((1, 1), (2, 1), (3, 0), (4, 0), (5, 1)):
        assert write_due_digests(now=WEDNESDAY + days * DAY) == count, f"{days} days later"
    assert Letter.objects.filter(person=person, kind=Letter.Kind.DIGEST).count() == 4


@pytest.mark.parametrize(
    ("zone", "hour", "utc"),
    [
        ("Asia/Vladivostok", 8, datetime(2026, 3, 24, 22, tzinfo=UTC)),
        ("Europe/Kaliningrad", 1, datetime(2026, 3, 24, 23, tzinfo=UTC)),
        ("Europe/Berlin", 7, datetime(2026, 3, 27, 6, tzinfo=UTC)),
        # Two days later its clocks have gone forward: seven is an hour earlier.
        ("Europe/Berlin", 7, datetime(2026, 3, 30, 5, tzinfo=UTC)),
    ],
)
def test_the_hour_is_that_of_the_persons_own_clock(shop: Shop, zone: str, hour: int, utc: datetime) -> None:
    person = make_reader(time_zone=zone, digest_hour=hour)
    open_beyond(shop, "-60.00", at=utc - DAY)
    assert write_due_digests(now=utc - timedelta(seconds=1)) == 0
    assert write_due_digests(now=utc) == 1
    local = utc.astimezone(Subscription.objects.get(person=person).zone)
    assert Digest.objects.get().day == local.date()


def test_only_the_chosen_days_have_one(shop: Shop) -> None:
    make_reader(weekdays="37")
    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    days = [number for number in range(7) if write_due_digests(now=WEDNESDAY + number * DAY)]
    assert days == [0, 4], "Wednesday and Sunday"


@pytest.mark.parametrize(
    ("opened_at", "is_new"),
    [
        (datetime(2026, 3, 23, 20, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 23, 21, tzinfo=UTC), True),
        (datetime(2026, 3, 24, 20, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 24, 21, tzinfo=UTC), False),
    ],
)
def test_yesterday_ends_at_the_persons_midnight(shop: Shop, opened_at: datetime, is_new: bool) -> None:
    person = make_reader()
    open_beyond(shop, "-60.00", at=opened_at)
    write_due_digests(now=WEDNESDAY)
    assert ("Новые за 24.03.2026: 1 на сумму -60,00" in read_letter(person)) == is_new
    assert "Не закрыто: 1 на сумму -60,00" in read_letter(person)


def test_mondays_digest_tells_of_the_days_since_fridays(shop: Shop) -> None:
    person = make_reader()
    friday, monday = WEDNESDAY + 2 * DAY, WEDNESDAY + 5 * DAY
    open_beyond(shop, "-1.00", at=friday - DAY)
    assert write_due_digests(now=friday) == 1
    for amount, at in (("-20.00", friday + HOUR), ("-300.00", friday + DAY), ("-4000.00", monday - HOUR)):
        open_beyond(shop, amount, at=at)
    assert write_due_digests(now=monday) == 1
    text = plain(Letter.objects.latest("pk").text)
    assert "Новые за 27.03.2026 – 29.03.2026: 2 на сумму -320,00" in text, "Monday's own is told on Tuesday"
    assert Digest.objects.filter(person=person).count() == 2


def test_the_figures_are_those_of_the_rows(shop: Shop, other_shop: Shop) -> None:
    """Whatever is told is counted here once more, row by row."""
    person, colleague = make_reader(), make_accountant("grace")
    rows = []
    for number in range(1, 14):
        for place in (shop, other_shop):
            at = TUESDAY_NOON if number % 2 else TUESDAY_NOON - 3 * DAY
            rows.append(open_beyond(place, f"-{number}.{place.pk:02}", at=at))
    for row in rows[4:10]:
        decisions.take(row, actor=person, now=TUESDAY_NOON + HOUR)
    for row in rows[10:16]:
        resolve(row, colleague, TUESDAY_NOON + HOUR)
    write_due_digests(now=WEDNESDAY)
    text = plain(Letter.objects.get(person=person).text)
    for place in (shop, other_shop):
        held = list(Discrepancy.objects.filter(case__shop=place))
        unresolved = [row for row in held if row.status != Status.RESOLVED]
        chapter = text.partition(f"\nМагазин {place}\n")[2].partition("\n==")[0]
        midnight = datetime(2026, 3, 23, 21, tzinfo=UTC)
        assert f"Новые за 24.03.2026: {tell([row for row in held if row.opened_at >= midnight])}\n" in chapter
        assert f"Мои: {tell([row for row in unresolved if row.assignee_id == person.pk])}\n" in chapter
        assert f"  Не закрыты: {tell(unresolved)}\n" in chapter
        assert f"  частичная оплата: {tell(unresolved)}\n" in chapter
        assert f"  grace: {tell([row for row in held if row.status == Status.RESOLVED])}\n" in chapter
        worst = sorted(unresolved, key=lambda row: abs(row.amount or Decimal(0)), reverse=True)[:10]
        listed = chapter.partition("Самые крупные расхождения\n")[2].partition("\n\n")[0]
        assert [line.rpartition(": ")[2] for line in listed.splitlines()] == [show(row.amount) for row in worst]


def tell(rows: list[Discrepancy]) -> str:
    return f"{len(rows)} на сумму {show(sum((row.amount or Decimal(0) for row in rows), Decimal(0)))}"


def show(amount: Decimal | None) -> str:
    return str(amount).replace(".", ",")


def test_what_waits_for_confirmation_is_told_to_who_may_confirm_it(shop: Shop) -> None:
    proposer, confirmer = make_reader("ada"), make_reader("grace")
    row = open_beyond(shop, "-5000.00", at=TUESDAY_NOON)
    Discrepancy.objects.filter(pk=row.pk).update(status=Status.WAITING, reason=Reason.WRITTEN_OFF)
    DiscrepancyStep.objects.create(
        discrepancy=row,
        at=TUESDAY_NOON,
        actor=proposer,
        action=DiscrepancyStep.Action.PROPOSED,
        from_status=Status.OPEN,
        to_status=Status.WAITING,
        reason=Reason.WRITTEN_OFF,
        amount=row.amount,
    )
    viewer = make_person("joan", "Viewers")
    viewer.email = "joan@books.example"
    viewer.save(update_fields=["email"])
    Subscription.objects.create(person=viewer)
    write_due_digests(now=WEDNESDAY)
    assert "Ждут моего подтверждения: 1 на сумму -5 000,00" in read_letter(confirmer)
    assert "Ждут моего подтверждения" not in read_letter(proposer), "nobody confirms an own proposal"
    assert "Ждут моего подтверждения" not in read_letter(viewer)


def test_what_was_undone_is_not_told_as_closed(shop: Shop) -> None:
    person = make_reader()
    row = open_beyond(shop, "-60.00", at=TUESDAY_NOON - DAY)
    resolve(row, person, TUESDAY_NOON)
    decisions.undo(row, actor=person, now=TUESDAY_NOON + HOUR)
    write_due_digests(now=WEDNESDAY)
    assert "Закрыты" not in read_letter(person)


def test_an_owner_is_told_of_the_own_shop_only(shop: Shop, other_shop: Shop) -> None:
    owner = make_person("owner", "Viewers")
    owner.email = "owner@tea.example"
    owner.save(update_fields=["email"])
    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    open_beyond(other_shop, "-70.00", at=TUESDAY_NOON)
    assert write_due_digests(now=WEDNESDAY) == 0, "who only looks is told when it is chosen"
    Subscription.objects.create(person=owner, every_shop=False).shops.set([shop])
    assert write_due_digests(now=WEDNESDAY) == 1
    text = read_letter(owner)
    assert "7 Чай" in text
    assert "Кофе" not in text
    assert "не закрыто 1 на сумму -60,00" in text


def test_who_wants_only_the_own_work_is_told_of_nothing_else(shop: Shop) -> None:
    person = make_reader(only_mine=True)
    mine = open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    open_beyond(shop, "-70.00", at=TUESDAY_NOON)
    decisions.take(mine, actor=person, now=TUESDAY_NOON)
    write_due_digests(now=WEDNESDAY)
    assert "не закрыто 1 на сумму -60,00" in read_letter(person)


def test_when_there_is_nothing_to_tell_no_letter_comes_unless_wanted(shop: Shop) -> None:
    quiet, curious = make_reader("ada"), make_reader("grace", also_when_nothing=True)
    assert write_due_digests(now=WEDNESDAY) == 1
    assert "Сообщать не о чем." in read_letter(curious)
    open_beyond(shop, "-60.00", at=WEDNESDAY + HOUR)
    assert write_due_digests(now=WEDNESDAY + 2 * HOUR) == 0, "the morning's digest is not made up for at noon"
    assert not Letter.objects.filter(person=quiet).exists()


@pytest.mark.parametrize("lack", ["address", "permission", "login", "wish"])
def test_who_may_not_or_will_not_be_told_gets_nothing(shop: Shop, lack: str) -> None:
    person = make_reader(digest=lack != "wish")
    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    if lack == "permission":
        person.memberships.all().delete()
    person.email = "" if lack == "address" else person.email
    person.is_active = lack != "login"
    person.save(update_fields=["email", "is_active"])
    assert write_due_digests(now=WEDNESDAY) == 0


def test_each_reads_the_own_language(shop: Shop) -> None:
    russian, english = make_reader("ada"), make_reader("grace", language="en")
    open_beyond(shop, "-31040.00", at=TUESDAY_NOON)
    write_due_digests(now=WEDNESDAY)
    assert read_letter(russian).startswith("Расхождения на 25.03.2026: не закрыто 1 на сумму -31 040,00\n")
    assert read_letter(english).startswith("Discrepancies on 03/25/2026: unresolved 1, -31,040.00 in all\n")
    assert "paid in part: 1, -31,040.00 in all" in read_letter(english)
    html = Letter.objects.get(person=english).html
    assert '<html lang="en">' in html


def test_every_difference_can_be_opened_from_the_letter(shop: Shop, mail: Any) -> None:
    person = make_reader()
    row = open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    write_due_digests(now=WEDNESDAY)
    assert f"https://books.example/admin/reconciliation/discrepancy/{row.pk}/change/\n" in read_letter(person)


def test_the_digest_is_told_of_at_most_a_week(shop: Shop) -> None:
    person = make_reader()
    Digest.objects.create(person=person, day=date(2026, 1, 12))
    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    write_due_digests(now=WEDNESDAY)
    assert "Новые за 24.03.2026: 1" in read_letter(person)


def test_many_rows_cost_no_more_queries(shop: Shop) -> None:
    make_reader()

    def count(now: datetime) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert write_due_digests(now=now) == 1
        return len(queries)

    open_beyond(shop, "-60.00", at=TUESDAY_NOON)
    few = count(WEDNESDAY)
    for _ in range(30):
        make_discrepancy(make_bill(shop))
    assert count(WEDNESDAY + DAY) == few <= 30
