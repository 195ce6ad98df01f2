"""The questions that are asked of the queue."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from reconciliation.models import Discrepancy, Status
from shops.admin_base import DropdownFilter

UNRESOLVED = "unresolved"
ALL = "all"


class StatusFilter(DropdownFilter):  # type: ignore[misc]
    """Shows what is not resolved, unless something else is asked for."""

    title = _("status")
    parameter_name = "status"
    all_option: Any = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(UNRESOLVED, _("all but the resolved")), *Status.choices, (ALL, _("all"))]

    def value(self) -> str:
        return super().value() or UNRESOLVED

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        status = self.value()
        if status == UNRESOLVED:
            return queryset.exclude(status=Status.RESOLVED)
        return queryset.filter(status=status) if status in Status else queryset


class AssigneeFilter(DropdownFilter):  # type: ignore[misc]
    title = _("who has it")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("I")), ("nobody", _("nobody")), ("others", _("colleagues"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        if self.value() == "mine":
            return queryset.filter(assignee=request.user.pk)
        if self.value() == "nobody":
            return queryset.filter(assignee=None)
        if self.value() == "others":
            return queryset.exclude(assignee=None).exclude(assignee=request.user.pk)
        return queryset
