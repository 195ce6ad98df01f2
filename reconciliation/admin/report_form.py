"""What a person asks of a report. Without an answer it is this month, of all shops."""

import calendar
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from reconciliation.models import KindChoice
from reconciliation.permissions import VIEW_PERMISSION
from reconciliation.reports.catalogue import Definition
from reconciliation.reports.values import ReportQuery
from shops.models import Employee, Shop, Terminal
from shops.visibility import Viewer, only_within, scope_of

if TYPE_CHECKING:
    ModelChoiceField = forms.ModelChoiceField[Any]
else:
    from django.forms import ModelChoiceField

LONGEST_PERIOD = timedelta(days=366)
LOOK = {"class": "field"}


class DayInput(forms.DateInput):
    """The browser's own calendar, which wants the international form of a date."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs=LOOK, format="%Y-%m-%d")


class PlaceField(ModelChoiceField):
    """Terminals or employees, each with its shop: there is a till 1 in several."""

    def label_from_instance(self, place: Any) -> str:
        return f"{place} · {place.shop}"


class ReportForm(forms.Form):
    """Has the fields that its report asks for."""

    first_day = forms.DateField(label=_("From"), widget=DayInput())
    last_day = forms.DateField(label=_("To"), widget=DayInput())
    shops = forms.ModelMultipleChoiceField(
        Shop.objects.none(), label=_("Shops"), required=False, widget=forms.SelectMultiple(attrs=LOOK)
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[("", _("all")), *KindChoice.choices],
        required=False,
        widget=forms.Select(attrs=LOOK),
    )
    terminal = PlaceField(
        Terminal.objects.none(),
        label=_("Terminal"),
        required=False,
        empty_label=_("all"),
        widget=forms.Select(attrs=LOOK),
    )
    employee = PlaceField(
        Employee.objects.none(),
        label=_("Employee"),
        required=False,
        empty_label=_("all"),
        widget=forms.Select(attrs=LOOK),
    )
    by = forms.ChoiceField(required=False, widget=forms.HiddenInput)

    def __init__(self, definition: Definition, asked: Mapping[str, Any], *, viewer: Viewer, today: date) -> None:
        """`asked` is the query of the address; an empty one is the question without answers."""
        super().__init__(_complete(asked, definition, today))
        self._scope = scope_of(viewer, VIEW_PERMISSION)
        for name, model in (("shops", Shop), ("terminal", Terminal), ("employee", Employee)):
            self._offer(name, only_within(model._default_manager.all(), self._scope))
        for name in self.fields.keys() - definition.asks:
            del self.fields[name]
        if "first_day" not in self.fields:
            self.fields["last_day"].label = _("As of the end of")
        if "by" in self.fields:
            choice = self.fields["by"]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = definition.groupings

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        """What the person may see, with the shop of each place."""
        field: Any = self.fields[name]
        field.queryset = rows.order_by("number") if rows.model is Shop else rows.select_related("shop")

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        first, last = answers.get("first_day"), answers.get("last_day")
        if first and last and first > last:
            raise forms.ValidationError(_("The period ends before it begins."))
        if first and last and last - first > LONGEST_PERIOD:
            raise forms.ValidationError(_("A report covers a year at the most."))
        return answers

    def read_query(self) -> ReportQuery:
        """The question of a form that is valid."""
        answers = self.cleaned_data
        terminal, employee = answers.get("terminal"), answers.get("employee")
        return ReportQuery(
            first_day=answers.get("first_day") or answers["last_day"],
            last_day=answers["last_day"],
            shops=self._read_shops(),
            kind=answers.get("kind") or "",
            terminal=terminal and terminal.pk,
            employee=employee and employee.pk,
            by=answers.get("by") or "",
        )

    def _read_shops(self) -> tuple[int, ...] | None:
        """Those that were chosen, otherwise all that the person may see."""
        chosen = tuple(shop.number for shop in self.cleaned_data.get("shops") or ())
        if chosen or self._scope.every_shop:
            return chosen or None
        return tuple(sorted(self._scope.shop_numbers))


def _complete(asked: Mapping[str, Any], definition: Definition, today: date) -> Any:
    """The days that were not asked for: this month, or today."""
    answers = asked.copy()  # type: ignore[attr-defined]
    if not answers.get("last_day"):
        is_of_one_day = "first_day" not in definition.asks
        end_of_month = today.replace(day=calendar.monthrange(today.year, today.month)[1])
        answers["last_day"] = (today if is_of_one_day else end_of_month).isoformat()
    if not answers.get("first_day"):
        answers["first_day"] = today.replace(day=1).isoformat()
    return answers
