"""Who may call: keys are made, rotated and revoked here, and shown once; Evotor's accounts are given a shop."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shops.access import NewKey, create_key, revoke_key, rotate_key
from shops.access_forms import NewKeyForm, RotateForm, ShopForm
from shops.admin_base import DropdownFilter, FactAdmin, RelatedDropdownFilter, action, display, time_column
from shops.evotor.waiting import assign_user
from shops.models import ApiKey, EvotorAccount, Shop
from shops.presentation import show_time
from shops.visibility import only_permitted

CONFIRMED = "confirmed"
MAY_ADD, MAY_CHANGE = "shops.add_apikey", "shops.change_apikey"
MAY_ASSIGN = "shops.change_evotoraccount"


class StepMixin:
    """For actions that ask before they do anything: a page with the rows, a form and one button."""

    admin_site: Any
    opts: Any

    def ask(
        self, request: HttpRequest, *, title: str, button: str, rows: Sequence[Any] = (), form: Form | None = None
    ) -> TemplateResponse:
        context = self.admin_site.each_context(request) | {
            "title": title,
            "button": button,
            "opts": self.opts,
            "rows": rows,
            "form": form,
            "action": request.POST.get("action", ""),
            "selected": request.POST.getlist("_selected_action"),
        }
        return TemplateResponse(request, "admin/shops/step.html", context)


@admin.register(ApiKey)
class ApiKeyAdmin(StepMixin, FactAdmin):
    actions_on_top = True
    actions = ("rotate_selected", "revoke_selected")
    list_display = (
        "beginning",
        "name",
        "shop",
        "role",
        "shown_created_at",
        "shown_expires_at",
        "shown_revoked_at",
        "shown_last_used_at",
    )
    list_select_related = ("shop",)
    list_filter = (("shop", RelatedDropdownFilter), "role")
    search_fields = ("beginning", "name")
    fields = list_display
    readonly_fields = ("shown_created_at", "shown_expires_at", "shown_revoked_at", "shown_last_used_at")

    shown_created_at = staticmethod(time_column("created_at", _("created")))
    shown_expires_at = staticmethod(time_column("expires_at", _("works until")))
    shown_revoked_at = staticmethod(time_column("revoked_at", _("revoked")))
    shown_last_used_at = staticmethod(time_column("last_used_at", _("last used")))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm(MAY_ADD)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_CHANGE)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks for shop, role and name; the answer to the form shows the key, which is written nowhere."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        shops = only_permitted(Shop.objects.all(), request.user, MAY_ADD)
        form = NewKeyForm(request.POST if request.method == "POST" else None, prefix="key", shops=shops)
        if not form.is_valid():
            return self.ask(request, title=gettext("New key"), button=gettext("Make the key"), form=form)
        with transaction.atomic():
            created = create_key(**form.cleaned_data, now=timezone.now())
            self.log_addition(request, created.key, [{"added": {}}])
        return self._show_once(request, [created])

    @action(permissions=["manage"], description=_("Rotate…"))
    def rotate_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        """Keys that do not work any more are left out: they get no successor."""
        form = RotateForm(request.POST if CONFIRMED in request.POST else None, prefix="rotate")
        now = timezone.now()
        with transaction.atomic():
            # Locked, so that none is revoked at this moment and followed by one that works.
            ours = only_permitted(queryset, request.user, MAY_CHANGE)
            locked = ours.select_related("shop").select_for_update(of=("self",))
            keys = [key for key in locked if key.works_at(now)]
            if not keys:
                messages.error(request, gettext("None of these keys works any more."))
                return None
            if not form.is_valid():
                title, button = gettext("Rotate keys"), gettext("Make new keys")
                return self.ask(request, title=title, button=button, rows=keys, form=form)
            created = [rotate_key(key, overlap=form.overlap, now=now) for key in keys]
            for old, new in zip(keys, created, strict=True):
                self.log_change(request, old, gettext("Rotated: the new key is %(key)s.") % {"key": new.key})
                self.log_addition(request, new.key, [{"added": {}}])
        return self._show_once(request, created)

    @action(permissions=["manage"], description=_("Revoke…"))
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> HttpResponse | None:
        ours = only_permitted(queryset, request.user, MAY_CHANGE)
        keys = list(ours.filter(revoked_at=None).select_related("shop"))
        if keys and CONFIRMED not in request.POST:
            return self.ask(request, title=gettext("Revoke keys for good"), button=gettext("Revoke"), rows=keys)
        now = timezone.now()
        with transaction.atomic():
            for key in keys:
                revoke_key(key, now=now)
                self.log_change(request, key, gettext("Revoked."))
        text = ngettext("%(count)d key was revoked.", "%(count)d keys were revoked.", len(keys))
        messages.success(request, text % {"count": len(keys)})
        return None

    def _show_once(self, request: HttpRequest, created: Sequence[NewKey]) -> HttpResponse:
        """The page itself, not a message: messages are stored until they are shown."""
        context = self.admin_site.each_context(request) | {
            "title": gettext("New key"),
            "opts": self.opts,
            "created": created,
        }
        response = TemplateResponse(request, "admin/shops/apikey/shown_once.html", context)
        response["Cache-Control"] = "no-store"
        return response


class AssignedFilter(DropdownFilter):
    title = _("shop")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("no", _("waits for its shop")), ("yes", _("has a shop"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[EvotorAccount]) -> QuerySet[EvotorAccount]:
        return queryset.filter(shop__isnull=self.value() == "no") if self.value() else queryset


@admin.register(EvotorAccount)
class EvotorAccountAdmin(StepMixin, FactAdmin):
    """An account may wait for its shop, so times are in the site's own zone."""

    actions_on_top = True
    actions = ("assign_selected",)
    list_display = ("user_id", "shop", "shown_token_given_at", "shown_last_used_at")
    list_select_related = ("shop",)
    list_filter = (AssignedFilter, ("shop", RelatedDropdownFilter))
    search_fields = ("user_id",)
    fields = ("user_id", "shop", "shown_token_given_at", "shown_last_used_at", "shown_cloud_token_received_at")
    readonly_fields = ("shown_token_given_at", "shown_last_used_at", "shown_cloud_token_received_at")

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_ASSIGN)

    @action(permissions=["assign"], description=_("Assign to a shop…"))
    def assign_selected(self, request: HttpRequest, queryset: QuerySet[EvotorAccount]) -> HttpResponse | None:
        shops = only_permitted(Shop.objects.all(), request.user, MAY_ASSIGN)
        form = ShopForm(request.POST if CONFIRMED in request.POST else None, prefix="assign", shops=shops)
        accounts = list(only_permitted(queryset, request.user, MAY_ASSIGN))
        if not form.is_valid():
            return self.ask(
                request, title=gettext("Assign to a shop"), button=gettext("Assign"), rows=accounts, form=form
            )
        assert isinstance(request.user, User)
        shop, delivered = form.cleaned_data["shop"], 0
        for account in accounts:
            delivered += assign_user(account.user_id, shop, actor=request.user, now=timezone.now())
            self.log_change(request, account, gettext("Assigned to shop %(shop)s.") % {"shop": shop})
        tell_delivered(request, delivered)
        return None

    @display(description=_("token given"), ordering="token_given_at")
    def shown_token_given_at(self, account: EvotorAccount) -> str:
        return show_time(account.token_given_at)

    @display(description=_("last used"), ordering="last_used_at")
    def shown_last_used_at(self, account: EvotorAccount) -> str:
        return show_time(account.last_used_at)

    @display(description=_("token for Evotor's cloud received"), ordering="cloud_token_received_at")
    def shown_cloud_token_received_at(self, account: EvotorAccount) -> str:
        return show_time(account.cloud_token_received_at)


def tell_delivered(request: HttpRequest, count: int) -> None:
    text = ngettext(
        "Assigned; %(count)d message that had waited was delivered.",
        "Assigned; %(count)d messages that had waited were delivered.",
        count,
    )
    messages.success(request, text % {"count": count})
