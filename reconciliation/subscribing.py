"""What people choose to be told: the form, and what becomes of its answers. Two pages show it, the admin's and ours."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reconciliation.letters.digests import write_sample
from reconciliation.letters.readers import find_own_scopes, find_reader, usual_subscription
from reconciliation.models import Subscription
from reconciliation.permissions import VIEW_PERMISSION
from shops.models import Shop
from shops.models.shop import DEFAULT_TIME_ZONE
from shops.visibility import only_permitted

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


def make_form(person: User, data: QueryDict | None) -> SubscriptionForm:
    """The form about what this person is told, with the answers of a request where it brings some."""
    shops = only_permitted(Shop.objects.all(), person, VIEW_PERMISSION)
    return SubscriptionForm(data, instance=find_subscription(person), shops=shops)


@transaction.atomic
def set_for_oneself(form: SubscriptionForm) -> None:
    """Stores the answers of a valid form."""
    save(form.instance)
    form.instance.shops.set(form.cleaned_data["shops"])


def find_subscription(person: User) -> Subscription:
    """The person's settings, or the usual ones, not stored yet, where nothing has been chosen."""
    held = Subscription.objects.filter(person=person).first()
    return held or usual_subscription(person, find_own_scopes(person))


def save(subscription: Subscription) -> None:
    """Stores what was chosen; whose it is never changes."""
    if subscription.pk is None:
        subscription.save(force_insert=True)
    else:
        subscription.save(update_fields=[name for name in CHOSEN if name != "shops"])


def send_sample(person: User, *, now: datetime) -> tuple[int, str]:
    """Writes the person a digest as it would be now; once a minute, lest a button floods a mailbox.

    Gives what to say of it, and how important that is, as `messages.add_message` takes it.
    """
    reader = find_reader(person)
    if reader is None:
        return messages.ERROR, gettext("You have no e-mail address here, or may not see discrepancies.")
    try:
        letter = write_sample(reader, now=now)
    except IntegrityError:
        return messages.WARNING, gettext("A sample was written just now. Try again in a minute.")
    words = {"address": reader.person.email, "subject": letter.subject}
    return messages.SUCCESS, gettext("Written to %(address)s: %(subject)s") % words
