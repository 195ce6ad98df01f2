"""Changing the password, and getting a new one by e-mail."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from crmpos.accounts.client import find_counted_address
from crmpos.accounts.forms import AskForResetForm
from crmpos.accounts.lockout import note_failure, refuse_if_locked
from crmpos.accounts.resets import ask_for_reset
from crmpos.accounts.sessions import end_sessions


class ChangePasswordView(PasswordChangeView):
    """Asks for the old password, whose wrong guesses count as failed log-ins; ends all other sessions."""

    template_name = "account/password.html"
    success_url = reverse_lazy("account:home")

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        assert isinstance(request.user, User)
        return refuse_if_locked(request, request.user.get_username()) or super().post(request, *args, **options)

    def form_invalid(self, form: Any) -> HttpResponse:
        if form.has_error("old_password", "password_incorrect"):
            note_failure(self.request, form.user.get_username())
        return super().form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        end_sessions(form.user, but=self.request.session.session_key)
        messages.success(self.request, gettext("Your password is changed. Everywhere else you are logged out."))
        return answer


@never_cache
@require_http_methods(["GET", "POST"])
def ask_for_new_password(request: HttpRequest) -> HttpResponse:
    """Says the same, and as fast, for an address of somebody and for any other."""
    form = AskForResetForm(request.POST or None)
    context = {"form": form, "mail_server_is_set": settings.MAIL_SERVER_IS_SET}
    if request.method == "POST" and settings.MAIL_SERVER_IS_SET and form.is_valid():
        ask_for_reset(
            form.cleaned_data["email"],
            site=request.build_absolute_uri("/"),
            language=get_language() or settings.LANGUAGE_CODE,
            client=find_counted_address(request),
            now=timezone.now(),
        )
        context["asked_for"] = form.cleaned_data["email"]
    return render(request, "account/reset.html", context)


class NewPasswordView(PasswordResetConfirmView):
    """What the link of the letter opens: once, until it runs out. All sessions end, and nobody is logged in by it."""

    template_name = "account/new_password.html"
    success_url = reverse_lazy("account:log_in")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        end_sessions(form.user)
        messages.success(self.request, gettext("Your password is changed. Log in with the new one."))
        return answer
