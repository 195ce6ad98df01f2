"""What an owner sets of the shop itself: its name, how long it waits, when people are told at once, how they log in."""

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from reconciliation.owner.acts.frame import note, person_of, shop_page, show
from reconciliation.permissions import VIEW_PERMISSION
from shops.models import Shop

SET_UP_PERMISSION = "shops.set_up_shop"
HOUR = timedelta(hours=1)
LONGEST = 24 * 31  # hours


class HoursField(forms.IntegerField):
    """A duration in whole hours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LONGEST, **options)

    def prepare_value(self, value: Any) -> Any:
        return value // HOUR if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> timedelta:
        return HOUR * int(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class ShopForm(forms.ModelForm):  # type: ignore[type-arg]
    opened_not_paid_after = HoursField(
        label=_("A bill that was opened at a register is to be paid within, hours"),
        help_text=_("After that it is shown as “opened, not paid”."),
    )
    late_receipt_after = HoursField(
        label=_("A receipt is to arrive within, hours"), help_text=_("After that it is shown as late.")
    )

    class Meta:
        model = Shop
        fields = ("name", "opened_not_paid_after", "late_receipt_after", "alert_threshold", "two_step_required")
        labels: ClassVar = {
            "name": _("Name of the shop"),
            "alert_threshold": _("Tell at once of differences beyond"),
        }


@require_http_methods(["GET", "HEAD", "POST"])
@shop_page(VIEW_PERMISSION)
def settings_view(request: HttpRequest, shop: Shop) -> HttpResponseBase:
    """Everybody of the shop reads them; who may, changes them."""
    may_change = request.user.has_perm(SET_UP_PERMISSION, shop)
    data = request.POST if request.method == "POST" and may_change else None
    form = ShopForm(data, instance=Shop.objects.get(pk=shop.pk), label_suffix="")
    if form.is_valid():
        if form.changed_data:
            form.instance.save(update_fields=form.changed_data)
            labels = ", ".join(str(form.fields[name].label) for name in form.changed_data)
            note(person_of(request), form.instance, gettext("Set by an owner: %(labels)s.") % {"labels": labels})
        messages.success(request, gettext("The settings of the shop are kept."))
        return HttpResponseRedirect(reverse("owner:settings", args=[shop.pk]))
    return show(request, "settings", shop, "settings", {"form": form, "may_change": may_change})
