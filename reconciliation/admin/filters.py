"""The questions that are asked of the queue. None of them joins tables: a row of the queue is never shown twice."""

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from reconciliation.models import Case, CaseReceipt, Discrepancy, KindChoice, Status
from reconciliation.search import read_typed_amount
from shops.admin_base import DropdownFilter, RangeNumericFilter
from shops.models import Employee, Store, Terminal
from shops.visibility import only_visible, visible_shops
from shops.wording import PAYMENT_SOURCES

UNRESOLVED = "unresolved"
ALL = "all"
CHOICES_SHOWN = 500  # of places and people, in a list that can be searched


class StatusFilter(DropdownFilter):
    """Shows what is not resolved, unless something else is asked for."""

    title = _("status")
    parameter_name = "status"
    all_option: Any = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(UNRESOLVED, _("all but the resolved")), *Status.choices, (ALL, _("all"))]

    def value(self) -> str:
        return super().value() or UNRESOLVED

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        """By the time of resolution too: the indexes of the queue hold only what has none, or only what has one."""
        status = self.value()
        if status == ALL:
            return queryset
        if status == Status.RESOLVED:
            return queryset.filter(resolved_at__isnull=False)
        unresolved = queryset.filter(resolved_at=None)
        return unresolved.filter(status=status) if status in Status else unresolved


class AssigneeFilter(DropdownFilter):
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


class AskedFilter(DropdownFilter):
    title = _("owner's answer")
    parameter_name = "asked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("waited for")), ("me", _("waited for by me"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        if self.value() == "me":
            return queryset.filter(asked_by=request.user.pk)
        return queryset.filter(asked_by__isnull=False) if self.value() == "yes" else queryset


class KindFilter(DropdownFilter):
    title = _("kind")
    parameter_name = "kind__exact"  # as links to the queue from elsewhere say it

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.value, capfirst(str(kind.label))) for kind in KindChoice]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ShopFilter(DropdownFilter):
    title = _("shop")
    parameter_name = "shop"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(shop.pk), str(shop)) for shop in visible_shops(request.user).order_by("number")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        return _filter_by_key(queryset, "shop", self.value())


class AmountRangeFilter(RangeNumericFilter):  # type: ignore[misc]
    """From a difference to a difference, both included, typed in any way that people write amounts."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        for edge, lookup in (("from", "amount__gte"), ("to", "amount__lte")):
            limit = self._read_edge(edge)
            if limit is not None:
                queryset = queryset.filter(**{lookup: limit})
        return queryset

    def _read_edge(self, edge: str) -> Decimal | None:
        return read_typed_amount(str(self.used_parameters.get(f"amount_{edge}") or ""))


class ReceiptFilter(DropdownFilter):
    """By something of the receipts of the case: one of them will do."""

    field: ClassVar[str]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        value = self.value()
        if not value:
            return queryset
        receipts = _filter_by_key(CaseReceipt.objects.order_by(), self.field, value)
        return queryset.filter(case__in=receipts.values("case"))


class PlaceFilter(ReceiptFilter):
    """By a store, terminal or employee; of one shop only, where that is chosen."""

    model: ClassVar[type[Model]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        visible = only_visible(self.model._default_manager.all(), request.user)
        rows = _filter_by_key(visible, "shop", request.GET.get("shop"))
        chosen = request.GET.get(str(self.parameter_name))
        shown = [(str(row.pk), str(row)) for row in rows[:CHOICES_SHOWN]]
        if chosen and chosen not in dict(shown):
            shown.append((chosen, chosen))
        return shown


class PlaceOfShiftFilter(PlaceFilter):
    """The same, with the shifts of registers there: a shift that differs may have no receipt at all."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Discrepancy]) -> QuerySet[Discrepancy]:
        value = self.value()
        if not value:
            return queryset
        receipts = _filter_by_key(CaseReceipt.objects.order_by(), self.field, value).values("case")
        shifts = _filter_by_key(Case.objects.order_by(), f"shift__{self.field}", value).values("pk")
        return queryset.filter(case__in=receipts.union(shifts, all=True))


class StoreFilter(PlaceOfShiftFilter):
    title = _("store")
    parameter_name = field = "store"
    model = Store


class TerminalFilter(PlaceOfShiftFilter):
    title = _("terminal")
    parameter_name = field = "terminal"
    model = Terminal


class EmployeeFilter(PlaceFilter):
    title = _("employee")
    parameter_name = field = "employee"
    model = Employee


class PaymentFilter(ReceiptFilter):
    title = _("payment")
    parameter_name = "payment"
    field = "payment_source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(source, capfirst(str(word))) for source, word in PAYMENT_SOURCES.items()]


def _filter_by_key(rows: QuerySet[Any], field: str, key: str | None) -> QuerySet[Any]:
    """The rows with this key, given as text; with a text that can be no key, none."""
    if not key:
        return rows
    try:
        return rows.filter(**{field: key})
    except (ValueError, OverflowError):
        return rows.none()
