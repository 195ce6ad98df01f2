"""The exchange journal: every message of the protocol, verbatim, append-only. It is evidence.

A message stands in two tables. Its envelope (when, whose, what kind, which answer, the digest of the text) is small,
everything points to it, and it is kept for ever. Its text, most of the bytes, is an `ExchangeBody`. On PostgreSQL the
bodies are partitioned by month of UTC: retention drops whole months of text, and what is known of the messages, and
the facts that were learned from them, stay whole.

The envelopes themselves are not partitioned on purpose. The key of a partitioned table holds what it is divided by, so
that nothing could refer to an entry by its id, as bills, receipts, cases and answers do; every such join would have to
look into every month; and a dropped month would leave them pointing at nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from shops.exchange_log import Direction
from shops.models.shop import Shop
from shops.trace import REQUEST_ID_LENGTH

UNREAD = object()


class Moment(NamedTuple):
    """A place in the journal: messages of one second are ordered by their position in it."""

    second: int  # since the epoch
    position: int


class ExchangeBody(models.Model):
    """The text of an entry of the journal. An entry of no text has none.

    Written with its entry, and only by it. `occurred_at` repeats that of the entry: by it PostgreSQL finds the month,
    so whoever reads bodies names the time too. What has no partition of its own, as an entry of a register whose clock
    is years off, goes into the default one.
    """

    SHOP_PATH = ""  # it is read through its entry

    entry_id = models.BigIntegerField(_("journal entry"), primary_key=True)  # and the time, where it is partitioned
    occurred_at = models.DateTimeField(_("time"))
    body = models.TextField(_("body"), blank=True)
    verbatim = models.BinaryField(
        _("verbatim bytes"),
        null=True,
        help_text=_("The whole entry, where text cannot hold it or its frame is damaged."),
    )

    class Meta:
        verbose_name = _("text of a journal entry")
        verbose_name_plural = _("texts of journal entries")
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=("occurred_at",), name="exchange_body_by_time")]

    def __str__(self) -> str:
        return self.body[:60]

    @property
    def size_bytes(self) -> int:
        return len(self.body.encode()) if self.verbatim is None else len(self.verbatim)


class ExchangeEventQuerySet(models.QuerySet["ExchangeEvent"]):
    def bulk_create(self, objs: Iterable["ExchangeEvent"], *args: Any, **options: Any) -> list["ExchangeEvent"]:
        """Stores the entries, each with its text."""
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **options)
            ExchangeBody.objects.using(self.db).bulk_create(event.text_row for event in created if event.size_bytes)
        return created


class ExchangeEvent(models.Model):
    """One request or one answer, never edited: only what is learned of it (`answer`, `fault`) comes later.

    The time has whole seconds, as the log writes it; `position` is the order within the second. `size_bytes` is how
    long its text is or, where retention has removed it (`text_is_removed`), was.
    """

    SHOP_PATH = "shop"

    class DirectionChoice(models.TextChoices):
        REQUEST = Direction.REQUEST.value, _("Request")
        ANSWER = Direction.ANSWER.value, _("Answer")

    class Origin(models.TextChoices):
        LOG = "log", _("imported log")
        SERVED = "served", _("served here")
        UPSTREAM = "upstream", _("exchange with the shop's CRM")

    shop = models.ForeignKey(
        Shop, models.PROTECT, related_name="exchange_events", verbose_name=_("shop"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=64)
    direction = models.CharField(_("direction"), max_length=7, choices=DirectionChoice)
    occurred_at = models.DateTimeField(_("time"))
    position = models.PositiveIntegerField(_("order within the second"))
    size_bytes = models.IntegerField(_("size in bytes"), default=0, db_default=0)
    contents = models.ForeignObject(
        ExchangeBody,
        models.DO_NOTHING,
        from_fields=("id", "occurred_at"),
        to_fields=("entry_id", "occurred_at"),
        related_name="entry",
        null=True,
        editable=False,
    )
    digest = models.CharField(_("digest"), max_length=32)
    answer = models.OneToOneField(
        "self", models.PROTECT, related_name="request", verbose_name=_("answer"), null=True, blank=True
    )
    bill_external_id = models.CharField(_("bill it names"), max_length=200, blank=True)
    bill_number = models.CharField(_("bill number it names"), max_length=200, blank=True)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, default=Origin.LOG)
    remark = models.CharField(
        _("remark"), max_length=200, blank=True, help_text=_("What the program did differently from the usual.")
    )
    request_id = models.CharField(
        _("request"),
        max_length=REQUEST_ID_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text=_("As the log of the program and the answer's X-Request-ID name it."),
    )
    fault = models.TextField(_("why it cannot be read"), blank=True)
    unjudged_since = models.DateTimeField(_("waits for judgement since"), null=True, blank=True)

    objects = ExchangeEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange event")
        verbose_name_plural = _("exchange journal")
        ordering = ("-occurred_at", "-position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("occurred_at", "shop", "position"), name="event_has_its_own_place_in_the_journal"
            ),
            models.CheckConstraint(
                condition=models.Q(answer=None) | models.Q(direction=Direction.REQUEST.value),
                name="only_a_request_has_an_answer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("shop", "-occurred_at", "-position"), name="event_by_shop"),
            models.Index(
                fields=("shop", "id"), condition=models.Q(unjudged_since__isnull=False), name="event_unjudged_of_shop"
            ),
            models.Index(fields=("shop", "bill_external_id", "bill_number"), name="event_by_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} ({self.kind})"

    def save(self, *args: Any, **options: Any) -> None:
        """Stores the entry; a new one with its text."""
        is_new = self._state.adding
        with transaction.atomic(savepoint=False):
            super().save(*args, **options)
            if is_new and self.size_bytes:
                self.text_row.save(force_insert=True)

    @property
    def body(self) -> str:
        """The text as it came; empty where retention has removed it. One of many is read by `load_bodies`."""
        row = self._read_text()
        return row.body if row else ""

    @body.setter
    def body(self, text: str) -> None:
        self.say(text, self.verbatim)

    @property
    def verbatim(self) -> bytes | None:
        """The whole entry, where text cannot hold it or its frame is damaged."""
        row = self._read_text()
        return bytes(row.verbatim) if row and row.verbatim is not None else None

    @verbatim.setter
    def verbatim(self, entry: bytes | None) -> None:
        self.say(self.body, entry)

    @property
    def text_is_removed(self) -> bool:
        """Whether it had a text that is not there any more."""
        return self.size_bytes > 0 and self._read_text() is None

    @property
    def text_row(self) -> ExchangeBody:
        """The row of its text, as it is to be stored."""
        row = self._read_text()
        assert row is not None
        row.entry_id, row.occurred_at = self.pk, self.occurred_at
        return row

    @classmethod
    def load_bodies(cls, events: Sequence["ExchangeEvent"]) -> None:
        """Reads the texts of these entries in one query, out of their months alone."""
        field = cls._text_field()
        wanted = [event for event in events if event.size_bytes and not field.is_cached(event)]
        if not wanted:
            return
        times = [event.occurred_at for event in wanted]
        rows = ExchangeBody.objects.filter(
            entry_id__in=[event.pk for event in wanted], occurred_at__range=(min(times), max(times))
        ).in_bulk()
        for event in wanted:
            field.set_cached_value(event, rows.get(event.pk))

    @classmethod
    def _text_field(cls) -> "models.ForeignObject[Any, Any]":
        field = cls._meta.get_field("contents")
        assert isinstance(field, models.ForeignObject)
        return field

    def _read_text(self) -> ExchangeBody | None:
        field = self._text_field()
        row: Any = field.get_cached_value(self, UNREAD)
        if row is UNREAD:
            is_stored = self.size_bytes > 0 and not self._state.adding
            row = self._find_text() if is_stored else None
            field.set_cached_value(self, row)
        return row if isinstance(row, ExchangeBody) else None

    def _find_text(self) -> ExchangeBody | None:
        return ExchangeBody.objects.filter(entry_id=self.pk, occurred_at=self.occurred_at).first()

    def say(self, body: str, verbatim: bytes | None) -> None:
        """Sets `body` and `verbatim` at once."""
        row = ExchangeBody(body=body, verbatim=verbatim)
        self._text_field().set_cached_value(self, row)
        self.size_bytes = row.size_bytes

    @property
    def moment(self) -> Moment:
        """Where it stands in the journal; comparable."""
        return Moment(int(self.occurred_at.timestamp()), self.position)

    @property
    def is_request(self) -> bool:
        return self.direction == Direction.REQUEST

    @classmethod
    def without_answer(cls) -> models.QuerySet["ExchangeEvent"]:
        """Answers, and the requests that have none.

        Asked for rows where `answer` is NULL, SQLite reads half of the journal: it takes the index of answers, which is
        unique, for one that gives a single row. An expression leaves it to the better indexes.
        """
        answer = Coalesce("answer_id", 0, output_field=models.BigIntegerField())
        return cls._default_manager.alias(answer_or_none=answer).filter(answer_or_none=0)

    @classmethod
    def journal_order(cls) -> models.QuerySet["ExchangeEvent"]:
        """All, oldest first."""
        return cls._default_manager.order_by("occurred_at", "position")


class JournalFragment(models.Model):
    """Text of an imported log that belongs to no exchange: kept where it stood, so that the export gives it back."""

    SHOP_PATH = ""  # nobody knows whose it is: it may hold what any shop has sent

    text = models.BinaryField(_("text"))
    source = models.CharField(_("file"), max_length=500)
    line_number = models.PositiveBigIntegerField(_("line"))
    above = models.ForeignKey(
        ExchangeEvent,
        models.PROTECT,
        related_name="fragments_above",
        verbose_name=_("stood above"),
        null=True,
        blank=True,
    )
    mid_line = models.BooleanField(_("continues the line above"), default=False)
    digest = models.CharField(_("digest"), max_length=32)

    class Meta:
        verbose_name = _("journal fragment")
        verbose_name_plural = _("journal fragments")
        ordering = ("-pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("above", "digest"), name="fragment_is_kept_once"),
            models.UniqueConstraint(
                fields=("digest",), condition=models.Q(above=None), name="fragment_without_an_entry_is_kept_once"
            ),
        ]

    def __str__(self) -> str:
        return bytes(self.text[:60]).decode(errors="replace")
