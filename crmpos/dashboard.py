"""The first page of the admin: what is open, by kind. Called by django-unfold."""

from typing import Any

from django.http import HttpRequest

from reconciliation.permissions import VIEW_PERMISSION
from reconciliation.reports import sum_unresolved_by_kind
from shops.visibility import scope_of


def describe_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds the figures, for whom may see them."""
    if request.user.has_perm(VIEW_PERMISSION):
        context["open_kinds"] = sum_unresolved_by_kind(scope_of(request.user, VIEW_PERMISSION))
    return context
