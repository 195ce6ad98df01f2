"""How the admin site looks: the settings of django-unfold. Read by crmpos.settings only."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _find_stylesheet(request: HttpRequest) -> str:
    return static("crmpos/admin.css")


def _find_icon(request: HttpRequest) -> str:
    return static("crmpos/icon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "crmpos",
    "SITE_HEADER": "crmpos",
    "SITE_SUBHEADER": _("Billed and received"),
    "SITE_SYMBOL": "receipt_long",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _find_icon}],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [_find_stylesheet],
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # A calm blue instead of unfold's purple.
        "primary": {
            "50": "#f1f6fb",
            "100": "#dfeaf5",
            "200": "#c5d9ec",
            "300": "#9dbfdd",
            "400": "#6e9dc9",
            "500": "#4c7fb3",
            "600": "#3a6796",
            "700": "#31537a",
            "800": "#2c4766",
            "900": "#283d56",
            "950": "#1a2739",
        },
    },
    "DASHBOARD_CALLBACK": "crmpos.dashboard.describe_dashboard",
    "ACCOUNT": {
        "navigation": [
            {"title": _("My notifications"), "link": reverse_lazy("admin:reconciliation_subscription_mine")},
            {"title": _("My account"), "link": reverse_lazy("account:home")},
        ]
    },
    "SIDEBAR": {"show_search": True, "navigation": "crmpos.navigation.list_navigation"},
}
