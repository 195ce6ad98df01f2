"""Letters to people: what was written, what became of it, and sending it again. Each sees the own ones."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from reconciliation.letters.outbox import send_again
from reconciliation.models import Letter
from reconciliation.permissions import SEND_LETTER_PERMISSION
from shops.admin_base import (
    ChoicesDropdownFilter,
    DayRangeFilter,
    DropdownFilter,
    FactAdmin,
    RelatedDropdownFilter,
    action,
    display,
)
from shops.presentation import NOTHING, show_beginning, show_time
from shops.visibility import scope_of
from shops.wording import word_remark

FAULT_SHOWN = 120
BY_PERSON = ("person", RelatedDropdownFilter)


class StateFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waiting")), ("sent", _("sent")), ("failed", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Letter]) -> QuerySet[Letter]:
        if self.value() == "waiting":
            return queryset.filter(next_attempt_at__isnull=False)
        if self.value() == "sent":
            return queryset.filter(sent_at__isnull=False)
        return queryset.filter(failed_at__isnull=False) if self.value() == "failed" else queryset


@admin.register(Letter)
class LetterAdmin(FactAdmin):
    change_form_template = "admin/reconciliation/letter/change_form.html"
    list_before_template = "admin/reconciliation/letter/list_before.html"
    actions_on_top = True
    actions = ("send_again_selected",)
    list_display = ("shown_created_at", "person", "kind", "subject", "shown_state", "shown_sent_at", "fault")
    list_select_related = ("person",)
    list_filter = (
        StateFilter,
        ("kind", ChoicesDropdownFilter),
        BY_PERSON,
        ("created_at", DayRangeFilter),
    )
    search_fields = ("subject", "address", "person__username", "person__last_name", "=message_id")
    search_help_text = _("Subject, person, address, message id")
    fields = (
        "shown_created_at",
        "shown_person",
        "kind",
        "subject",
        "shown_state",
        "address",
        "attempts",
        "shown_next_attempt_at",
        "shown_sent_at",
        "shown_failed_at",
        "message_id",
        "fault",
    )
    readonly_fields = (
        "shown_created_at",
        "shown_person",
        "shown_state",
        "shown_next_attempt_at",
        "shown_sent_at",
        "shown_failed_at",
        "fault",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Letter]:
        letters: QuerySet[Letter] = super().get_queryset(request).defer("html")
        if self.has_send_permission(request):
            return letters
        assert isinstance(request.user, User)
        return letters.filter(person=request.user)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Who sees only the own letters is not told whom else there is."""
        if self.has_send_permission(request):
            return self.list_filter
        return [chosen for chosen in self.list_filter if chosen != BY_PERSON]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, (extra_context or {}) | describe_server())

    def has_send_permission(self, request: HttpRequest) -> bool:
        """A letter may tell of any shop: the letters of all people are for who works in every shop."""
        return scope_of(request.user, SEND_LETTER_PERMISSION).every_shop

    @display(description=_("to whom"))
    def shown_person(self, letter: Letter) -> str:
        """Without the way to the user's page, which most may not open."""
        return letter.person.get_full_name() or letter.person.get_username()

    @display(description=_("written"), ordering="created_at")
    def shown_created_at(self, letter: Letter) -> str:
        return show_time(letter.created_at)

    @display(description=_("next attempt"), ordering="next_attempt_at")
    def shown_next_attempt_at(self, letter: Letter) -> str:
        return show_time(letter.next_attempt_at)

    @display(description=_("sent"), ordering="sent_at")
    def shown_sent_at(self, letter: Letter) -> str:
        return show_time(letter.sent_at)

    @display(description=_("given up"), ordering="failed_at")
    def shown_failed_at(self, letter: Letter) -> str:
        return show_time(letter.failed_at)

    @display(description=_("state"), ordering="next_attempt_at")
    def shown_state(self, letter: Letter) -> str:
        if letter.next_attempt_at is not None:
            return format_html('<span class="flag flag-warn">{}</span>', _("waiting"))
        if letter.failed_at is not None:
            return format_html('<span class="flag flag-bad">{}</span>', _("given up"))
        return format_html('<span class="flag flag-good">{}</span>', _("sent"))

    @display(description=_("last failure"))
    def fault(self, letter: Letter) -> str:
        return show_beginning(word_remark(letter.last_fault), FAULT_SHOWN) or NOTHING

    def describe(self, request: HttpRequest, row: Letter) -> dict[str, Any]:
        return {"can_send": self.has_send_permission(request)} | describe_server()

    @action(permissions=["send"], description=_("Send again…"))
    def send_again_selected(self, request: HttpRequest, queryset: QuerySet[Letter]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            context = self.admin_site.each_context(request) | {
                "title": gettext("Send again"),
                "opts": self.opts,
                "rows": queryset.select_related("person"),
                "selected": request.POST.getlist("_selected_action"),
            }
            return TemplateResponse(request, "admin/reconciliation/letter/send_again.html", context)
        rows = list(queryset)
        for row in rows:
            send_again(row, now=timezone.now())
            self.log_change(request, row, gettext("Sent again."))
        text = ngettext("%(count)d letter will be sent again.", "%(count)d letters will be sent again.", len(rows))
        messages.success(request, text % {"count": len(rows)})
        return None


def describe_server() -> dict[str, Any]:
    """Whether letters can go anywhere."""
    return {"waits_for_server": not settings.MAIL_SERVER_IS_SET}
