"""What every admin of the project is built from, and the one module that imports django-unfold.

Imported by the admin modules of all apps. It lives in `shops` because imports run one way only.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    AutocompleteSelectMultipleFilter,
    ChoicesDropdownFilter,
    RangeDateFilter,
    RangeDateTimeFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
)
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.sections import TableSection, TemplateSection

if TYPE_CHECKING:
    # unfold ships no types; its classes are Django's with another look.
    UnfoldModelAdmin = admin.ModelAdmin[Any]
    UnfoldStackedInline = admin.StackedInline[Any, Any]
    UnfoldTabularInline = admin.TabularInline[Any, Any]

    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

    def action(
        function: None = None,
        *,
        permissions: Iterable[str] | None = None,
        description: Any = None,
        url_path: str | None = None,
        attrs: dict[str, Any] | None = None,
        icon: str | None = None,
        variant: ActionVariant | None = None,
        dialog: Any = None,
    ) -> Callable[[AnyFunction], AnyFunction]: ...

    def display(
        function: None = None,
        *,
        boolean: bool | None = None,
        image: bool | None = None,
        ordering: Any = None,
        description: Any = None,
        empty_value: str | None = None,
        dropdown: bool | None = None,
        label: bool | str | dict[str, str] | None = None,
        header: bool | None = None,
    ) -> Callable[[AnyFunction], AnyFunction]: ...
else:
    from unfold.admin import ModelAdmin as UnfoldModelAdmin
    from unfold.admin import StackedInline as UnfoldStackedInline
    from unfold.admin import TabularInline as UnfoldTabularInline
    from unfold.decorators import action, display

__all__ = [
    "ActionVariant",
    "AdminPasswordChangeForm",
    "AutocompleteSelectFilter",
    "AutocompleteSelectMultipleFilter",
    "ChoicesDropdownFilter",
    "FactAdmin",
    "FactStackedInline",
    "FactTabularInline",
    "ModelAdmin",
    "RangeDateFilter",
    "RangeDateTimeFilter",
    "RangeNumericFilter",
    "ReadOnlyFactsMixin",
    "RelatedDropdownFilter",
    "StackedInline",
    "TableSection",
    "TabularInline",
    "TemplateSection",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "display",
]

ROWS_PER_PAGE = 50


class ModelAdmin(UnfoldModelAdmin):
    """A page of 50 rows (unfold's rows are heavy), filters that apply together, no count of the whole table."""

    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 200
    list_filter_submit = True
    list_fullwidth = True
    show_full_result_count = False
    warn_unsaved_form = True


class TabularInline(UnfoldTabularInline):
    extra = 0
    show_change_link = True


class StackedInline(UnfoldStackedInline):
    extra = 0
    show_change_link = True


class ReadOnlyFactsMixin:
    """For facts: whoever may view them sees every field, and nobody adds, changes or deletes one.

    Put it before the admin class. A fact is corrected by a new fact, never by a form.
    """

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class FactAdmin(ReadOnlyFactsMixin, ModelAdmin):
    actions: Any = ()


class FactTabularInline(ReadOnlyFactsMixin, TabularInline):
    can_delete = False
    max_num = 0


class FactStackedInline(ReadOnlyFactsMixin, StackedInline):
    can_delete = False
    max_num = 0
