"""The names of a shop's stores, terminals and employees, on one page, with who has given the last ones."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from reconciliation.owner.acts.frame import note, person_of, shop_page, show
from reconciliation.permissions import VIEW_PERMISSION
from shops.models import Employee, Shop, Store, Terminal
from shops.people import name_person
from shops.presentation import show_time

Place = Store | Terminal | Employee

SORTS: tuple[tuple[str, type[Place], Promise], ...] = (
    ("store", Store, _("Stores")),
    ("terminal", Terminal, _("Cash registers")),
    ("employee", Employee, _("Cashiers")),
)


class NamesForm(forms.Form):
    """A field for each that the person may name. What somebody else has changed meanwhile is not written over."""

    def __init__(self, data: QueryDict | None, places: dict[str, Place]) -> None:
        super().__init__(data, label_suffix="")
        self.places = places
        for key, place in places.items():
            self.fields[key] = forms.CharField(
                label=gettext("Name"), required=False, max_length=200, initial=place.name, show_hidden_initial=True
            )


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(VIEW_PERMISSION)
def names_view(request: HttpRequest, shop: Shop) -> HttpResponseBase:
    places = {
        f"{sort}-{place.pk}": place
        for sort, model, _title in SORTS
        for place in model._default_manager.filter(shop=shop).order_by("evotor_name", "evotor_id")
    }
    may = {sort: request.user.has_perm(f"shops.change_{sort}", shop) for sort, _model, _title in SORTS}
    allowed = {key: place for key, place in places.items() if may[key.partition("-")[0]]}
    form = NamesForm(request.POST if request.method == "POST" else None, allowed)
    if form.is_valid():
        count = _store(request, form)
        text = ngettext("%(count)d name is kept.", "%(count)d names are kept.", count)
        messages.success(request, text % {"count": count} if count else gettext("Nothing has changed."))
        return HttpResponseRedirect(reverse("owner:names", args=[shop.pk]))
    context = {"form": form, "sorts": _describe(form, places, shop), "may_change": bool(allowed)}
    return show(request, "names", shop, "names", context)


@transaction.atomic
def _store(request: HttpRequest, form: NamesForm) -> int:
    """The names that the person has changed, each noted; how many."""
    for key in form.changed_data:
        place = form.places[key]
        before, place.name = place.name, form.cleaned_data[key].strip()
        place.save(update_fields=["name"])
        words = {"before": before or place.evotor_name or place.evotor_id, "after": place.shown_name or place.evotor_id}
        note(person_of(request), place, gettext("Named: “%(before)s” → “%(after)s”.") % words)
    return len(form.changed_data)


def _describe(form: NamesForm, places: dict[str, Place], shop: Shop) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "rows": [
                {
                    "place": place,
                    "field": form[key] if key in form.fields else None,
                    "changed": changes.get(str(place.pk), ""),
                }
                for key, place in places.items()
                if key.startswith(f"{sort}-")
            ],
        }
        for sort, model, title in SORTS
        for changes in (_read_changes(model, shop, places),)
    ]


def _read_changes(model: type[Place], shop: Shop, places: dict[str, Place]) -> dict[str, str]:
    """Who has changed each of them last, and when, by their keys as text; one query."""
    keys = [str(place.pk) for place in places.values() if isinstance(place, model)]
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=keys)
    return {
        entry.object_id: f"{name_person(entry.user)}, {show_time(entry.action_time, shop.zone)}"
        for entry in entries.select_related("user").order_by("action_time", "pk")
        if entry.object_id
    }
