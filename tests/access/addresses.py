"""Every address of the project, found from the URL configuration, filled in with what belongs to a shop.

A parameter that stands in no table here fails the test: whoever adds an address says how it is filled in.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from reconciliation.admin.house_rule import STEPS as STEPS_OF_RULES
from reconciliation.admin.steps import STEPS
from reconciliation.models import Attachment, Discrepancy, HouseRule, Period, SavedView
from reconciliation.owner.acts.discrepancy import ACTS
from reconciliation.owner.views import ALL_TABLES
from reconciliation.reports.catalogue import REPORTS
from shops.models import ApiKey, Bill, CrmWebhook, ExchangeEvent, Invitation, Membership, Receipt, Shop, Store
from tests.access.worlds import APPS, World

APPS_OF_ADMIN = (*APPS, "auth", "crmpos")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
MODEL_OF_ADMIN = re.compile(r"^admin/(\w+)/(\w+)/")


@dataclass(frozen=True, slots=True)
class Pattern:
    """An address with parameters in it, as the URL configuration has it."""

    route: str
    view: Callable[..., Any]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(first or second for first, second in PARAMETER.findall(self.route))

    @property
    def model(self) -> type[Model] | None:
        """The model whose admin the address belongs to."""
        found = MODEL_OF_ADMIN.match(self.route)
        if found is None or found[1] not in APPS_OF_ADMIN:
            return None
        return apps.get_model(found[1], found[2])

    def fill(self, values: Sequence[str]) -> str:
        given = iter(values)
        return "/" + PARAMETER.sub(lambda _found: quote(next(given), safe="/"), self.route)


@dataclass(frozen=True, slots=True)
class Address:
    pattern: Pattern
    path: str
    is_foreign: bool  # whether anything in it is of the other shop


@cache
def list_patterns() -> tuple[Pattern, ...]:
    return tuple(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: Sequence[URLPattern | URLResolver], before: str) -> Iterator[Pattern]:
    for each in patterns:
        text = str(each.pattern)
        if isinstance(each.pattern, RegexPattern):
            text = text.removeprefix("^").removesuffix("$").replace("/?", "/")
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, before + text)
        else:
            yield Pattern(before + text, each.callback)


# --- how parameters are filled in ----------------------------------------------------------------------------

OFFICE = {"bills": Bill, "receipts": Receipt, "exchange-events": ExchangeEvent, "discrepancies": Discrepancy}
MODELS: dict[str, type[Model]] = {
    "invitation_id": Invitation,
    "key_id": ApiKey,
    "membership_id": Membership,
    "number": Shop,
    "pk": User,
    "attachment_id": Attachment,
    "discrepancy_id": Discrepancy,
    "period_id": Period,
    "receipt_id": Receipt,
    "rule_id": HouseRule,
    "shop_number": Shop,
    "view_id": SavedView,
    "webhook_id": CrmWebhook,
}


def _keys(world: World, model: type[Model]) -> list[str]:
    if model is Group:
        return [str(Group.objects.order_by("pk").values_list("pk", flat=True)[0])]
    return [str(world.one(model).pk)]


def _bills(world: World, pattern: Pattern) -> list[str]:
    if pattern.route.startswith("api/"):
        return [world.one(Bill).external_id]
    return _keys(world, Bill)


def _ids(world: World, pattern: Pattern) -> list[str]:
    if pattern.route.startswith("api/office/"):
        return _keys(world, OFFICE[pattern.route.split("/")[2].removeprefix("^")])
    return _keys(world, User)


def _objects(world: World, pattern: Pattern) -> list[str]:
    assert pattern.model is not None, f"{pattern.route}: of which model is the object?"
    return _keys(world, pattern.model)


def _steps(world: World, pattern: Pattern) -> list[str]:
    return list(STEPS_OF_RULES if "houserule" in pattern.route else STEPS)


Fill = Callable[[World, Pattern], list[str]]


def _fill_keys(model: type[Model]) -> Fill:
    return lambda world, _pattern: _keys(world, model)


# What belongs to a shop, by the names of parameters ...
OF_A_SHOP: dict[str, Fill] = {
    "bill_id": _bills,
    "id": _ids,
    "object_id": _objects,
    "reference": lambda world, pattern: [str(world.colleague.sessions.get().reference)],
    "store_id": lambda world, pattern: [row.evotor_id for row in world.rows(Store)[:1]],
    **{name: _fill_keys(model) for name, model in MODELS.items()},
}
# ... and what does not.
OF_NOBODY: dict[str, Fill] = {
    "act": lambda world, pattern: list(ACTS),
    "app_label": lambda world, pattern: list(APPS_OF_ADMIN),
    "direction": lambda world, pattern: ["next", "previous"],
    "format": lambda world, pattern: ["xlsx"] if pattern.route.startswith("admin/") else ["xlsx", "csv"],
    "month": lambda world, pattern: ["2026-03"],
    "name": lambda world, pattern: list(REPORTS),
    "step": _steps,
    "table": lambda world, pattern: [ALL_TABLES, "days"],
    # Secrets of letters: who has one is let in by it, whatever the shop.
    "token": lambda world, pattern: ["no-such-token"],
    "uidb64": lambda world, pattern: ["MQ"],
    "url": lambda world, pattern: ["nothing/", "shops/"],
}


def fill_in(pattern: Pattern, ours: World, theirs: World) -> list[Address]:
    """The addresses of a pattern: all ours, all theirs, and each mixture of parent and child."""
    if "content_type_id" in pattern.parameters:
        return _fill_in_objects_of_types(pattern, ours, theirs)
    unknown = [name for name in pattern.parameters if name not in OF_A_SHOP and name not in OF_NOBODY]
    if unknown:
        raise AssertionError(
            f"{pattern.route}: say in tests/access/addresses.py how {', '.join(unknown)} is filled in (OF_A_SHOP or "
            "OF_NOBODY), so that the address is tried with what belongs to another shop"
        )
    owned = [name for name in pattern.parameters if name in OF_A_SHOP]
    addresses: dict[str, Address] = {}
    for worlds in product((ours, theirs), repeat=len(owned)):
        of_name = dict(zip(owned, worlds, strict=True))
        choices = [
            OF_A_SHOP[name](of_name[name], pattern) if name in of_name else OF_NOBODY[name](ours, pattern)
            for name in pattern.parameters
        ]
        for values in product(*choices):
            path = pattern.fill(values)
            addresses.setdefault(path, Address(pattern, path, theirs in worlds))
    return list(addresses.values())


def _fill_in_objects_of_types(pattern: Pattern, ours: World, theirs: World) -> list[Address]:
    """The admin's way to the page of any object on the site."""
    found = []
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            kind = str(ContentType.objects.get_for_model(model).pk)
            found.append(Address(pattern, pattern.fill((kind, _keys(theirs, model)[0])), is_foreign=True))
    return found
