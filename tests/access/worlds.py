"""Shops with a row of every model that belongs to shops, whose every text is known again by one word.

What no factory makes is made here from the fields of the model, so that a new model gets its row by itself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Model, QuerySet
from django.test import Client

from crmpos.accounts.models import FailedLogIn
from reconciliation import periods
from reconciliation.models import (
    Attachment,
    Digest,
    HouseRule,
    Letter,
    Period,
    PeriodAcknowledgement,
    PeriodEntry,
    SavedView,
    Subscription,
    WriteOffAccount,
)
from shops.access import create_key
from shops.models import (
    ApiKey,
    Bill,
    EvotorAccount,
    ExchangeBody,
    ExchangeEvent,
    Receipt,
    Shop,
    UnassignedMessage,
)
from tests.factories import NOON, join_shop, make_bill, make_discrepancy, make_receipt

APPS = ("shops", "reconciliation")
MONTH = date(2026, 3, 1)
NOBODY_ANSWERS = "http://127.0.0.1:9"
CLOSED_AT = datetime(2026, 3, 2, tzinfo=UTC)

# What is no text of people's, or has to be of a certain form.
KEPT = frozenset(
    {
        "time_zone",
        "kind",
        "type",
        "payment_source",
        "settlement_method",
        "shift",
        "tax_rate",
        "digest",
        "token_digest",
        "fingerprint",
        "fault",
        "remark",
        "weekdays",
        "content_type",
        "query",
        "amounts",
        "words",
        "reopening_comment",
        "beginning",
    }
)
OWNER_FIELDS = {Letter: "person", Digest: "person", SavedView: "owner", Subscription: "person"}
ROLES = {
    "owner": "Owners",
    "accountant": "Accountants",
    "chief": "Chief accountants",
    "viewer": "Viewers",
}

_numbers = count(1)


@dataclass(slots=True)
class World:
    """A shop, its people and keys, and what belongs to it."""

    shop: Shop
    word: str
    amount: Decimal
    people: dict[str, User] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def colleague(self) -> User:
        return self.people["colleague"]

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """All rows of a model that belong to the shop, or to its people."""
        return select_of_shop(model, self.shop)

    def one(self, model: type[Model]) -> Any:
        row = self.rows(model).order_by("pk").first()
        assert row is not None, f"the world of {self.word} has no {model.__name__}"
        return row


def select_of_shop(model: type[Model], shop: Shop) -> QuerySet[Any]:
    rows = model._default_manager.all()
    if model is User:
        return rows.filter(memberships__shop=shop)
    if model is FailedLogIn:
        return rows.filter(username__in=User.objects.filter(memberships__shop=shop).values("username"))
    if model in OWNER_FIELDS:
        return rows.filter(**{f"{OWNER_FIELDS[model]}__memberships__shop": shop})
    if model is ExchangeBody:
        return rows.filter(entry_id__in=ExchangeEvent.objects.filter(shop=shop).values("pk"))
    path: str = model.SHOP_PATH  # type: ignore[attr-defined]
    if path:
        return rows.filter(**{path: shop.pk})
    names = [name for name in ("source", "event_id") if any(f.name == name for f in model._meta.concrete_fields)]
    return rows.filter(**{f"{names[0]}__startswith": f"{shop.name.split(chr(45))[0]}-"})


def list_models() -> list[type[Model]]:
    return [model for app in APPS for model in apps.get_app_config(app).get_models()]


def make_world(number: int, word: str, amount: str) -> World:
    """The whole of a shop. Nothing is judged: the rows are as the judge would have left them."""
    shop = Shop.objects.create(number=number, name=f"{word}-shop")
    world = World(shop, word, Decimal(amount))
    _add_people(world)
    bill = make_bill(shop, total=amount)
    make_receipt(bill, total=str(world.amount / 10))
    make_bill(shop, total=amount)
    alone = make_receipt(bill, total=amount)
    Receipt.objects.filter(pk=alone.pk).update(bill=None, bill_external_id="")
    _fill(world, "shops")
    _brand(world, "shops")
    EvotorAccount.objects.filter(shop=shop).update(user_id=f"{word}-user")
    row = make_discrepancy(Bill.objects.get(pk=bill.pk), amount=str(-world.amount * 9 / 10), assignee=world.colleague)
    row.evidence["lines"][0]["name"] = f"{word}-tea"
    row.save(update_fields=["evidence"])
    if world.rows(Period).count() == 0:
        waiting = list(UnassignedMessage.objects.filter(assigned_at=None).values_list("pk", flat=True))
        periods.close_period(
            shop=shop, month=date(2026, 2, 1), actor=world.colleague, now=CLOSED_AT, messages_of_others=waiting
        )
    _fill(world, "reconciliation")
    _brand(world, "reconciliation")
    return world


def add_what_waits(word: str) -> None:
    """A message and an account that have no shop yet: nobody knows whose they are."""
    UnassignedMessage.objects.create(
        kind=UnassignedMessage.Kind.RECEIPTS,
        received_at=NOON,
        last_received_at=NOON,
        store_id=f"{word}-store",
        user_id=f"{word}-stranger",
        text=word,
        digest=word,
    )
    EvotorAccount.objects.create(user_id=f"{word}-stranger")


def _add_people(world: World) -> None:
    for name, group in ROLES.items():
        world.people[name] = _add_person(world, name, group)
    world.people["colleague"] = _add_person(world, "colleague", "Accountants")
    Client().force_login(world.colleague)
    FailedLogIn.objects.create(username=world.colleague.username, ip_address="192.0.2.1", failures_since_start=1)
    strongest = _add_person(world, "strongest", "")
    strongest.user_permissions.set(Permission.objects.all())
    world.people["strongest"] = strongest
    for role in ApiKey.Role.values:
        world.secrets[role] = create_key(world.shop, role, name=f"{world.word}-{role}", now=NOON).secret


def _add_person(world: World, name: str, group: str) -> User:
    person = User.objects.create_user(
        f"{world.word}-{name}",
        email=f"{name}@{world.word}.example",
        first_name=world.word,
        last_name=name,
        is_staff=True,
    )
    join_shop(person, group, world.shop)
    return person


def _fill(world: World, app: str) -> None:
    """A row of every model of the app that has none yet."""
    for model in apps.get_app_config(app).get_models():
        if not world.rows(model).exists():
            _create(world, model, **_say_more(world, model))


def _say_more(world: World, model: type[Model]) -> dict[str, Any]:
    """What the constraints of a model ask for."""
    of_model: dict[type[Model], dict[str, Any]] = {
        EvotorAccount: {"shop": world.shop},
        WriteOffAccount: {"shop": world.shop},
        UnassignedMessage: {"shop": world.shop, "assigned_at": NOON, "kind": "receipts"},
        HouseRule: {
            "shop": world.shop,
            "outcome": "assign",
            "assignee": world.colleague,
            "kinds": ["partial_receipt"],
            "position": world.shop.pk,
        },
        Letter: {"next_attempt_at": NOON},
        SavedView: {"is_shared": True, "query": f"q={world.word}"},
        Attachment: {"size_bytes": 5, "content_type": "text/plain"},
        PeriodAcknowledgement: {"amount": -world.amount * 9 / 10},
        PeriodEntry: {"what": "billed", "bill": world.rows(Bill).first()},
        Subscription: {"every_shop": True},
    }
    if model.__name__ == "MembershipChange":
        return {"role_before": "", "role_after": "viewer"}
    if model.__name__ == "WebhookMessage":
        return {"next_attempt_at": NOON}
    if model.__name__ == "Shift":
        return {"closed_at": NOON, "closing_revenue": world.amount, "report_revenue": world.amount}
    return of_model.get(model, {})


def _create(world: World, model: type[Model], **said: Any) -> Model:
    values = dict(said)
    for each in model._meta.concrete_fields:
        if each.name in values or each.generated or isinstance(each, models.AutoField | SearchVectorField):
            continue
        if _is_needed(each):
            values[each.name] = _invent(world, each)
    return model._default_manager.create(**values)


def _is_needed(each: Any) -> bool:
    """What has to be said, and of what may be left out the shop."""
    if isinstance(each, models.ForeignKey):
        return not each.null or each.related_model is Shop
    may_be_blank = each.blank and each.get_internal_type() != "TextField"
    return not (each.null or each.has_default() or may_be_blank)


def _invent(world: World, each: Any) -> Any:
    number = next(_numbers)
    if isinstance(each, models.ForeignKey):
        related = each.related_model
        if related is User:
            return world.colleague
        return world.shop if related is Shop else world.one(related)
    if each.choices:
        return each.choices[0][0]
    match each.get_internal_type():
        case "DateTimeField":
            return NOON
        case "DateField":
            return MONTH
        case "DecimalField":
            return world.amount
        case "DurationField":
            return timedelta(hours=1)
        case "BinaryField":
            return world.word.encode()
        case "BooleanField":
            return False
        case "JSONField":
            return {}
        case "UUIDField":
            return f"00000000-0000-0000-0000-{world.shop.pk:012d}"
        case "CharField" | "TextField" | "URLField":
            return f"{world.word}-{each.name}-{number}"[: each.max_length or 200]
    return number


def _brand(world: World, app: str) -> None:
    """Puts the word into every text of the shop's rows."""
    for model in apps.get_app_config(app).get_models():
        for row in world.rows(model).distinct():
            changes = {each.attname: _word_of(world, each, row) for each in _list_texts(model)}
            if changes:
                model._default_manager.filter(pk=row.pk).update(**changes)
    world.shop.refresh_from_db()


def _list_texts(model: type[Model]) -> Iterator[Any]:
    for each in model._meta.concrete_fields:
        is_text = each.get_internal_type() in ("CharField", "TextField", "URLField") and not each.choices
        if is_text and each.name not in KEPT and not each.primary_key:
            yield each


def _word_of(world: World, each: Any, row: Model) -> str:
    if each.name in ("url", "address") and row._meta.model_name in ("upstream", "crmwebhook"):
        return f"{NOBODY_ANSWERS}/{world.word}-{row.pk}"
    if each.name == "body":
        return f'{{"said": "{world.word}"}}'
    return f"{world.word}-{each.name}-{row.pk}"[: each.max_length or 200]


def add_stranger(name: str) -> User:
    """Somebody who may enter the admin and do everything there, and belongs to no shop."""
    person = User.objects.create_user(name, is_staff=True)
    person.user_permissions.set(Permission.objects.all())
    return person


def digest_of(world: World, tables: Collection[str] | None = None) -> dict[str, Any]:
    """All that stands in the rows of a shop, by table; in some of the tables only where they are named."""
    kept: list[type[Model]] = [*list_models(), User]
    return {
        model._meta.db_table: sorted(map(repr, world.rows(model).distinct().values_list()))
        for model in kept
        if tables is None or model._meta.db_table in tables
    }
