"""The exchange journal, in the look of the log itself."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from shops.admin_base import (
    ChoicesDropdownFilter,
    DayRangeFilter,
    DropdownFilter,
    FactAdmin,
    RelatedDropdownFilter,
    display,
)
from shops.models import ExchangeEvent, JournalFragment
from shops.presentation import indent_json, show_beginning, show_log_time
from shops.wording import word_remark

BEGINNING_LENGTH = 160
BEGINNING_READ = BEGINNING_LENGTH * 4  # blanks between the values fall away
INDENTED_LENGTH_LIMIT = 1_000_000  # a longer body is shown as it is
KINDS = ("LIST", "BILL", "RECEIPT")


class KindFilter(DropdownFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((kind, kind) for kind in KINDS), ("other", _("other"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeEvent]) -> QuerySet[ExchangeEvent]:
        if self.value() == "other":
            return queryset.exclude(kind__in=KINDS)
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ConditionFilter(DropdownFilter):
    title = _("condition")
    parameter_name = "condition"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("unreadable", _("unreadable")), ("unanswered", _("requests without an answer"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ExchangeEvent]) -> QuerySet[ExchangeEvent]:
        if self.value() == "unreadable":
            return queryset.filter(~Q(fault="") | Q(contents__verbatim__isnull=False))
        if self.value() == "unanswered":
            return queryset.filter(direction=ExchangeEvent.DirectionChoice.REQUEST, answer=None)
        return queryset


@admin.register(ExchangeEvent)
class ExchangeEventAdmin(FactAdmin):
    change_form_template = "admin/shops/exchangeevent/change_form.html"
    list_display = ("log_time", "shop_number", "direction_and_kind", "beginning_of_body")
    list_select_related = ("shop",)
    list_filter = (
        ("shop", RelatedDropdownFilter),
        KindFilter,
        ("direction", ChoicesDropdownFilter),
        ("occurred_at", DayRangeFilter),
        ("origin", ChoicesDropdownFilter),
        ConditionFilter,
    )
    search_fields = ("=bill_external_id", "=bill_number", "contents__body")
    search_help_text = _("Text of a body, bill number or id")
    ordering = ("-occurred_at", "-position", "-pk")
    readonly_fields = ("log_time", "direction_and_kind", "other_half", "shown_remark")

    def get_fields(self, request: HttpRequest, obj: ExchangeEvent | None = None) -> Any:
        """What it names and what is wrong with it, only where there is something to say."""
        optional = ("bill_external_id", "bill_number", "request_id", "fault")
        told = [name for name in optional if getattr(obj, name, "")]
        if obj is not None and obj.remark:
            told.append("shown_remark")
        return ["log_time", "shop", "direction_and_kind", "other_half", "origin", *told]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExchangeEvent]:
        # A body can have megabytes: a list reads the beginning of each.
        beginning = Substr("contents__body", 1, BEGINNING_READ)
        events: QuerySet[ExchangeEvent] = super().get_queryset(request)
        return events.annotate(beginning=beginning)

    @display(description=_("time"), ordering="occurred_at")
    def log_time(self, event: ExchangeEvent) -> str:
        return show_log_time(event.occurred_at, event.shop.zone)

    @display(description=_("shop"), ordering="shop")
    def shop_number(self, event: ExchangeEvent) -> str:
        return str(event.shop_id)

    @display(description=_("kind and direction"), ordering="kind")
    def direction_and_kind(self, event: ExchangeEvent) -> str:
        if event.fault:
            return format_html('{} <span class="flag flag-bad">{}</span>', event, _("unreadable"))
        return str(event)

    @display(description=_("body"))
    def beginning_of_body(self, event: ExchangeEvent) -> str:
        beginning: str = event.beginning or ""  # type: ignore[attr-defined]
        return format_html('<code class="body-beginning">{}</code>', show_beginning(beginning, BEGINNING_LENGTH))

    @display(description=_("remark"))
    def shown_remark(self, event: ExchangeEvent) -> str:
        return word_remark(event.remark)

    @display(description=_("its other half"))
    def other_half(self, event: ExchangeEvent) -> str:
        """The answer of a request, or the request of an answer."""
        half = event.answer if event.is_request else getattr(event, "request", None)
        if half is None:
            return str(_("no answer in the journal")) if event.is_request else str(_("no request in the journal"))
        return format_html('<a href="../../{}/change/">{} · {}</a>', half.pk, half, self.log_time(half))

    def describe(self, request: HttpRequest, row: ExchangeEvent) -> dict[str, Any]:
        return {
            "indented_body": indent_body(row.body),
            "text_is_removed": row.text_is_removed,
            "erasures": row.erasures.select_related("erasure"),
            "verbatim_text": bytes(row.verbatim).decode(errors="backslashreplace") if row.verbatim else "",
        }


def indent_body(body: str) -> str:
    """The body for the eye; empty where it is no JSON, or very long."""
    if not body or len(body) > INDENTED_LENGTH_LIMIT:
        return ""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return indent_json(body)


@admin.register(JournalFragment)
class JournalFragmentAdmin(FactAdmin):
    change_form_template = "admin/shops/journalfragment/change_form.html"
    list_display = ("beginning_of_text", "source", "line_number", "above")
    list_select_related = ("above__shop",)
    search_fields = ("source",)
    search_help_text = _("File")
    fields = ("source", "line_number", "above")

    @display(description=_("text"))
    def beginning_of_text(self, fragment: JournalFragment) -> str:
        text = bytes(fragment.text[:BEGINNING_READ]).decode(errors="replace")
        return show_beginning(text, BEGINNING_LENGTH) or str(_("(blank)"))

    def describe(self, request: HttpRequest, row: JournalFragment) -> dict[str, Any]:
        return {"text": bytes(row.text).decode(errors="backslashreplace")}
