"""What every admin of the project is built from, and with `admin_lists` the one that imports django-unfold.

Imported by the admin modules of all apps. It lives in `shops` because imports run one way only.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, time, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.db import connections
from django.db.models import Field, ForeignKey, ManyToManyField, Model, QuerySet
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter as UnfoldChoicesDropdownFilter
from unfold.contrib.filters.admin import DropdownFilter as UnfoldDropdownFilter
from unfold.contrib.filters.admin import RangeDateFilter, RangeDateTimeFilter, RangeNumericFilter
from unfold.contrib.filters.admin import RelatedDropdownFilter as UnfoldRelatedDropdownFilter
from unfold.contrib.filters.forms import DropdownForm
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.sections import TableSection, TemplateSection
from unfold.widgets import UnfoldAdminPasswordWidget as PasswordWidget

from shops.admin_lists import FilterSelect, write_checkbox, write_heads_once
from shops.models import Shop
from shops.presentation import NOTHING, show_amount, show_signed_amount, show_time
from shops.visibility import only_permitted, only_visible, scope_of

if TYPE_CHECKING:
    # unfold ships no types; its classes are Django's with another look.
    from django.contrib.admin.views.main import ChangeList

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
    from unfold.views import ChangeList

__all__ = [
    "ActionVariant",
    "AdminPasswordChangeForm",
    "ChangeList",
    "ChoicesDropdownFilter",
    "DayRangeFilter",
    "DropdownFilter",
    "FactAdmin",
    "FactStackedInline",
    "FactTabularInline",
    "ModelAdmin",
    "PasswordWidget",
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
    "amount_column",
    "display",
    "store_column",
    "time_column",
]

ROWS_PER_PAGE = 50

write_heads_once()


class FilterForm(DropdownForm):  # type: ignore[misc]
    widget = FilterSelect(
        attrs={"data-theme": "admin-autocomplete", "class": "unfold-admin-autocomplete admin-autocomplete"}
    )


class DropdownFilter(UnfoldDropdownFilter):  # type: ignore[misc]
    form_class = FilterForm


class ChoicesDropdownFilter(UnfoldChoicesDropdownFilter):  # type: ignore[misc]
    form_class = FilterForm


class RelatedDropdownFilter(UnfoldRelatedDropdownFilter):  # type: ignore[misc]
    """Offers what the person may see."""

    form_class = FilterForm

    def field_choices(
        self, field: "Field[Any, Any]", request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[Any, str]]:
        rows = field.remote_field.model._default_manager.order_by(  # type: ignore[union-attr]
            *self.field_admin_ordering(field, request, model_admin)
        )
        return [(row.pk, str(row)) for row in only_visible(rows, request.user)]


class OwnShopsMixin:
    """Offers in every field of a form what the person may see; a shop where the person may write such rows."""

    opts: Any

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        limited = self._limit_choices(db_field, request, kwargs)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(db_field, request, **limited)  # type: ignore[misc]
        return field

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelMultipleChoiceField[Any] | None":
        limited = self._limit_choices(db_field, request, kwargs)
        field: ModelMultipleChoiceField[Any] | None = super().formfield_for_manytomany(db_field, request, **limited)  # type: ignore[misc]
        return field

    def _limit_choices(self, field: Any, request: HttpRequest, options: dict[str, Any]) -> dict[str, Any]:
        """No shop at all means every shop: that is said by who may write such rows in every shop."""
        related = field.remote_field.model
        if "queryset" in options or not hasattr(related, "SHOP_PATH"):
            return options
        names = (self._name("add"), self._name("change")) if related is Shop else ()
        rows = related._default_manager.all()
        limited = options | {"queryset": only_permitted(rows, request.user, *names)}
        if related is Shop and field.null and not scope_of(request.user, *names).every_shop:
            limited["required"] = True
        return limited

    def _name(self, action_name: str) -> str:
        return f"{self.opts.app_label}.{action_name}_{self.opts.model_name}"


class ModelAdmin(OwnShopsMixin, UnfoldModelAdmin):
    """A page of 50 rows (unfold's rows are heavy), filters that apply together, no count of the whole table.

    Where rows belong to shops, people see, change and choose those of the shops in which their role allows it; rows of
    other shops do not exist for them.
    """

    list_per_page = ROWS_PER_PAGE
    list_max_show_all = 200
    list_filter_submit = True
    list_fullwidth = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count per choice of every filter is a scan of the table each
    warn_unsaved_form = True
    empty_value_display = NOTHING

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page is called what it lists: "Select … to change" cannot be said in every language."""
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        page: HttpResponse = super().changelist_view(request, title | (extra_context or {}))
        return page

    @display(description=UnfoldModelAdmin.action_checkbox.short_description)  # type: ignore[attr-defined]
    def action_checkbox(self, obj: Model) -> SafeString:
        return write_checkbox(obj.pk)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """SQLite tells small letters from capitals outside of ASCII: there a text is sought in all of its forms."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if search_term.isascii() or connections[queryset.db].vendor != "sqlite":
            return found, may_repeat
        for variant in {search_term.lower(), search_term.title(), search_term.upper()} - {search_term}:
            also_found, also_may_repeat = super().get_search_results(request, queryset, variant)
            found, may_repeat = found | also_found, may_repeat or also_may_repeat
        return found, may_repeat

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        if not hasattr(self.model, "SHOP_PATH"):
            return rows
        return only_permitted(rows, request.user, self._name("view"), self._name("change"))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may: bool = super().has_view_permission(request, obj)
        return may and (self._holds(request, "view", obj) or self._holds(request, "change", obj))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._holds(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._holds(request, "delete", obj)

    def _holds(self, request: HttpRequest, action_name: str, row: Model | None) -> bool:
        return row is None or not hasattr(row, "SHOP_PATH") or request.user.has_perm(self._name(action_name), row)


class InlineMixin(OwnShopsMixin):
    """Rows of the person's shops within the page of another row, which may be of several shops."""

    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return only_visible(rows, request.user) if hasattr(rows.model, "SHOP_PATH") else rows


class TabularInline(InlineMixin, UnfoldTabularInline):
    pass


class StackedInline(InlineMixin, UnfoldStackedInline):
    pass


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
    """Its page is read, not filled in: fields stand as a list of facts, without the frames of a form."""

    actions: Any = ()
    change_form_template = "admin/fact_form.html"
    actions_on_top = False

    def describe(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template of the page shows beside the fields."""
        return {}

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any) -> Any:
        context.update(self.describe(request, options["obj"]))
        return super().render_change_form(request, context, *args, **options)


class FactTabularInline(ReadOnlyFactsMixin, TabularInline):
    can_delete = False
    max_num = 0


class FactStackedInline(ReadOnlyFactsMixin, StackedInline):
    can_delete = False
    max_num = 0


class DayRangeFilter(RangeDateFilter):  # type: ignore[misc]
    """From a day to a day, both included, as days of the current time zone."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        first, last = (self.read_day(edge) for edge in ("from", "to"))
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.field_path}__lt": last + timedelta(days=1)})
        return queryset

    def read_day(self, edge: str) -> datetime | None:
        """The beginning of the day that was typed, in the reader's way or the international one; None for no day."""
        typed = str(self.used_parameters.get(f"{self.field_path}_{edge}") or "").strip()
        for pattern in formats.get_format("DATE_INPUT_FORMATS"):
            try:
                day = datetime.strptime(typed, pattern).date()
            except ValueError:
                continue
            break
        else:
            try:
                read = parse_date(typed)
            except ValueError:
                read = None
            if read is None:
                return None
            day = read
        return timezone.make_aware(datetime.combine(day, time.min))


def amount_column(path: str, description: str | Promise, *, signed: bool = False) -> Callable[[Any], str]:
    """A column of money for a list or a page: the amount at `path` (dots go through relations), sortable."""
    read, show = attrgetter(path), show_signed_amount if signed else show_amount

    @display(description=description, ordering=path.replace(".", "__"))
    def column(row: Any) -> str:
        return show(read(row))

    column.__name__ = path.rpartition(".")[2]
    return column


@display(description=_("store"), ordering="store")
def store_column(row: Any) -> str:
    """The store of a row, with the way to its page; of one of another shop the id, which the row itself has brought."""
    if row.store is None:
        return NOTHING
    name = row.store.called_by(row.shop_id)
    if row.store.shop_id != row.shop_id:
        return str(name)
    address = reverse("admin:shops_store_change", args=[row.store_id])
    return format_html('<a class="text-link" href="{}">{}</a>', address, name)


def time_column(path: str, description: str | Promise, *, shop: str = "shop") -> Callable[[Any], str]:
    """A column of time in the time zone of the row's own shop, which is found at `shop`."""
    read, read_shop = attrgetter(path), attrgetter(shop)

    @display(description=description, ordering=path.replace(".", "__"))
    def column(row: Any) -> str:
        return show_time(read(row), read_shop(row).zone)

    column.__name__ = path.rpartition(".")[2]
    return column
