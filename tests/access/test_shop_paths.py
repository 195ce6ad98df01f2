"""Every model says how its shop is found, and nobody asks for rows of shops past the one place that knows who may."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model

from shops.models import Shop
from tests.test_architecture import PRODUCTION, name_of, parse

MODELS = [model for app in ("shops", "reconciliation") for model in apps.get_app_config(app).get_models()]
OF_PEOPLE = {
    "Digest": "a day of a person's letters",
    "Letter": "a letter to a person, who sees the own ones",
    "SavedView": "a filter of a person's, shared with those who see as much",
    "Subscription": "what a person wants to be told, set on a page of the own",
}
OF_THE_INSTALLATION = {
    "ExchangeBody": "the text of an entry of the journal, read through the entry",
    "InstallationEvent": "tells of an Evotor user that has no shop yet",
    "JournalFragment": "may hold what any shop has sent",
}
OWNED = {model.__name__ for model in MODELS if model.__name__ not in OF_PEOPLE}

# Doors: what answers people and programs.
DOORS = (
    *("/admin/", "/admin.py", "/admin_base.py", "/navigation.py", "/dashboard.py"),
    *("/api/", "/views.py", "/owner/acts/", "/accounts/views/"),
)
SEEN_THROUGH = {"only_visible", "only_permitted", "only_within", "visible_shops", "visible_people"}
SAFE_WITHOUT = {"none"}
# Functions of doors that ask for rows themselves, by the reason why they may.
REASONS = {
    "what belongs to a row, or to its shop, that was found through the one place": (
        "reconciliation/admin/facts.py:describe",
        "reconciliation/admin/linking.py:choose_receipt_view",
        "reconciliation/admin/period_steps.py:acknowledge_view",
        "reconciliation/admin/steps.py:list_accounts",
        "reconciliation/admin/steps.py:list_colleagues",
        "reconciliation/admin/work.py:attachment_view",
        "reconciliation/api/bill_status.py:_list_discrepancies",
        "reconciliation/api/bill_status.py:_list_receipts",
        "reconciliation/api/bill_status.py:read_status",
        "reconciliation/api/decisions.py:validate_account",
        "reconciliation/owner/acts/asked.py:_describe",
        "reconciliation/owner/acts/asked.py:_load_steps",
        "reconciliation/owner/acts/setting_up.py:settings_view",
        "shops/admin/bill.py:describe",
        "shops/admin/relay.py:send_again_selected",
    ),
    "what is begun here is limited in the base class, or a line later": (
        "reconciliation/api/discrepancies.py:DiscrepancyViewSet",
        "reconciliation/api/discrepancies.py:get_rows",
        "reconciliation/api/discrepancies.py:select_discrepancies",
        "shops/admin_base.py:field_choices",
        "shops/api/office/bills.py:BillViewSet",
        "shops/api/office/bills.py:get_rows",
        "shops/api/office/exchange_events.py:ExchangeEventViewSet",
        "shops/api/office/receipts.py:ReceiptViewSet",
        "shops/api/office/receipts.py:get_rows",
        "shops/api/office/receipts.py:select_receipts",
    ),
    "it narrows rows that are limited already": (
        "reconciliation/admin/discrepancy.py:get_object",
        "reconciliation/admin/filters.py:queryset",
        "reconciliation/admin/queue.py:_load_shown",
    ),
    "what is written down of a change, and shown to nobody here": ("crmpos/admin.py:save_formset",),
    "whether anybody uses it": ("reconciliation/admin/write_off.py:is_used",),
    "whether who holds the secret of an invitation has an account": (
        "reconciliation/owner/acts/invitation.py:has_account",
    ),
}
ALLOWED = frozenset(name for names in REASONS.values() for name in names)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_says_how_its_shop_is_found(model: type[Model]) -> None:
    path = getattr(model, "SHOP_PATH", None)
    if model.__name__ in OF_PEOPLE:
        assert path is None
        return
    assert path is not None, f"{model.__name__} has no SHOP_PATH, and does not stand among the models of people"
    assert (path == "") == (model.__name__ in OF_THE_INSTALLATION)
    if path:
        assert find_end(model, path) is Shop


def find_end(model: type[Model], path: str) -> type[Model] | None:
    """The model to which the path leads."""
    if path == "pk":
        return model
    found: type[Model] = model
    for name in path.split("__"):
        related = found._meta.get_field(name).related_model
        assert isinstance(related, type)
        found = related
    return found


def list_doors() -> list[Path]:
    return [path for path in PRODUCTION if any(part in f"/{name_of(path)}" for part in DOORS)]


@pytest.mark.parametrize("path", list_doors(), ids=name_of)
def test_a_door_asks_through_the_one_place(path: Path) -> None:
    careless = [f"line {line}: {function}" for line, function in list_questions(path)]
    unexplained = [found for found in careless if f"{name_of(path)}:{found.rpartition(' ')[2]}" not in ALLOWED]
    assert unexplained == [], "ask through shops.visibility, or say in REASONS why it shows nothing of another shop"


def list_questions(path: Path) -> Iterator[tuple[int, str]]:
    """Where `Model.objects` of a shop's model is neither given to what limits it nor asked for one shop's rows.

    A shop is at hand only where it was found through the one place: the test of every address sees to that.
    """
    yield from _walk(parse(path), "", is_limited=False)


def _walk(node: ast.AST, function: str, *, is_limited: bool) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = node.name if isinstance(node, ast.FunctionDef) or not function else function
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        is_limited = is_limited or called in SEEN_THROUGH or any(named.arg == "shop" for named in node.keywords)
        if called in SAFE_WITHOUT:
            return
    if _is_manager(node) and not is_limited:
        yield getattr(node, "lineno", 0), function
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, function, is_limited=is_limited)


def _is_manager(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr not in ("objects", "_default_manager"):
        return False
    owner = node.value
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return name in OWNED or name in ("model", "User")


def test_what_is_allowed_is_there() -> None:
    found = {f"{name_of(path)}:{function}" for path in list_doors() for _line, function in list_questions(path)}
    assert found == ALLOWED
