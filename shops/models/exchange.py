"""The exchange journal: every message of the protocol, verbatim, append-only. It is evidence."""

from typing import ClassVar, NamedTuple

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from shops.exchange_log import Direction
from shops.models.shop import Shop


class Moment(NamedTuple):
    """A place in the journal: messages of one second are ordered by their position in it."""

    second: int  # since the epoch
    position: int


class ExchangeEvent(models.Model):
    """One request or one answer, never edited: only what is learned of it (`answer`, `fault`) comes later.

    The time has whole seconds, as the log writes it; `position` is the order within the second.
    """

    SHOP_PATH = "shop"

    class DirectionChoice(models.TextChoices):
        REQUEST = Direction.REQUEST.value, _("Request")
        ANSWER = Direction.ANSWER.value, _("Answer")

    class Origin(models.TextChoices):
        LOG = "log", _("imported log")
        SERVED = "served", _("served here")
        UPSTREAM = "upstream", _("exchange with the shop's CRM")

    shop = models.ForeignKey(Shop, models.PROTECT, related_name="exchange_events", verbose_name=_("shop"))
    kind = models.CharField(_("kind"), max_length=64)
    direction = models.CharField(_("direction"), max_length=7, choices=DirectionChoice)
    occurred_at = models.DateTimeField(_("time"))
    position = models.PositiveIntegerField(_("order within the second"))
    body = models.TextField(_("body"), blank=True)
    verbatim = models.BinaryField(
        _("verbatim bytes"),
        null=True,
        help_text=_("The whole entry, where text cannot hold it or its frame is damaged."),
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
    fault = models.TextField(_("why it cannot be read"), blank=True)
    unjudged_since = models.DateTimeField(_("waits for judgement since"), null=True, blank=True)

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
            models.Index(fields=("id",), condition=models.Q(unjudged_since__isnull=False), name="event_unjudged"),
            models.Index(fields=("shop", "bill_external_id", "bill_number"), name="event_by_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} ({self.kind})"

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
