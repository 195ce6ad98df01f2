"""Two-step log-in on the pages of one's own account: set up, new recovery codes, turned off."""

from typing import Any

import django_otp
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from crmpos.accounts import two_step
from crmpos.accounts.forms import AppCodeForm, PasswordForm
from crmpos.accounts.lockout import note_failure, refuse_if_locked
from crmpos.accounts.sessions import end_sessions
from crmpos.accounts.views.log_in import find_home


@never_cache
@login_required
@require_GET
def show_two_step(request: HttpRequest) -> HttpResponse:
    return _show_state(request, _who(request))


@sensitive_post_parameters("code")
@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Shows the secret until the app's first code has come back; then, this once, the recovery codes."""
    person = _who(request)
    if two_step.has_two_steps(person):
        if request.user.is_verified():  # type: ignore[union-attr]
            return redirect("account:two_step")
        # The second step was turned on while this session had gone without: it begins anew.
        logout(request)
        return redirect("account:log_in")
    if refusal := refuse_if_locked(request, person.get_username()):
        return refusal
    device = two_step.begin_setup(person)
    form = AppCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = two_step.confirm_setup(person, form.cleaned_data["code"])
        if codes is not None:
            return _finish_setup(request, device, codes)
        note_failure(request, person.get_username())
        form.add_error("code", gettext("This code is not right. Look at the clock of the phone, and try the next one."))
    secret = two_step.show_secret(device)
    context = {
        "form": form,
        "picture": mark_safe(secret.picture),
        "secret": secret.text,
        "is_required": two_step.is_required(person),
        "next": _find_next(request),
    }
    return render(request, "account/two_step_setup.html", context)


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes, for who knows the password."""
    person = _who(request)
    refusal = _ask_password(request, person, "renewal")
    if refusal is not None:
        return refusal
    codes = two_step.make_recovery_codes(person)
    # The session may have been opened by a code of the former ones.
    _remember(request, TOTPDevice.objects.filter(user=person, confirmed=True).first())
    return _show_codes(request, codes)


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_POST
def turn_off(request: HttpRequest) -> HttpResponse:
    """Off, for who knows the password. Where it is required the next page asks to set it up again."""
    person = _who(request)
    refusal = _ask_password(request, person, "ending")
    if refusal is not None:
        return refusal
    two_step.turn_off(person)
    messages.success(request, gettext("Two-step log-in is off: your password is enough."))
    return redirect("account:two_step")


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _ask_password(request: HttpRequest, person: User, name: str) -> HttpResponse | None:
    """None where the password was right, and there is something to do; wrong ones count as failed log-ins."""
    if not two_step.has_two_steps(person):
        return redirect("account:two_step")
    if refusal := refuse_if_locked(request, person.get_username()):
        return refusal
    form = PasswordForm(request.POST, person=person, prefix=name)
    if form.is_valid():
        return None
    if form.has_error("password", "wrong_password"):
        note_failure(request, person.get_username())
    return _show_state(request, person, **{name: form})


def _show_state(request: HttpRequest, person: User, **forms: PasswordForm) -> HttpResponse:
    context: dict[str, Any] = {
        "is_on": two_step.has_two_steps(person),
        "is_required": two_step.is_required(person),
        "codes_left": two_step.count_recovery_codes(person),
        "renewal": PasswordForm(person=person, prefix="renewal"),
        "ending": PasswordForm(person=person, prefix="ending"),
    }
    return render(request, "account/two_step.html", context | forms)


def _finish_setup(request: HttpRequest, device: TOTPDevice, codes: list[str]) -> HttpResponse:
    """This session counts as opened by a code; the others, opened by a password alone, end."""
    request.session.cycle_key()
    _remember(request, device)
    end_sessions(_who(request), but=request.session.session_key)
    return _show_codes(request, codes)


def _remember(request: HttpRequest, device: TOTPDevice | None) -> None:
    if device is not None:
        django_otp.login(request, device)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    address = _find_next(request) or find_home(request.user)
    return render(request, "account/recovery_codes.html", {"codes": codes, "next": address})


def _find_next(request: HttpRequest) -> str:
    """Where the person wanted to when the set-up came in between, if it lies on this site."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_safe else ""
