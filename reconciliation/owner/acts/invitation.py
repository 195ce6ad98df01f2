"""The page behind the link of an invitation: who has an account joins with it, who has none makes one."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from reconciliation.owner.acts.frame import person_of
from shops.invitations import accept, find_invitation, is_acceptable
from shops.models import Invitation
from shops.people import PeopleRefused

GONE = 410


class NewPersonForm(forms.Form):
    """Who somebody is, and a password by the same rules as everywhere."""

    first_name = forms.CharField(
        label=_("First name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("The password again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email
        self.fields["password"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        password = said.get("password")
        if password and said.get("again") and password != said["again"]:
            self.add_error("again", gettext("The two passwords differ."))
        if password:
            try:
                password_validation.validate_password(password, self.make_person())
            except ValidationError as fault:
                self.add_error("password", fault)
        return said

    def make_person(self) -> User:
        """The person as described, not stored yet. People log in by their address."""
        names = {name: self.cleaned_data.get(name, "") for name in ("first_name", "last_name")}
        return User(username=self.email, email=self.email, **names)


@sensitive_post_parameters("password", "again")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_view(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever holds the link was sent it. One that opens nothing says what to do, and of no shop."""
    invitation = find_invitation(token)
    if invitation is None or not is_acceptable(invitation, timezone.now()):
        return _show_closed(request, invitation)
    if request.user.is_authenticated:
        return _join(request, invitation) if request.method == "POST" else _show(request, invitation)
    is_known = has_account(invitation.email)
    data = request.POST if request.method == "POST" and not is_known else None
    form = NewPersonForm(data, email=invitation.email, label_suffix="")
    if form.is_valid():
        return _make_and_join(request, invitation, form)
    return _show(request, invitation, form=None if is_known else form)


def has_account(email: str) -> bool:
    """Whether somebody has this address, or logs in by it. Told only to who holds the link that was sent there."""
    return User.objects.filter(Q(email__iexact=email) | Q(username__iexact=email)).exists()


def _join(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    try:
        joined = accept(invitation, person_of(request), now=timezone.now())
    except PeopleRefused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("owner:shops"))
    words = {"shop": invitation.shop}
    said = gettext("You belong to “%(shop)s” now.") if joined else gettext("You belong to “%(shop)s” already.")
    messages.success(request, said % words)
    return HttpResponseRedirect(reverse("owner:shop", args=[invitation.shop_id]))


def _make_and_join(request: HttpRequest, invitation: Invitation, form: NewPersonForm) -> HttpResponse:
    """The account and the membership are made together, or neither is."""
    person = form.make_person()
    person.set_password(form.cleaned_data["password"])
    try:
        with transaction.atomic():
            person.save(force_insert=True)
            accept(invitation, person, now=timezone.now())
    except (IntegrityError, PeopleRefused):  # somebody else was quicker: the page says how it stands now
        return HttpResponseRedirect(request.path)
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    messages.success(request, gettext("You belong to “%(shop)s” now.") % {"shop": invitation.shop})
    return HttpResponseRedirect(reverse("owner:shop", args=[invitation.shop_id]))


def _show(request: HttpRequest, invitation: Invitation, form: NewPersonForm | None = None) -> HttpResponse:
    log_in = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
    context = {"invitation": invitation, "form": form, "log_in": log_in, "zone": invitation.shop.zone}
    return render(request, "owner/acts/invitation.html", context)


def _show_closed(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """Forged, used, revoked or too old: why, as far as who holds the link may know it."""
    if invitation is None:
        reason = gettext("The link is not whole, or another letter was sent after it: open the link of the last one.")
    elif invitation.accepted_at:
        reason = gettext("The invitation was accepted already. If that was you, log in.")
    elif invitation.revoked_at:
        reason = gettext("The invitation was taken back.")
    else:
        reason = gettext("The invitation is too old, or whoever sent it may not invite any more.")
    status = 404 if invitation is None else GONE
    return render(request, "owner/acts/invitation_closed.html", {"reason": reason}, status=status)
