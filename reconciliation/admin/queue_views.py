"""The queue in the admin: how it is listed, what opens under a row, the way from one to the next, saved filters."""

from copy import copy
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation import saved_views
from reconciliation.admin.filter_bar import KNOWN_PARAMETERS, build_filter_bar
from reconciliation.admin.queue import QueueList, Tabs, find_neighbour, order_queue, search_queue
from reconciliation.case_page import load_sides, number_receipts
from reconciliation.explanations import explain
from reconciliation.freshness import answer_version, find_version
from reconciliation.models import Discrepancy
from reconciliation.permissions import VIEW_PERMISSION
from shops.admin_base import display
from shops.visibility import scope_of

CHANGELIST = "admin:reconciliation_discrepancy_changelist"
PRESERVED = "_changelist_filters"


class QueueMixin:
    """Put it before the admin class of Discrepancy."""

    admin_site: Any
    has_view_permission: Any
    has_work_permission: Any
    get_changelist_instance: Any
    get_queryset: Any
    list_select_related: ClassVar[Any]

    class Media:
        css: ClassVar = {"all": ("crmpos/queue.css",)}
        js = ("crmpos/queue.js",)

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("<int:discrepancy_id>/lines/", self.lines_view, "lines"),
            ("<int:discrepancy_id>/neighbour/<slug:direction>/", self.neighbour_view, "neighbour"),
            ("version/", self.version_view, "version"),
            ("views/save/", self.save_view, "save_view"),
            ("views/<int:view_id>/remove/", self.remove_view, "remove_view"),
        )
        ours = [
            path(address, self.admin_site.admin_view(view), name=f"reconciliation_discrepancy_{name}")
            for address, view, name in pages
        ]
        return [*ours, *super().get_urls()]  # type: ignore[misc]

    # --- the list ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Before the list: what comes in between is then read by the list or by its next question.
        version = find_version(scope_of(request.user, VIEW_PERMISSION)) if request.method == "GET" else ""
        response: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            changelist = response.context_data["cl"]
            response.context_data |= {
                "tabs": changelist.paginator.tabs.describe(),
                "figures": changelist.paginator.figures,
                "bar": build_filter_bar(request, changelist),
                "views": self._describe_views(request),
                "asked": _keep_known(request.GET),
                "may_work": self.has_work_permission(request),
                "live_address": reverse("admin:reconciliation_discrepancy_version"),
                "live_version": version,
            }
        return response

    def version_view(self, request: HttpRequest) -> HttpResponse:
        """Which state of the queue the list would show now; open lists ask it all the time."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return answer_version(find_version(scope_of(request.user, VIEW_PERMISSION)))

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[QueueList]:
        return QueueList

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any) -> Any:
        """The history of a discrepancy is paged too, and has no tabs."""
        paginator: Any = super().get_paginator(request, queryset, *args, **options)  # type: ignore[misc]
        if queryset.model is Discrepancy:
            assert isinstance(request.user, User)
            paginator.tabs = Tabs(self.get_queryset(request), request.user, request.GET)
        return paginator

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return order_queue(request.GET.get("status", ""))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Discrepancy], search_term: str
    ) -> tuple[QuerySet[Discrepancy], bool]:
        return search_queue(queryset, search_term), False

    @display(description=_("lines"))
    def lines(self, discrepancy: Discrepancy) -> str:
        """The button that opens the bill and its receipts under the row."""
        if discrepancy.case.event_id:
            return ""
        return format_html(
            '<button type="button" class="row-lines" aria-expanded="false" aria-label="{}" data-lines="{}">'
            '<span aria-hidden="true">▸</span></button>',
            gettext("Show the lines"),
            reverse("admin:reconciliation_discrepancy_lines", args=[discrepancy.pk]),
        )

    # --- what opens under a row ---

    def lines_view(self, request: HttpRequest, discrepancy_id: int) -> HttpResponse:
        """The bill and its receipts line by line, as a part of a page."""
        row = self._find_visible(request, discrepancy_id)
        sides = load_sides(row.case)
        context = {
            "case": row.case,
            "zone": row.case.shop.zone,
            "table": sides.table,
            "receipts": number_receipts(sides),
            "explanation": explain(row),
        }
        return TemplateResponse(request, "admin/reconciliation/discrepancy/lines.html", context)

    # --- from one to the next ---

    def neighbour_view(self, request: HttpRequest, discrepancy_id: int, direction: str) -> HttpResponse:
        """Leads to the next (or previous) discrepancy of the queue as it was filtered, in the queue's own order."""
        if direction not in ("next", "previous"):
            raise PermissionDenied
        row = self._find_visible(request, discrepancy_id)
        query = self.read_preserved_query(request)
        asked = copy(request)
        asked.GET = QueryDict(query)
        rows = self.get_changelist_instance(asked).get_queryset(asked)
        order = order_queue(asked.GET.get("status", ""))
        found = find_neighbour(rows, row, order, before=direction == "previous")
        if found is None:
            end = gettext("That was the last one.") if direction == "next" else gettext("That was the first one.")
            messages.info(request, end)
            return HttpResponseRedirect(f"{reverse(CHANGELIST)}?{query}")
        address = reverse("admin:reconciliation_discrepancy_change", args=[found.pk])
        preserved = QueryDict(mutable=True)
        preserved[PRESERVED] = query
        return HttpResponseRedirect(f"{address}?{preserved.urlencode()}")

    def read_preserved_query(self, request: HttpRequest) -> str:
        """The filter of the queue from which the person came, as far as the queue knows it."""
        return _keep_known(QueryDict(request.GET.get(PRESERVED, "")))

    # --- saved filters ---

    def save_view(self, request: HttpRequest) -> HttpResponse:
        person = self._require_post(request)
        if isinstance(person, HttpResponse):
            return person
        is_shared = "is_shared" in request.POST
        if is_shared and not self.has_work_permission(request):
            raise PermissionDenied
        query = request.POST.get("query", "")
        try:
            view = saved_views.save_view(
                owner=person,
                name=request.POST.get("name", ""),
                query=query,
                known=KNOWN_PARAMETERS,
                is_shared=is_shared,
                now=timezone.now(),
            )
        except saved_views.ViewRefused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(f"{reverse(CHANGELIST)}?{_keep_known(QueryDict(query))}")
        messages.success(request, gettext("The filter “%(name)s” is saved.") % {"name": view.name})
        return HttpResponseRedirect(f"{reverse(CHANGELIST)}?{view.query}")

    def remove_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        person = self._require_post(request)
        if isinstance(person, HttpResponse):
            return person
        if not saved_views.remove_view(view_id, owner=person):
            raise PermissionDenied
        messages.success(request, gettext("The saved filter is removed."))
        return HttpResponseRedirect(reverse(CHANGELIST))

    def _describe_views(self, request: HttpRequest) -> list[dict[str, Any]]:
        assert isinstance(request.user, User)
        asked = _keep_known(request.GET)
        return [
            {"view": view, "is_own": view.owner_id == request.user.pk, "active": view.query == asked}
            for view in saved_views.list_views(request.user)
        ]

    # --- who may ---

    def _find_visible(self, request: HttpRequest, discrepancy_id: int) -> Discrepancy:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related(*self.list_select_related)
        row: Discrepancy = get_object_or_404(rows, pk=discrepancy_id)
        return row

    def _require_post(self, request: HttpRequest) -> User | HttpResponse:
        """The person who asks, or the answer that refuses."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request) or not isinstance(request.user, User):
            raise PermissionDenied
        return request.user


def _keep_known(query: QueryDict) -> str:
    """The query string of what the queue is filtered by; pages and empty fields left out."""
    kept = QueryDict(mutable=True)
    for name, values in query.lists():
        if name in KNOWN_PARAMETERS and any(values):
            kept.setlist(name, values)
    return kept.urlencode()
