"""The keys of a shop: made, rotated, revoked by its owner. A key is shown once, in the answer that makes it."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from reconciliation.owner.acts.frame import note, person_of, shop_page, show
from shops.access import NewKey, create_key, revoke_key, rotate_key
from shops.access_forms import KeyForm, RotateForm
from shops.models import ApiKey, Shop

MAY_ADD, MAY_CHANGE = "shops.add_apikey", "shops.change_apikey"


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(MAY_ADD, MAY_CHANGE)
def keys_view(request: HttpRequest, shop: Shop) -> HttpResponseBase:
    """The keys; by POST a new one."""
    may_add = request.user.has_perm(MAY_ADD, shop)
    data = request.POST if request.method == "POST" and may_add else None
    form = KeyForm(data, prefix="key", label_suffix="")
    if form.is_valid():
        with transaction.atomic():
            created = create_key(shop, form.cleaned_data["role"], name=form.cleaned_data["name"], now=timezone.now())
            note(person_of(request), created.key, gettext("Made."), flag=ADDITION)
        return _show_once(request, shop, [created])
    now = timezone.now()
    keys = [{"key": key, "works": key.works_at(now)} for key in ApiKey.objects.filter(shop=shop)]
    context = {
        "keys": sorted(keys, key=lambda entry: not entry["works"]),
        "form": form,
        "may_add": may_add,
        "may_change": request.user.has_perm(MAY_CHANGE, shop),
        "zone": shop.zone,
    }
    return show(request, "keys", shop, "keys", context)


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(MAY_CHANGE)
def rotate_view(request: HttpRequest, shop: Shop, key_id: int) -> HttpResponseBase:
    """A successor; the page asks how long the old key goes on working."""
    form = RotateForm(request.POST if request.method == "POST" else None, prefix="rotate", label_suffix="")
    with transaction.atomic():
        # Locked, so that none is revoked at this moment and followed by one that works.
        key = get_object_or_404(ApiKey.objects.select_for_update(), shop=shop, pk=key_id)
        if not key.works_at(timezone.now()):
            raise Http404
        if form.is_valid():
            created = rotate_key(key, overlap=form.overlap, now=timezone.now())
            note(person_of(request), key, gettext("Rotated: the new key is %(key)s.") % {"key": created.key})
            note(person_of(request), created.key, gettext("Made."), flag=ADDITION)
            return _show_once(request, shop, [created])
    return show(request, "key_step", shop, "keys", {"key": key, "form": form, "step": "rotate"})


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(MAY_CHANGE)
def revoke_view(request: HttpRequest, shop: Shop, key_id: int) -> HttpResponseBase:
    """Asked first: what uses the key stops working."""
    key = get_object_or_404(ApiKey, shop=shop, pk=key_id, revoked_at=None)
    if request.method != "POST":
        return show(request, "key_step", shop, "keys", {"key": key, "step": "revoke"})
    with transaction.atomic():
        revoke_key(key, now=timezone.now())
        note(person_of(request), key, gettext("Revoked."))
    messages.success(request, gettext("The key is revoked."))
    return HttpResponseRedirect(reverse("owner:keys", args=[shop.pk]))


def _show_once(request: HttpRequest, shop: Shop, created: Sequence[NewKey]) -> HttpResponse:
    """The page itself, not a message: messages are stored until they are shown."""
    response = show(request, "key_shown_once", shop, "keys", {"created": created})
    response["Cache-Control"] = "no-store"
    return response
