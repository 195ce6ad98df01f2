"""Logging in, for everybody at one place; logging out; and where one gets from the front door."""

from typing import Any

import django_otp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from crmpos.accounts.forms import CodeForm, LogInForm
from crmpos.accounts.lockout import note_failure, refuse_if_locked
from crmpos.accounts.pending import begin_pending, end_pending, find_pending
from crmpos.accounts.two_step import Device, count_recovery_codes, find_wait, has_two_steps, verify_code
from shops.presentation import show_clock

FEW_RECOVERY_CODES = 3


class LogInView(LoginView):
    """Name and password; who has a second step goes on to the code, and is nobody until then."""

    template_name = "account/log_in.html"
    authentication_form = LogInForm

    def get(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Who has logged in already goes on, unless an address has sent them here: they may not open that."""
        if request.user.is_authenticated and not self.get_redirect_url():
            return HttpResponseRedirect(self.get_success_url())
        return super().get(request, *args, **options)

    def get_default_redirect_url(self) -> str:
        return find_home(self.request.user)

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        return super().get_context_data(mail_server_is_set=settings.MAIL_SERVER_IS_SET, **options)

    def form_valid(self, form: Any) -> HttpResponse:
        person = form.get_user()
        if has_two_steps(person):
            begin_pending(self.request, person, self.get_redirect_url())
            return redirect("account:code")
        login(self.request, person)
        return HttpResponseRedirect(self.get_success_url())


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "POST"])
def ask_for_code(request: HttpRequest) -> HttpResponse:
    """The second step. A wrong code counts as a failed log-in."""
    waits = find_pending(request)
    if waits is None:
        messages.info(request, gettext("Begin with your name and password."))
        return redirect("account:log_in")
    person, pending = waits
    if refusal := refuse_if_locked(request, person.get_username()):
        return refusal
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = read_code(request, person, form)
        if device is not None:
            return _let_in(request, person, device, pending.next)
    return render(request, "account/code.html", {"form": form})


def read_code(request: HttpRequest, person: User, form: CodeForm) -> Device | None:
    """The device that accepts the form's code; else the form says why not, and the failure is counted."""
    code = form.cleaned_data["code"]
    if wait := find_wait(person, code):
        text = gettext("After wrong codes the next one has to wait: try again at %(time)s.")
        form.add_error("code", text % {"time": show_clock(wait, timezone.get_current_timezone())})
        return None
    device = verify_code(person, code)
    if device is None:
        note_failure(request, person.get_username())
        form.add_error("code", gettext("This code is not right, or was used already. Wait for the next one."))
    return device


def _let_in(request: HttpRequest, person: User, device: Device, next_address: str) -> HttpResponse:
    end_pending(request)
    login(request, person)
    django_otp.login(request, device)
    left = count_recovery_codes(person)
    if left < FEW_RECOVERY_CODES:
        text = gettext("Recovery codes left: %(count)d. Make new ones on the page “Two-step log-in”.")
        messages.warning(request, text % {"count": left})
    return HttpResponseRedirect(next_address or find_home(person))


class LogOutView(LogoutView):
    """By POST only, lest a picture on a foreign page logs somebody out."""

    def get_default_redirect_url(self) -> str:
        return reverse("account:log_in")


def find_home(person: User | AnonymousUser) -> str:
    """Where a person's work is: in the admin, or on the owner's pages; who is not known yet logs in first."""
    if not person.is_authenticated:
        return reverse("account:log_in")
    return reverse("admin:index" if person.is_staff else "owner:shops")


def go_home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(find_home(request.user))


def go_to_log_in(request: HttpRequest) -> HttpResponse:
    """The admin's own log-in page, of old: there is one for all, and it leads back to where one wanted to."""
    query = request.GET.urlencode()
    return HttpResponseRedirect(reverse("account:log_in") + (f"?{query}" if query else ""))
