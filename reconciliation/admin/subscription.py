"""What people are told: everybody sets it for themselves on a page of the own, administrators for others too."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.letters.digests import write_sample
from reconciliation.letters.readers import find_reader, usual_subscription
from reconciliation.models import Subscription
from reconciliation.permissions import VIEW_PERMISSION, WORK_PERMISSION
from shops.admin_base import ModelAdmin, RelatedDropdownFilter, display
from shops.models import Shop
from shops.models.shop import DEFAULT_TIME_ZONE
from shops.visibility import only_permitted, scope_of

CHOSEN = (
    "digest",
    "digest_hour",
    "time_zone",
    "weekdays",
    "also_when_nothing",
    "at_once",
    "only_mine",
    "every_shop",
    "shops",
    "language",
)
ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
)


class WeekdaysField(forms.MultipleChoiceField):
    """Days of the week as boxes, kept as the figures of the days."""

    widget = forms.CheckboxSelectMultiple

    def prepare_value(self, value: Any) -> Any:
        return list(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        return "".join(sorted(super().clean(value)))


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    weekdays = WeekdaysField(
        label=_("on weekdays"),
        required=False,
        choices=lambda: [(str(number + 1), capfirst(str(name))) for number, name in WEEKDAYS.items()],
    )
    digest_hour = forms.TypedChoiceField(
        label=_("at the hour"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )

    class Meta:
        model = Subscription
        fields = CHOSEN
        widgets = {"shops": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, shops: QuerySet[Shop] | None = None, **options: Any) -> None:
        """`shops` are those that may be chosen; none are named where an administrator may choose any."""
        super().__init__(*args, **options)
        if shops is not None:
            self.fields["shops"].queryset = shops  # type: ignore[attr-defined]
        known = (shops if shops is not None else Shop.objects).values_list("time_zone", flat=True)
        zones = dict.fromkeys([*ZONES, *known, self.instance.time_zone])
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("time zone"), choices=[(zone, zone) for zone in zones], initial=DEFAULT_TIME_ZONE
        )

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if not answers.get("every_shop") and not answers.get("shops"):
            self.add_error("shops", gettext("Choose at least one shop, or every shop."))
        return answers


@admin.register(Subscription)
class SubscriptionAdmin(ModelAdmin):
    form = SubscriptionForm
    list_display = ("person", "address", "digest", "shown_hour", "at_once", "only_mine", "every_shop", "language")
    list_select_related = ("person",)
    list_filter = ("digest", "at_once", ("shops", RelatedDropdownFilter))
    search_fields = ("person__username", "person__last_name", "person__email")
    fields = ("person", *CHOSEN)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The settings of others name people and shops: they are for who sees every shop."""
        sees_all = scope_of(request.user, "reconciliation.view_subscription").every_shop
        return sees_all and super().has_view_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Subscription | None = None) -> tuple[str, ...]:
        return ("person",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        save(obj)

    @display(description=_("address"), ordering="person__email")
    def address(self, subscription: Subscription) -> str:
        return subscription.person.email

    @display(description=_("at the hour"), ordering="digest_hour")
    def shown_hour(self, subscription: Subscription) -> str:
        return f"{subscription.digest_hour:02}:00 {subscription.time_zone}"

    # --- everybody's own page ---

    def get_urls(self) -> list[URLPattern]:
        mine = path("mine/", self.admin_site.admin_view(self.mine_view), name="reconciliation_subscription_mine")
        sample = path(
            "mine/sample/", self.admin_site.admin_view(self.sample_view), name="reconciliation_subscription_sample"
        )
        return [mine, sample, *super().get_urls()]

    def mine_view(self, request: HttpRequest) -> HttpResponse:
        """The settings of the person who asks, and of nobody else: the request names no person."""
        assert isinstance(request.user, User)
        subscription = find_subscription(request.user)
        shops = only_permitted(Shop.objects.all(), request.user, VIEW_PERMISSION)
        form = SubscriptionForm(request.POST or None, instance=subscription, shops=shops)
        if request.method == "POST" and form.is_valid():
            is_new = subscription.pk is None
            with transaction.atomic():
                save(form.instance)
                form.instance.shops.set(form.cleaned_data["shops"])
            log = self.log_addition if is_new else self.log_change
            log(request, form.instance, gettext("Set for oneself."))
            messages.success(request, gettext("Your notifications are set."))
            return HttpResponseRedirect(reverse("admin:reconciliation_subscription_mine"))
        context = self.admin_site.each_context(request) | {
            "title": gettext("My notifications"),
            "opts": self.opts,
            "form": form,
            "reader": find_reader(request.user),
            "waits_for_server": not settings.MAIL_SERVER_IS_SET,
        }
        return TemplateResponse(request, "admin/reconciliation/subscription/mine.html", context)

    def sample_view(self, request: HttpRequest) -> HttpResponse:
        """Writes the person a digest as it would be now, by POST; once a minute, lest a button floods a mailbox."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        assert isinstance(request.user, User)
        reader = find_reader(request.user)
        if reader is None:
            messages.error(request, gettext("You have no e-mail address here, or may not see discrepancies."))
        else:
            try:
                letter = write_sample(reader, now=timezone.now())
            except IntegrityError:
                messages.warning(request, gettext("A sample was written just now. Try again in a minute."))
            else:
                words = {"address": reader.person.email, "subject": letter.subject}
                messages.success(request, gettext("Written to %(address)s: %(subject)s") % words)
        return HttpResponseRedirect(reverse("admin:reconciliation_subscription_mine"))


def find_subscription(person: User) -> Subscription:
    """The person's settings, or the usual ones, not stored yet, where nothing has been chosen."""
    works = person.has_perm(WORK_PERMISSION) and not person.is_superuser
    return Subscription.objects.filter(person=person).first() or usual_subscription(person, works=works)


def save(subscription: Subscription) -> None:
    """Stores what was chosen; whose it is never changes."""
    if subscription.pk is None:
        subscription.save(force_insert=True)
    else:
        subscription.save(update_fields=[name for name in CHOSEN if name != "shops"])
