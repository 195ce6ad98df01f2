"""What a person says when administering access: a new key, an overlap, the shop of a message."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shops.models import ApiKey, Shop

FIELD = {"class": "field"}
OVERLAPS = (
    (24, _("24 hours")),
    (7 * 24, _("7 days")),
    (1, _("1 hour")),
    (0, _("none: it stops working at once")),
)
STORE, USER, MESSAGE = "store", "user", "message"


class ShopForm(forms.Form):
    """Asks for one of the `shops` in which the person may do what is asked for."""

    shop: Any = forms.ModelChoiceField(
        label=_("Shop"),
        queryset=Shop.objects.none(),
        empty_label=_("Choose a shop"),
        widget=forms.Select(attrs=FIELD),
    )

    def __init__(self, *args: Any, shops: QuerySet[Shop], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["shop"].queryset = shops  # type: ignore[attr-defined]


class KeyForm(forms.Form):
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[("", _("Choose a role")), *ApiKey.Role.choices],
        widget=forms.Select(attrs=FIELD),
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False, widget=forms.TextInput(attrs=FIELD))


class NewKeyForm(KeyForm, ShopForm):
    field_order = ("shop", "role", "name")


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label=_("How long the old key goes on working"),
        choices=OVERLAPS,
        coerce=int,
        widget=forms.Select(attrs=FIELD),
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["overlap_hours"])


class AssignForm(ShopForm):
    scope = forms.ChoiceField(
        label=_("What belongs to it"),
        choices=(
            (STORE, _("the stores that the messages name, with all that comes from them")),
            (USER, _("the Evotor users that the messages name, with all that comes from them")),
            (MESSAGE, _("these messages and nothing more")),
        ),
        widget=forms.Select(attrs=FIELD),
    )
