"""Tells people at once of differences beyond their shop's threshold: noted with the step, written a minute later.

A large import finds thousands of differences in one run. So what is found within a minute goes into one letter to each
person: the worst ones in lines of their own, of the rest the count and the sum. What is about documents older than a
week is history that was brought in, and is told as a sum only. What has been resolved meanwhile is not told at all.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Min, Q, QuerySet, Sum
from django.db.models.functions import Abs, Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import override

from reconciliation.letters.figures import NEAR, Figures
from reconciliation.letters.outbox import put_into_outbox
from reconciliation.letters.pages import Pages
from reconciliation.letters.readers import Reader, list_readers
from reconciliation.letters.wording import Chapter, Content, Part, Row, describe, show_figures
from reconciliation.models import Alert, Discrepancy, DiscrepancyStep, Letter, Status
from shops.models import Shop

BUNDLED_FOR = timedelta(minutes=1)
HISTORY_AFTER = timedelta(days=7)
LISTED = 20

Action = DiscrepancyStep.Action
TOLD = (Action.OPENED, Action.RETURNED, Action.AMOUNT_CHANGED)


def note_alerts(steps: Iterable[DiscrepancyStep], shop_numbers: Mapping[int, int], *, now: datetime) -> None:
    """Notes the steps that people are to be told of, within the caller's transaction.

    `shop_numbers` gives the shop of each case. A difference exactly at the threshold is not beyond it.
    """
    limits = Shop.objects.filter(pk__in=set(shop_numbers.values()), alert_threshold__isnull=False)
    thresholds = dict(limits.values_list("pk", "alert_threshold"))
    if not thresholds:
        return
    Alert.objects.bulk_create(
        Alert(step=step, created_at=now)
        for step in steps
        if step.action in TOLD
        and step.amount is not None
        and (threshold := thresholds.get(shop_numbers[step.discrepancy.case_id])) is not None
        and abs(step.amount) > threshold
    )


@transaction.atomic
def write_alert_letters(*, now: datetime) -> int:
    """Writes the letters about what was noted a minute ago and since; how many. One writer gets each note."""
    waiting = Alert.objects.filter(told_at=None)
    if not waiting.filter(created_at__lte=now - BUNDLED_FOR).exists():
        return 0
    if not waiting.update(told_at=now):
        return 0
    told = Alert.objects.filter(told_at=now)
    first = told.aggregate(first=Min("pk"))["first"]
    readers = [reader for reader in list_readers() if reader.subscription.at_once]
    return sum(_write(reader, told, first, now) for reader in readers)


def _write(reader: Reader, told: QuerySet[Alert], first: int, now: datetime) -> bool:
    beyond = _select_beyond(reader.select()).filter(pk__in=told.values("step__discrepancy"))
    with override(reader.subscription.language):
        content = _compose(beyond, reader.pages)
        if content is None:
            return False
        put_into_outbox(reader.person, Letter.Kind.AT_ONCE, f"at_once:{reader.person.pk}:{first}", content, now=now)
    return True


def _select_beyond(rows: QuerySet[Discrepancy]) -> QuerySet[Any]:
    """Those that are unresolved and beyond the threshold now, with the time that their document speaks of."""
    threshold = F("case__shop__alert_threshold")
    document_at = Coalesce("case__bill__issued_at", "case__receipt__printed_at", "case__event__occurred_at")
    history_before = ExpressionWrapper(F("case__judged_as_of") - HISTORY_AFTER, output_field=DateTimeField())
    rows = rows.exclude(status=Status.RESOLVED).annotate(size=Abs("amount"))
    return rows.filter(size__gt=threshold).annotate(document_at=document_at, history_before=history_before)


def _compose(beyond: QuerySet[Any], pages: Pages) -> Content | None:
    """The letter about these, or None where there is nothing left to tell."""
    is_history = Q(document_at__lt=F("history_before"))
    recent = beyond.filter(Q(document_at=None) | ~is_history)
    listed = list(recent.select_related(*NEAR).order_by("-size", "pk")[:LISTED])
    rest, history = _sum(recent.exclude(pk__in=[row.pk for row in listed])), _sum(beyond.filter(is_history))
    every = sum((Figures(1, row.amount) for row in listed), rest + history)
    if not every.count:
        return None
    words = {"figures": show_figures(every)}
    subject = _("Beyond the threshold: %(figures)s") % words
    lead = _("Differences beyond the threshold of their shop were found: %(figures)s.") % words
    return Content(subject, lead, list(_list_chapters(listed, rest, history, pages)), pages.settings())


def _list_chapters(listed: list[Discrepancy], rest: Figures, history: Figures, pages: Pages) -> Iterator[Chapter]:
    queue = pages.queue()
    by_shop: dict[str, list[Row]] = {}
    for row in listed:
        by_shop.setdefault(str(row.case.shop), []).append(describe(row, pages))
    for shop, rows in by_shop.items():
        yield Chapter(_("Shop %(shop)s") % {"shop": shop}, [Part(_("The largest differences"), rows)])
    sums = [
        (_("Others beyond the threshold"), rest),
        (_("From documents more than %(days)d days old") % {"days": HISTORY_AFTER.days}, history),
    ]
    rows = [Row(title, show_figures(figures), queue) for title, figures in sums if figures.count]
    if rows:
        yield Chapter(_("Besides"), [Part(_("Only counted"), rows)])


def _sum(rows: QuerySet[Discrepancy]) -> Figures:
    found = rows.aggregate(count=Count("pk"), amount=Sum("amount"))
    return Figures(found["count"], found["amount"])
