"""The use case of judging. Decisions of people are in `reconciliation.decisions`.

The rows that wait (`unjudged_since`) are the queue. A batch locks its subjects (bills, receipts, journal entries or
shifts, by primary key), then their discrepancies; a row that another worker holds is left to it. Two batches that
have each other's bills judged again (a marking code on both) may block each other: one of them is done again.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from reconciliation.applying import Application, JudgedCase, Subject, apply_judgements
from reconciliation.clean_bills import dismiss_clean_bills
from reconciliation.loading import (
    find_bills_of_requests,
    find_bills_sharing_marks,
    load_bill_cases,
    load_event_cases,
    load_receipt_cases,
    load_shift_cases,
)
from reconciliation.measuring import note_judged
from reconciliation.models import Case, Discrepancy, DiscrepancyStep
from reconciliation.rules import facts
from reconciliation.rules.judge import judge
from shops.allocated import pays_no_bill
from shops.exchange_log import Direction
from shops.models import Bill, ExchangeEvent, Receipt, ReceiptDelivery, Shift
from shops.planner_statistics import PlannerStatistics
from shops.recording.unanswered import record_unanswered
from shops.retrying import commit

BATCH_CASES = 400
SUBJECTS: tuple[tuple[type[Model], Subject], ...] = (
    (Bill, "bill"),
    (Receipt, "receipt"),
    (ExchangeEvent, "event"),
    (Shift, "shift"),
)
FINDINGS = (Case, Discrepancy, DiscrepancyStep)


@dataclass(slots=True)
class ReconcileReport:
    """What a run of the judge came to."""

    judged: int = 0
    opened: int = 0
    reopened: int = 0
    changed: int = 0
    closed: int = 0

    def add(self, application: Application, judged: int) -> None:
        self.judged += judged
        self.opened += application.opened
        self.reopened += application.reopened
        self.changed += application.changed
        self.closed += application.closed


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch came to: `rows` were waiting, `judged` of them have a case."""

    last_pk: int
    rows: int
    judged: int
    application: Application


@dataclass(slots=True)
class Reconciliation:
    """One run: every case that waits is judged as of `as_of`; `now` is when the steps are written down."""

    as_of: datetime
    now: datetime
    shop_number: int | None = None
    batch_cases: int = BATCH_CASES
    on_progress: Callable[[int], None] = lambda count: None
    report: ReconcileReport = field(default_factory=ReconcileReport)
    statistics: PlannerStatistics = field(default_factory=lambda: PlannerStatistics(FINDINGS))
    ends_at: float | None = None  # of the monotonic clock; no batch is begun after it

    def run(self, *, everything: bool = False) -> ReconcileReport:
        """Judges until nothing waits: judging a bill may have others judged again (a marking code on both)."""
        if not everything and self._is_idle():
            return self.report
        self._mark_due()
        if everything:
            self._mark_everything()
        self._judge_waiting()
        return self.report

    def run_for(self, seconds: int) -> bool:
        """Judges what is marked, about so long; whether the time was too short. Deadlines are marked by others."""
        self.ends_at = time.monotonic() + seconds
        self._judge_waiting()
        return self._is_time_up()

    def _judge_waiting(self) -> None:
        self._judge_all("event", find_events_to_judge(self.as_of), self._judge_event_rows)
        while self._judge_all_bills() and not self._is_time_up():
            pass
        self._judge_all("receipt", Receipt.objects.all(), self._judge_receipts)
        self._judge_all("shift", Shift.objects.all(), self._judge_shifts)

    def _is_time_up(self) -> bool:
        return self.ends_at is not None and time.monotonic() > self.ends_at

    def _is_idle(self) -> bool:
        """Whether nothing waits. A run every few seconds then only reads, and takes no lock."""
        due = self._of_shop(Case.objects.filter(judge_again_at__lt=self.as_of))
        waiting = (self._waiting(model._default_manager.all()) for model in (Bill, Receipt, ExchangeEvent, Shift))
        return not any(rows.exists() for rows in (due, *waiting))

    # --- marking: time alone, or a person, has cases judged again ---

    def _mark_due(self) -> None:
        due = self._of_shop(Case.objects.filter(judge_again_at__lt=self.as_of))
        for model, subject in SUBJECTS:
            marked = model._default_manager.filter(pk__in=due.filter(**{f"{subject}__isnull": False}).values(subject))
            marked.update(unjudged_since=self.now)

    def _mark_everything(self) -> None:
        self._of_shop(Bill.objects.all()).update(unjudged_since=self.now)
        self._of_shop(Receipt.objects.filter(pays_no_bill() | Q(case__isnull=False))).update(unjudged_since=self.now)
        self._of_shop(Shift.objects.exclude(closed_at=None)).update(unjudged_since=self.now)
        events = ExchangeEvent.objects.filter(
            ~Q(fault="") | Q(case__isnull=False) | Q(direction=Direction.REQUEST.value, answer=None)
        )
        # What a shop's CRM does not answer, or answers with rubbish, is no message of a register.
        events = events.exclude(origin=ExchangeEvent.Origin.UPSTREAM)
        self._of_shop(events).update(unjudged_since=self.now)

    # --- judging ---

    def judge_at_once(self, *, bill_ids: Collection[int], receipt_ids: Collection[int]) -> ReconcileReport:
        """Judges these cases within the caller's transaction, so that who decides sees what it came to."""
        judges: tuple[tuple[Subject, QuerySet[Any], Callable[[list[Any]], list[JudgedCase]]], ...] = (
            ("bill", Bill.objects.filter(pk__in=bill_ids), self._judge_bills),
            ("receipt", Receipt.objects.filter(pk__in=receipt_ids), self._judge_receipts),
        )
        for subject, rows, judge_rows in judges:
            batch = list(rows.order_by("pk").select_for_update(of=("self",)))
            if batch:
                self.report.add(*self._judge_batch(subject, batch, judge_rows))
        return self.report

    def _judge_event_rows(self, events: list[ExchangeEvent]) -> list[JudgedCase]:
        """Messages by themselves. Whether a request that names a bill was answered is a matter of that bill's case.

        Whoever was to answer it may have died before what it says was recorded.
        """
        requests = [event for event in events if event.is_request]
        record_unanswered([event for event in requests if event.answer_id is None], now=self.now)
        bills = set(find_bills_of_requests(requests).values())
        Bill.objects.filter(pk__in=bills).update(unjudged_since=self.now)
        delivered = ReceiptDelivery.objects.filter(event__in=requests)
        delivered = delivered.filter(Q(receipt__bill=None) | Q(receipt__is_allocated=True))
        Receipt.objects.filter(pk__in=delivered.values("receipt")).update(unjudged_since=self.now)
        cases = load_event_cases([event.pk for event in events])
        held = set(Case.objects.filter(event__in=events).values_list("event", flat=True))
        judged = [JudgedCase(event.shop_id, event.pk, judge(cases[event.pk], self.as_of)) for event in events]
        return [item for item in judged if item.judgement.findings or item.subject_id in held]

    def _judge_bills(self, bills: list[Bill]) -> list[JudgedCase]:
        cases = load_bill_cases([bill.pk for bill in bills])
        return [
            JudgedCase(bill.shop_id, bill.pk, judge(cases[bill.pk], self.as_of), bill.version, cases[bill.pk])
            for bill in bills
        ]

    def _judge_receipts(self, receipts: list[Receipt]) -> list[JudgedCase]:
        """Receipts without a bill. One that has found its bill leaves nothing to say in a case of its own."""
        cases = load_receipt_cases([receipt.pk for receipt in receipts])
        attached = [receipt.pk for receipt in receipts if receipt.pk not in cases]
        held = set(Case.objects.filter(receipt__in=attached).values_list("receipt_id", flat=True))
        return [
            JudgedCase(
                receipt.shop_id,
                receipt.pk,
                judge(cases.get(receipt.pk, facts.Case()), self.as_of),
                facts_of_case=cases.get(receipt.pk, facts.Case()),
            )
            for receipt in receipts
            if receipt.pk in cases or receipt.pk in held
        ]

    def _judge_shifts(self, shifts: list[Shift]) -> list[JudgedCase]:
        """Shifts of registers. One that is still open has nothing to be held against."""
        cases = load_shift_cases([shift.pk for shift in shifts])
        held = set(Case.objects.filter(shift__in=shifts).values_list("shift_id", flat=True))
        return [
            JudgedCase(shift.shop_id, shift.pk, judge(cases[shift.pk], self.as_of))
            for shift in shifts
            if shift.closed_at is not None or shift.pk in held
        ]

    def _judge_all(
        self, subject: Subject, rows: QuerySet[Any], judge_rows: Callable[[list[Any]], list[JudgedCase]]
    ) -> bool:
        """Judges all waiting rows in bounded batches, each its own transaction; whether there was any."""
        last_pk, found = 0, False
        while not self._is_time_up():
            waiting = self._waiting(rows).filter(pk__gt=last_pk).order_by("pk")
            done = commit(partial(self._judge_next, subject, waiting, judge_rows))
            if done is None:
                return found
            found, last_pk = True, done.last_pk
            self._note(done.application, done.judged, rows=done.rows)
        return found

    def _judge_all_bills(self) -> bool:
        """Judges all waiting bills: the clean ones are dismissed, the others are judged one by one."""
        last_pk, found = 0, False
        suspects: list[int] = []
        while not self._is_time_up():
            waiting = self._waiting(Bill.objects.all()).filter(pk__gt=last_pk).order_by("pk")
            window = commit(partial(dismiss_clean_bills, waiting, as_of=self.as_of, now=self.now))
            if window is None:
                break
            found, last_pk = True, window.last_pk
            self._note_dismissed(window.waited_since)
            suspects += window.suspects
            while len(suspects) >= self.batch_cases and not self._is_time_up():
                self._judge_suspects(suspects[: self.batch_cases])
                del suspects[: self.batch_cases]
        if suspects and not self._is_time_up():
            self._judge_suspects(suspects)
        return found

    def _note_dismissed(self, waited_since: Sequence[datetime | None]) -> None:
        if waited_since:
            note_judged("bill", waited_since, timezone.now())
            self._note(Application(), len(waited_since), rows=len(waited_since))

    def _judge_suspects(self, bill_ids: Collection[int]) -> None:
        """Judges those of these bills that still wait and that nobody else holds."""
        waiting = self._waiting(Bill.objects.filter(pk__in=bill_ids)).order_by("pk")
        waiting = waiting.only("shop_id", "version", "unjudged_since")
        if done := commit(partial(self._judge_next, "bill", waiting, self._judge_bills)):
            self._note(done.application, done.judged, rows=done.rows)

    def _note(self, application: Application, judged: int, *, rows: int) -> None:
        self.report.add(application, judged)
        self.statistics.wrote(self.report.judged)
        self.on_progress(rows)

    def _judge_next(
        self, subject: Subject, waiting: QuerySet[Any], judge_rows: Callable[[list[Any]], list[JudgedCase]]
    ) -> Done | None:
        """Judges the next rows that nobody else holds, within the caller's transaction; None where there are none."""
        batch = list(waiting.select_for_update(skip_locked=True, of=("self",))[: self.batch_cases])
        if not batch:
            return None
        application, judged = self._judge_batch(subject, batch, judge_rows)
        return Done(batch[-1].pk, len(batch), judged, application)

    def _judge_batch(
        self, subject: Subject, batch: list[Any], judge_rows: Callable[[list[Any]], list[JudgedCase]]
    ) -> tuple[Application, int]:
        """Judges locked rows; what that changed, and how many cases they are."""
        judged = judge_rows(batch)
        application = apply_judgements(subject, judged, as_of=self.as_of, now=self.now)
        self._clear(batch)
        self._judge_sharing_marks(application)
        return application, len(judged)

    def _clear(self, batch: Collection[Any]) -> None:
        """Takes the batch off the queue: its rows are locked, so nothing new can have come in between."""
        model = type(next(iter(batch)))
        model._default_manager.filter(pk__in=[row.pk for row in batch]).update(unjudged_since=None)
        note_judged(str(model._meta.model_name), [row.unjudged_since for row in batch], timezone.now())

    def _judge_sharing_marks(self, application: Application) -> None:
        """A marked item may stand on one paid bill only: when a payment changes, its other bills are judged again."""
        if application.payment_changed:
            sharing = find_bills_sharing_marks(application.payment_changed)
            Bill.objects.filter(pk__in=sharing).update(unjudged_since=self.now)

    def _waiting(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return self._of_shop(rows.filter(unjudged_since__isnull=False))

    def _of_shop(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows if self.shop_number is None else rows.filter(shop=self.shop_number)


def find_events_to_judge(as_of: datetime) -> QuerySet[ExchangeEvent]:
    """The messages that can be judged by themselves: a request whose answer may still come is not among them."""
    overdue = Q(occurred_at__lt=as_of - facts.UNANSWERED_AFTER, answer=None, direction=Direction.REQUEST.value)
    rows = ExchangeEvent.objects.filter(overdue | ~Q(fault="") | Q(answer__isnull=False) | Q(case__isnull=False))
    return rows


def reconcile(
    *,
    as_of: datetime,
    now: datetime,
    shop_number: int | None = None,
    everything: bool = False,
    batch_cases: int = BATCH_CASES,
    on_progress: Callable[[int], None] = lambda count: None,
) -> ReconcileReport:
    """Judges the cases that changed since they were last judged, or all of them (`everything`).

    `as_of` is the time that deadlines are held against. Running it twice changes nothing.
    """
    run = Reconciliation(as_of, now, shop_number, batch_cases, on_progress)
    return run.run(everything=everything)
