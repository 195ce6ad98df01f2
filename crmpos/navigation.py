"""The admin's side bar: what an accountant works on comes first. Called by django-unfold for every page."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    model: str
    icon: str


GROUPS: tuple[tuple[Promise, tuple[Entry, ...]], ...] = (
    (
        _("Reconciliation"),
        (
            Entry("reconciliation.Discrepancy", "rule"),
            Entry("reconciliation.Case", "balance"),
            Entry("reconciliation.HouseRule", "gavel"),
            Entry("reconciliation.WriteOffAccount", "account_balance_wallet"),
            Entry("reconciliation.Period", "event_available"),
        ),
    ),
    (
        _("Facts"),
        (
            Entry("shops.Bill", "request_quote"),
            Entry("shops.Receipt", "receipt_long"),
            Entry("shops.RegisterDocument", "summarize"),
            Entry("shops.ExchangeEvent", "swap_vert"),
            Entry("shops.JournalFragment", "broken_image"),
            Entry("shops.Product", "inventory_2"),
        ),
    ),
    (
        _("Shops"),
        (
            Entry("shops.Shop", "storefront"),
            Entry("shops.Store", "location_on"),
            Entry("shops.Terminal", "point_of_sale"),
            Entry("shops.Employee", "badge"),
        ),
    ),
    (
        _("Access"),
        (
            Entry("shops.ApiKey", "key"),
            Entry("shops.EvotorAccount", "cloud"),
            Entry("shops.UnassignedMessage", "move_to_inbox"),
            Entry("shops.InstallationEvent", "install_mobile"),
            Entry("shops.Upstream", "dns"),
            Entry("shops.Forward", "forward_to_inbox"),
            Entry("shops.CrmWebhook", "webhook"),
            Entry("shops.WebhookMessage", "outbox"),
            Entry("reconciliation.Letter", "mail"),
            Entry("reconciliation.Subscription", "notifications"),
            Entry("auth.User", "person"),
            Entry("auth.Group", "group"),
        ),
    ),
)


def list_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this person may see; a group of nothing is left out by the page."""
    return [
        {"title": title, "items": [_describe(entry) for entry in entries if _is_visible(request, entry)]}
        for title, entries in GROUPS
    ]


def _is_visible(request: HttpRequest, entry: Entry) -> bool:
    model = apps.get_model(entry.model)
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)


def _describe(entry: Entry) -> dict[str, Any]:
    model = apps.get_model(entry.model)
    return {
        "title": capfirst(model._meta.verbose_name_plural),
        "icon": entry.icon,
        "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
    }
