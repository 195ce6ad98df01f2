"""Erasures of customers in the admin: the list, and the page that counts first and erases when it is confirmed."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.decision_forms import comment_field
from reconciliation.erasing import Preview, erase, preview
from shops.admin_base import FactAdmin, RelatedDropdownFilter, display, time_column
from shops.erasing import ErasureRefused, Wanted, check_names
from shops.models import Erasure, Shop
from shops.visibility import only_permitted

ERASE_PERMISSION = "shops.erase_customer"


def day_field(label: Any, help_text: Any, *, required: bool) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "field"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)


class ErasureForm(forms.Form):
    """`shops` are those where the person may erase."""

    shop: Any = forms.ModelChoiceField(
        label=_("Shop"), queryset=Shop.objects.none(), widget=forms.Select(attrs={"class": "field"})
    )
    names = forms.CharField(
        label=_("Names, telephones, e-mail addresses"),
        help_text=_("One a line, each as it is written in the documents. Small letters and capital ones are the same."),
        widget=forms.Textarea(attrs={"rows": 4, "class": "field"}),
    )
    since = day_field(_("From"), _("Empty: from the first day."), required=False)
    before = day_field(_("Before"), _("What is of this day or later stays."), required=True)
    reference = forms.CharField(
        label=_("Customer's request"),
        help_text=_("Its number and date, without the name."),
        max_length=100,
        widget=forms.TextInput(attrs={"class": "field"}),
    )
    comment = comment_field()

    def __init__(self, *args: Any, shops: QuerySet[Shop], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]

    def read_wanted(self) -> Wanted:
        """Raises ErasureRefused."""
        said = self.cleaned_data
        shop: Shop = said["shop"]
        begin = {
            edge: datetime.combine(said[edge], time.min, tzinfo=shop.zone) if said[edge] else None
            for edge in ("since", "before")
        }
        before = begin["before"]
        assert before is not None
        if before > timezone.now():
            raise ErasureRefused(gettext("A day that has not come cannot be erased: choose today or an earlier day."))
        return Wanted(shop, check_names(said["names"].splitlines()), before, begin["since"])


@admin.register(Erasure)
class ErasureAdmin(FactAdmin):
    list_before_template = "admin/shops/erasure/list_before.html"
    list_display = ("shown_made_at", "shop", "reference", "entries_count", "made_by")
    list_display_links = ("shown_made_at", "reference")
    list_select_related = ("shop", "made_by")
    list_filter = (("shop", RelatedDropdownFilter),)
    search_fields = ("reference",)
    search_help_text = _("Number of the request")
    fields = (
        "shop",
        "reference",
        "shown_made_at",
        "made_by",
        "shown_since",
        "shown_before",
        "entries_count",
        "shown_changed",
        "shown_hashes",
        "comment",
    )
    readonly_fields = ("shown_made_at", "shown_since", "shown_before", "shown_changed", "shown_hashes")

    shown_made_at = staticmethod(time_column("made_at", _("erased")))
    shown_since = staticmethod(time_column("since", _("of this time or later")))
    shown_before = staticmethod(time_column("before", _("before")))

    @display(description=_("changed rows"))
    def shown_changed(self, erasure: Erasure) -> str:
        return "; ".join(f"{table}: {count}" for table, count in _list_tables(erasure.changed))

    @display(description=_("hashes of the names"))
    def shown_hashes(self, erasure: Erasure) -> str:
        return " ".join(erasure.name_hashes)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_erase = {"may_erase": request.user.has_perm(ERASE_PERMISSION)}
        return super().changelist_view(request, (extra_context or {}) | may_erase)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.erase_view)
        return [path("erase/", view, name="shops_erasure_erase"), *super().get_urls()]

    def erase_view(self, request: HttpRequest) -> HttpResponse:
        """Asks whose names; counts; and erases when that is confirmed."""
        if not request.user.has_perm(ERASE_PERMISSION):
            raise PermissionDenied
        today = timezone.localdate()
        shops = only_permitted(Shop.objects.all(), request.user, ERASE_PERMISSION)
        form = ErasureForm(request.POST or None, initial={"before": today - timedelta(days=1)}, shops=shops)
        told: Preview | None = None
        if request.method == "POST" and form.is_valid():
            try:
                wanted = form.read_wanted()
                if not request.user.has_perm(ERASE_PERMISSION, wanted.shop):
                    raise PermissionDenied
                if "confirmed" in request.POST:
                    return self._erase(request, form, wanted)
                told = preview(wanted)
            except ErasureRefused as refusal:
                messages.error(request, str(refusal))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": gettext("Erase a customer"),
            "form": form,
            "told": told,
            "rows": _list_tables(told.rows) if told else [],
        }
        return TemplateResponse(request, "admin/shops/erasure/erase.html", context)

    def _erase(self, request: HttpRequest, form: ErasureForm, wanted: Wanted) -> HttpResponse:
        said, actor = form.cleaned_data, request.user
        assert isinstance(actor, User)
        erasure = erase(wanted, reference=said["reference"], comment=said["comment"], actor=actor, now=timezone.now())
        messages.success(request, gettext("The names are erased, and the erasure is recorded."))
        return HttpResponseRedirect(reverse("admin:shops_erasure_change", args=[erasure.pk]))


def _list_tables(counts: dict[str, int]) -> list[tuple[str, int]]:
    """The tables by the names that people know them by."""
    return [(capfirst(str(apps.get_model(label)._meta.verbose_name_plural)), count) for label, count in counts.items()]
