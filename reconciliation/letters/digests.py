"""Writes the daily digests: one for a person and day, from the hour that the person has chosen.

Days are those of the person's own time zone. A digest tells of whole days: of those since the day of the one before,
so that Monday's tells of Friday, Saturday and Sunday, and nothing falls between two of them or is told twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from reconciliation.letters.figures import Figures, ShopFigures, count_for
from reconciliation.letters.outbox import put_into_outbox
from reconciliation.letters.pages import Pages
from reconciliation.letters.readers import Reader, list_readers
from reconciliation.letters.wording import (
    Chapter,
    Content,
    Part,
    Row,
    describe,
    show_figures,
)
from reconciliation.models import Digest, KindChoice, Letter, Subscription
from shops.models import Shop
from shops.presentation import show_day, show_time

DAY = timedelta(days=1)
FARTHEST = 7 * DAY  # a digest tells of a week at the most


def write_due_digests(*, now: datetime) -> int:
    """Writes the digests whose hour has come and that are not written yet; how many letters that makes."""
    due = [
        (reader, day)
        for reader in list_readers()
        if reader.subscription.digest and (day := find_due_day(reader.subscription, now)) is not None
    ]
    written = _list_written({reader.person.pk: day for reader, day in due})
    return sum(
        _write_once(reader, day, written.get(reader.person.pk, []), now)
        for reader, day in due
        if day not in written.get(reader.person.pk, [])
    )


def find_due_day(subscription: Subscription, now: datetime) -> date | None:
    """The person's own day, if a digest is wanted on it and its hour has come."""
    local = now.astimezone(subscription.zone)
    is_wanted = str(local.isoweekday()) in subscription.weekdays and local.hour >= subscription.digest_hour
    return local.date() if is_wanted else None


@transaction.atomic
def write_sample(reader: Reader, *, now: datetime) -> Letter:
    """A digest as the person would get it now, marked as a sample. One a minute, at the most: more fail on the key."""
    day = now.astimezone(reader.subscription.zone).date()
    with override(reader.subscription.language):
        content = compose(reader, day - DAY, day)
        sample = replace(content, subject=_("Sample: %(subject)s") % {"subject": content.subject})
        key = f"sample:{reader.person.pk}:{now:%Y-%m-%dT%H:%M}"
        return put_into_outbox(reader.person, Letter.Kind.SAMPLE, key, sample, now=now)


def compose(reader: Reader, first: date, day: date) -> Content:
    """The digest of `day`, which tells of the days from `first` on, in the language that is active."""
    zone = reader.subscription.zone
    since, until = (datetime.combine(edge, time.min, zone) for edge in (first, day))
    counted = count_for(reader, since=since, until=until)
    total = sum((shop.unresolved for shop in counted.values()), Figures())
    words = {"day": show_day(day), "days": _show_days(first, day - DAY), "figures": show_figures(total)}
    lead = (
        _("Unresolved: %(figures)s. New and closed: %(days)s.") % words if counted else _("There is nothing to tell.")
    )
    chapters = [
        Chapter(_("Shop %(shop)s") % {"shop": shop}, list(_list_parts(shop, figures, words["days"], reader.pages)))
        for shop, figures in counted.items()
    ]
    subject = _("Discrepancies on %(day)s: unresolved %(figures)s") % words
    return Content(subject, lead, chapters, reader.pages.settings())


def _list_written(days: Mapping[int, date]) -> dict[int, list[date]]:
    """The days of the last digests of these people; one query."""
    written: dict[int, list[date]] = {}
    if days:
        rows = Digest.objects.filter(person__in=list(days), day__gt=min(days.values()) - FARTHEST - DAY)
        for person, day in rows.values_list("person", "day"):
            written.setdefault(person, []).append(day)
    return written


@transaction.atomic
def _write_once(reader: Reader, day: date, written: list[date], now: datetime) -> bool:
    """The digest of that day, unless another worker writes it; whether there was something to tell."""
    digest, is_mine = Digest.objects.get_or_create(person=reader.person, day=day)
    if not is_mine:
        return False
    before = [other for other in written if other < day]
    first = max(max(before), day - FARTHEST) if before else day - DAY
    with override(reader.subscription.language):
        content = compose(reader, first, day)
        if not content.chapters and not reader.subscription.also_when_nothing:
            return False
        key = f"digest:{reader.person.pk}:{day:%Y-%m-%d}"
        digest.letter = put_into_outbox(reader.person, Letter.Kind.DIGEST, key, content, now=now)
    digest.save(update_fields=["letter"])
    return True


def _list_parts(shop: Shop, figures: ShopFigures, days: str, pages: Pages) -> Iterator[Part]:
    """What there is to say of a shop, the most urgent first; what is nothing is left out."""
    now = [
        (_("You are asked"), figures.asked, pages.questions(shop)),
        (_("Answers to your questions, %(days)s") % {"days": days}, figures.answered, pages.queue(shop, status="all")),
        (_("Decided of what you have proposed, %(days)s") % {"days": days}, figures.decided, pages.queue(shop)),
        (_("New, %(days)s") % {"days": days}, figures.new, pages.queue(shop, status="all")),
        (_("Mine"), figures.mine, pages.queue(shop, who="mine")),
        (_("Waiting for my confirmation"), figures.to_confirm, pages.queue(shop, status="waiting")),
        (_("Unresolved"), figures.unresolved, pages.queue(shop)),
    ]
    rows = [Row(title, show_figures(part), link) for title, part, link in now if part.count]
    if rows:
        yield Part(_("In short"), rows)
    if figures.by_kind:
        kinds = [
            Row(str(KindChoice(kind).label), show_figures(part), pages.queue(shop, kind__exact=kind))
            for kind, part in figures.by_kind.items()
        ]
        yield Part(_("Unresolved, by kind"), kinds)
    if figures.worst:
        yield Part(_("The largest differences"), [describe(row, pages) for row in figures.worst])
    if oldest := figures.oldest:
        since = _("The oldest, open since %(time)s") % {"time": show_time(oldest.opened_at, shop.zone)}
        yield Part(since, [describe(oldest, pages)])
    if figures.closed:
        yield Part(
            _("Closed, %(days)s") % {"days": days},
            [Row(name or _("by later documents"), show_figures(part)) for name, part in figures.closed.items()],
        )


def _show_days(first: date, last: date) -> str:
    return show_day(first) if first == last else f"{show_day(first)} – {show_day(last)}"
