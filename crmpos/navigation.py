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

from reconciliation.permissions import VIEW_PERMISSION
from reconciliation.reports.catalogue import REPORTS


@dataclass(frozen=True, slots=True)
class Entry:
    """The list of a model, for whom its admin shows it."""

    model: str
    icon: str


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page that is no list of a model, for who has the permission."""

    title: Promise
    icon: str
    permission: str
    address: str  # the name of a view
    arguments: tuple[str, ...] = ()


REPORT_ENTRIES = tuple(
    PageEntry(report.title, report.icon, VIEW_PERMISSION, "reports:report", (report.name,))
    for report in REPORTS.values()
)

GROUPS: tuple[tuple[Promise, tuple[Entry | PageEntry, ...]], ...] = (
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
    (_("Reports"), REPORT_ENTRIES),
    (
        _("Facts"),
        (
            Entry("shops.Bill", "request_quote"),
            Entry("shops.Receipt", "receipt_long"),
            Entry("shops.RegisterDocument", "summarize"),
            Entry("shops.Shift", "schedule"),
            Entry("shops.ExchangeEvent", "swap_vert"),
            Entry("shops.JournalFragment", "broken_image"),
            Entry("shops.RetentionRun", "auto_delete"),
            Entry("shops.Erasure", "ink_eraser"),
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
            Entry("crmpos.FailedLogIn", "lock"),
        ),
    ),
)


def list_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups with what this person may see; a group of nothing is left out by the page."""
    return [
        {"title": title, "items": [_describe(entry) for entry in entries if _is_visible(request, entry)]}
        for title, entries in GROUPS
    ]


def _is_visible(request: HttpRequest, entry: Entry | PageEntry) -> bool:
    if isinstance(entry, PageEntry):
        return request.user.has_perm(entry.permission)
    model = apps.get_model(entry.model)
    return admin.site.is_registered(model) and admin.site.get_model_admin(model).has_view_permission(request)


def _describe(entry: Entry | PageEntry) -> dict[str, Any]:
    if isinstance(entry, PageEntry):
        link = reverse(entry.address, args=entry.arguments)
        return {"title": entry.title, "icon": entry.icon, "link": link}
    model = apps.get_model(entry.model)
    return {
        "title": capfirst(model._meta.verbose_name_plural),
        "icon": entry.icon,
        "link": reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"),
    }
