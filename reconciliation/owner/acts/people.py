"""Who belongs to a shop: invited, given another role, removed; and what became of that, since the beginning."""

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from reconciliation.owner.acts.frame import person_of, shop_page, show
from shops import invitations
from shops.invitations import Asked
from shops.models import Invitation, Membership, MembershipChange, Shop
from shops.people import (
    MANAGE_PERMISSION,
    PeopleRefused,
    change_role,
    list_givable,
    list_members,
    may_change,
    name_person,
    remove_member,
)
from shops.presentation import show_time

CHANGES_SHOWN = 50


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: list[Membership.Role], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a role")),
            *((role.value, role.label) for role in roles),
        ]


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(MANAGE_PERMISSION)
def people_view(request: HttpRequest, shop: Shop) -> HttpResponseBase:
    """The people; by POST an invitation."""
    person = person_of(request)
    roles = list_givable(person, shop)
    form = InviteForm(request.POST if request.method == "POST" else None, roles=roles, prefix="invite", label_suffix="")
    if form.is_valid():
        site = request.build_absolute_uri("/").rstrip("/")
        asked = Asked(form.cleaned_data["email"], form.cleaned_data["role"], site, (get_language() or "ru")[:2])
        try:
            invitation = invitations.invite(shop, asked, actor=person, now=timezone.now())
        except PeopleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("An invitation is sent to %(email)s.") % {"email": invitation.email})
            return _back(shop)
    return _show(request, shop, form, roles)


@require_POST
@shop_page(MANAGE_PERMISSION)
def role_view(request: HttpRequest, shop: Shop, membership_id: int) -> HttpResponseBase:
    """Another role for a member."""
    membership = _find_member(shop, membership_id)
    try:
        change_role(membership, request.POST.get("role", ""), actor=person_of(request), now=timezone.now())
    except PeopleRefused as refusal:
        messages.error(request, str(refusal))
    else:
        words = {"person": name_person(membership.person), "role": membership.get_role_display()}
        messages.success(request, gettext("%(person)s is now: %(role)s.") % words)
    return _back(shop)


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(MANAGE_PERMISSION)
def remove_view(request: HttpRequest, shop: Shop, membership_id: int) -> HttpResponseBase:
    """Asked first, and most of all where somebody is about to remove themselves."""
    membership = _find_member(shop, membership_id)
    is_own = membership.person == request.user
    if request.method != "POST":
        return show(request, "remove_person", shop, "people", {"membership": membership, "is_own": is_own})
    try:
        remove_member(membership, actor=person_of(request), now=timezone.now())
    except PeopleRefused as refusal:
        messages.error(request, str(refusal))
        return _back(shop)
    messages.success(request, gettext("%(person)s is removed.") % {"person": name_person(membership.person)})
    return HttpResponseRedirect(reverse("owner:shops")) if is_own else _back(shop)


@require_POST
@shop_page(MANAGE_PERMISSION)
def invitation_view(request: HttpRequest, shop: Shop, invitation_id: int, step: str) -> HttpResponseBase:
    """An invitation is sent again, or revoked."""
    invitation = get_object_or_404(Invitation, shop=shop, pk=invitation_id)
    try:
        if step == "again":
            invitations.send_again(invitation, actor=person_of(request), now=timezone.now())
            said = gettext("The invitation is sent again.")
        else:
            invitations.revoke(invitation, actor=person_of(request), now=timezone.now())
            said = gettext("The invitation is revoked.")
    except PeopleRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return _back(shop)


def _show(request: HttpRequest, shop: Shop, form: InviteForm, roles: list[Membership.Role]) -> HttpResponse:
    person, now = person_of(request), timezone.now()
    waiting = Invitation.objects.filter(shop=shop, accepted_at=None, revoked_at=None).select_related(
        "shop", "invited_by"
    )
    changes = MembershipChange.objects.filter(shop=shop).order_by("-at", "-pk")[:CHANGES_SHOWN]
    context = {
        "form": form,
        "roles": roles,
        "members": [
            {
                "membership": member,
                "name": name_person(member.person),
                "about": _describe_member(member),
                "is_own": member.person == person,
                "may_change": may_change(person, member, shop, roles),
                "may_leave": member.person == person and member.shop_id == shop.pk,
            }
            for member in list_members(shop)
        ],
        "invitations": [
            {
                "invitation": row,
                "name": row.email,
                "about": [capfirst(row.get_role_display()), _word_state(row, now)],
                "may_change": row.role in roles,
            }
            for row in waiting
        ],
        "changes": [{"time": show_time(change.at, shop.zone), "sentence": _word_change(change)} for change in changes],
        "waits_for_server": not settings.MAIL_SERVER_IS_SET,
    }
    return show(request, "people", shop, "people", context)


def _describe_member(member: Membership) -> list[str]:
    """The role, where it holds if that is everywhere, and the address."""
    everywhere = "" if member.shop_id else gettext("of every shop")
    return [word for word in (capfirst(member.get_role_display()), everywhere, member.person.email) if word]


def _word_state(row: Invitation, now: datetime) -> str:
    """How far an invitation has come. Whether the address belongs to somebody is told by nothing of it."""
    if not row.is_open(now):
        return gettext("expired")
    if row.failed_at is not None:
        return gettext("the letter could not be delivered")
    until = show_time(row.expires_at, row.shop.zone)
    if row.sent_at is not None:
        return gettext("sent; open until %(time)s") % {"time": until}
    return gettext("the letter waits to be sent; open until %(time)s") % {"time": until}


def _word_change(change: MembershipChange) -> str:
    words = {
        "person": change.person_name,
        "actor": change.actor_name or gettext("the system"),
        "before": change.get_role_before_display(),
        "role": change.get_role_after_display(),
    }
    if not change.role_before:
        return gettext("%(person)s joined as: %(role)s (by %(actor)s)") % words
    if not change.role_after:
        return gettext("%(person)s was removed, formerly: %(before)s (by %(actor)s)") % words
    return gettext("%(person)s: %(before)s → %(role)s (by %(actor)s)") % words


def _find_member(shop: Shop, membership_id: int) -> Membership:
    return get_object_or_404(Membership.objects.select_related("person"), shop=shop, pk=membership_id)


def _back(shop: Shop) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("owner:people", args=[shop.pk]))
