"""Log-ins in the admin: failed ones, which an administrator forgives, and the sessions and second step of a person."""

from typing import Any

import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401  (registers what is taken out below)
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from crmpos.accounts import two_step
from crmpos.accounts.client import word_device
from crmpos.accounts.lockout import find_release_of_attempt, is_locked, unlock
from crmpos.accounts.models import FailedLogIn
from crmpos.accounts.sessions import end_sessions, list_sessions
from shops.admin_base import FactAdmin, action, display
from shops.presentation import NOTHING, show_time
from shops.visibility import scope_of, visible_people

# Their pages show the secrets of people's apps: nobody is to read those.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)


@admin.register(FailedLogIn)
class FailedLogInAdmin(FactAdmin):
    actions_on_top = True
    actions = ("unlock_selected",)
    list_display = ("shown_time", "username", "ip_address", "device", "failures_since_start", "shown_until")
    search_fields = ("username", "=ip_address")
    search_help_text = _("Name, address")
    fields = ("username", "ip_address", "device", "failures_since_start", "shown_time", "shown_until", "path_info")
    readonly_fields = ("device", "shown_time", "shown_until")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FailedLogIn]:
        """Of the people whom the reader sees. What else was tried is for who sees every shop."""
        attempts: QuerySet[FailedLogIn] = super().get_queryset(request)
        if scope_of(request.user, "crmpos.view_failedlogin").every_shop:
            return attempts
        return attempts.filter(username__in=visible_people(request.user).values("username"))

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("crmpos.delete_failedlogin")

    @display(description=_("last attempt"), ordering="attempt_time")
    def shown_time(self, attempt: FailedLogIn) -> str:
        return show_time(attempt.attempt_time)

    @display(description=_("device"))
    def device(self, attempt: FailedLogIn) -> str:
        return word_device(attempt.user_agent)

    @display(description=_("locked out until"))
    def shown_until(self, attempt: FailedLogIn) -> str:
        until = find_release_of_attempt(attempt)
        return format_html('<span class="flag flag-bad">{}</span>', show_time(until)) if until else NOTHING

    @action(permissions=["unlock"], description=_("Unlock these names"))
    def unlock_selected(self, request: HttpRequest, queryset: QuerySet[FailedLogIn]) -> None:
        names = sorted({attempt.username for attempt in queryset if attempt.username})
        for attempt in queryset:
            self.log_change(request, attempt, gettext("Unlocked."))
        for name in names:
            unlock(name)
        text = ngettext("%(count)d name is unlocked.", "%(count)d names are unlocked.", len(names))
        messages.success(request, text % {"count": len(names)})


class LogInsOfPersonMixin:
    """On the page of a person: sessions, lock-out and second step, each with what may be done about it."""

    change_form_outer_after_template = "admin/auth/user/log_ins.html"

    def get_urls(self) -> list[URLPattern]:
        deeds = {"end-sessions": self.end_all, "unlock": self.unlock, "two-step-off": self.turn_off}
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"auth_user_{name}")  # type: ignore[attr-defined]
            for name, view in deeds.items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        person = self.get_object(request, object_id)  # type: ignore[attr-defined]
        context = self._describe(request, person) if person is not None else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))  # type: ignore[misc,no-any-return]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Whose password somebody else has set is logged out everywhere."""
        answer: HttpResponse = super().user_change_password(request, id, form_url)  # type: ignore[misc]
        person = self.get_object(request, id)  # type: ignore[attr-defined]
        if request.method == "POST" and isinstance(answer, HttpResponseRedirect) and person is not None:
            end_sessions(person, but=request.session.session_key if person == request.user else None)
        return answer

    def end_all(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._find(request, pk)
        if person is None:
            return HttpResponseNotAllowed(["POST"])
        count = end_sessions(person, but=request.session.session_key if person == request.user else None)
        said = ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", count) % {"count": count}
        return self._answer(request, person, said)

    def unlock(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._find(request, pk)
        if person is None:
            return HttpResponseNotAllowed(["POST"])
        unlock(person.get_username())
        return self._answer(request, person, gettext("Unlocked."))

    def turn_off(self, request: HttpRequest, pk: int) -> HttpResponse:
        """For who has lost the app and the recovery codes. Sessions end, for they were opened by what is lost."""
        person = self._find(request, pk)
        if person is None:
            return HttpResponseNotAllowed(["POST"])
        two_step.turn_off(person)
        end_sessions(person, but=request.session.session_key if person == request.user else None)
        return self._answer(request, person, gettext("Two-step log-in is turned off."))

    def _find(self, request: HttpRequest, pk: int) -> User | None:
        """The person of the address, or None where nothing was posted; only superusers touch superusers."""
        person: User | None = self.get_object(request, str(pk))  # type: ignore[attr-defined]
        if person is None:
            raise Http404
        if not self._may_act(request, person):
            raise PermissionDenied
        return person if request.method == "POST" else None

    def _may_act(self, request: HttpRequest, person: User) -> bool:
        assert isinstance(request.user, User)
        may_change: bool = self.has_change_permission(request, person)  # type: ignore[attr-defined]
        return may_change and (request.user.is_superuser or not person.is_superuser)

    def _answer(self, request: HttpRequest, person: User, said: str) -> HttpResponse:
        self.log_change(request, person, said)  # type: ignore[attr-defined]
        messages.success(request, said)
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[person.pk]))

    def _describe(self, request: HttpRequest, person: User) -> dict[str, Any]:
        sessions = list_sessions(person, now=timezone.now())
        return {
            "person": person,
            "person_sessions": [(session, word_device(session.user_agent)) for session in sessions],
            "person_is_locked": is_locked(person),
            "person_has_two_steps": two_step.has_two_steps(person),
            "may_act_on_person": self._may_act(request, person),
        }
