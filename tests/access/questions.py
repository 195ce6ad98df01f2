"""What is asked at every address: reading it, and writing to it with all that its forms could be told."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, Model

from reconciliation.admin.steps import STEPS
from reconciliation.models import Discrepancy, WriteOffAccount
from shops.admin_base import ReadOnlyFactsMixin
from shops.models import ApiKey, Bill, Product, Receipt, Store, Terminal
from shops.models import Employee as Cashier
from tests.access.addresses import Address
from tests.access.asking import Question
from tests.access.worlds import World
from tests.logs import line, make_receipt
from tests.logs import make_bill as make_wire_bill
from tests.protocol.conftest import make_event

COMMENT, DELETE = "because", "delete_selected"
READ_ONLY = ("<path:content_type_id>/<path:object_id>/", "/history/", "/jsi18n/", "/autocomplete/", "/search/")
OFFICE_LISTS = (
    "/api/office/bills/",
    "/api/office/receipts/",
    "/api/office/exchange-events/",
    "/api/office/discrepancies/",
)


def list_questions(addresses: Sequence[Address], ours: World, theirs: World) -> list[tuple[Address, Question]]:
    """Reading and writing at every address; a form of ours is told of theirs, and one of theirs of ours."""
    found = []
    for address in addresses:
        questions = [Question("GET", address.path), *_list_writings(address, ours, theirs)]
        found += [(address, question) for question in questions]
    return found


def _list_writings(address: Address, ours: World, theirs: World) -> Iterator[Question]:
    route = address.pattern.route
    if route.startswith("api/office/"):
        if route.count("/") > 4:
            yield Question("POST", address.path, body=json.dumps(_decide(route, theirs)))
        return
    if route.startswith(("api/v", "index.php")):
        yield from _list_messages(address.path, ours, theirs)
        return
    model = address.pattern.model
    if model and route.endswith(f"/{model._meta.model_name}/"):
        yield from _list_actions(address.path, model, ours, theirs)
    elif not route.endswith(READ_ONLY):
        yield Question("POST", address.path, body=tell(ours if address.is_foreign else theirs))


def _decide(route: str, theirs: World) -> dict[str, str]:
    step = route.rstrip("/").rpartition("/")[2]
    more = {
        "assign": {"assignee": theirs.colleague.username},
        "resolve": {"reason": "false_alarm"},
        "write-off": {"account": theirs.one(WriteOffAccount).name},
    }
    return {} if step == "take" else {"comment": COMMENT} | more.get(step, {})


def _list_messages(path: str, ours: World, theirs: World) -> Iterator[Question]:
    """What a register and a CRM of ours could say of what is theirs."""
    bill, store = theirs.rows(Bill).order_by("pk")[0], theirs.one(Store)
    named = json.dumps([{"id": place.evotor_id, "name": "renamed"} for place in (store, theirs.one(Terminal))])
    goods = [line(theirs.one(Product).external_id, 100)]
    issued = make_wire_bill(bill.external_id, goods)
    event = make_event(make_receipt(theirs.one(Receipt).receipt_id, goods, issued, storeId=store.evotor_id))
    for body in (issued, [issued], event, named):
        for method in ("POST", "PUT"):
            yield Question(method, path, body=body if isinstance(body, str) else json.dumps(body, default=str))
    yield Question("DELETE", path)


def _list_actions(path: str, model: type[Model], ours: World, theirs: World) -> Iterator[Question]:
    model_admin: Any = admin.site.get_model_admin(model)
    keys = [str(row.pk) for row in theirs.rows(model)] if hasattr(model, "SHOP_PATH") else []
    own = [str(row.pk) for row in ours.rows(model)] if keys else []
    mixed = (own + keys, ours)
    removing = () if isinstance(model_admin, ReadOnlyFactsMixin) else (DELETE,)
    for name in (*(model_admin.actions or ()), *removing):
        for selected, told in (mixed,) if name == DELETE else ((keys, ours), (own, theirs), mixed):
            body = tell(told) | {"action": name, "_selected_action": selected, "index": "0", "select_across": "0"}
            yield Question("POST", path, body=body)


def tell(world: World) -> dict[str, Any]:
    """An answer to every question that any form asks, by what belongs to this shop; forms pass over the rest."""
    forms = (_tell_steps, _tell_rule, _tell_settings, _tell_access, _tell_people, _tell_rest)
    return {name: value for form in forms for name, value in form(world).items()}


def _tell_steps(world: World) -> dict[str, Any]:
    colleague, account = str(world.colleague.pk), str(world.one(WriteOffAccount).pk)
    return {
        f"{step}-{name}": value
        for step in STEPS
        for name, value in (
            ("comment", COMMENT),
            ("reason", "false_alarm"),
            ("account", account),
            ("assignee", colleague),
            ("seen_amount", ""),
        )
    }


def _tell_rule(world: World) -> dict[str, Any]:
    shop, colleague, account = str(world.shop.pk), str(world.colleague.pk), str(world.one(WriteOffAccount).pk)
    return {
        "rule-name": "new",
        "rule-shop": shop,
        "rule-kinds": ["partial_receipt"],
        "rule-direction": "either",
        "rule-outcome": "assign",
        "rule-assignee": colleague,
        "rule-store": str(world.one(Store).pk),
        "rule-terminal": str(world.one(Terminal).pk),
        "rule-employee": str(world.one(Cashier).pk),
        "rule-write_off_account": account,
    }


def _tell_settings(world: World) -> dict[str, Any]:
    shop, colleague = str(world.shop.pk), str(world.colleague.pk)
    return {
        "digest_hour": "9",
        "time_zone": "Europe/Moscow",
        "weekdays": ["1"],
        "language": "en",
        "shops": [shop],
        "person": colleague,
    }


def _tell_access(world: World) -> dict[str, Any]:
    """Keys of the shop, what Evotor sent for it, and the addresses of its CRM."""
    shop = str(world.shop.pk)
    return {
        "key-shop": shop,
        "key-role": ApiKey.Role.OFFICE,
        "key-name": "new",
        "rotate-overlap_hours": "24",
        "assign-shop": shop,
        "assign-scope": "user",
        "active": "on",
        "url": "https://crm.example/hook",
        "address": "https://crm.example/",
        "timeout_seconds": "3",
    }


def _tell_people(world: World) -> dict[str, Any]:
    shop = str(world.shop.pk)
    return {
        "role": "viewer",
        "invite-email": "somebody@else.example",
        "invite-role": "viewer",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "0",
        "memberships-0-shop": shop,
        "memberships-0-role": "owner",
        "username": "somebody",
        "password1": "a long new password",
        "password2": "a long new password",
        "usable_password": "true",
        "is_superuser": "on",
        "is_staff": "on",
    }


def _tell_rest(world: World) -> dict[str, Any]:
    shop, bill = str(world.shop.pk), world.rows(Bill).order_by("pk")[0]
    return {
        "_selected_action": [],
        "post": "yes",
        "confirmed": "1",
        "shop": shop,
        "name": "new",
        "code": "7",
        "is_active": "on",
        "comment": COMMENT,
        "reopen-comment": COMMENT,
        "acknowledge-comment": COMMENT,
        "bill": [str(row.pk) for row in world.rows(Bill)],
        "number": bill.number,
        "discrepancy": [str(row.pk) for row in world.rows(Discrepancy)],
        "names": f"{world.word}-customer_name-1",
        "before": "2026-04-01",
        "reference": "new",
        "messages_of_others": ["1", "2", "3"],
        "query": f"shop={shop}",
    }


# --- reading with a question of one's own --------------------------------------------------------------------


def list_readings(addresses: Sequence[Address], ours: World, theirs: World) -> list[Question]:
    """Lists, reports and choices that are asked for what is theirs."""
    found: list[Question] = []
    for address in addresses:
        model, route = address.pattern.model, address.pattern.route
        if model and not address.is_foreign and route.endswith(f"/{model._meta.model_name}/"):
            found += [Question("GET", address.path, query) for query in _ask_list(model, theirs)]
        if route == "admin/reports/<slug:name>/":
            found += [Question("GET", address.path, query) for query in _ask_report(theirs)]
        if route.startswith("admin/reports/<slug:name>/<slug:format>"):
            found += [Question("GET", address.path, query) for query in _ask_report(theirs)[:2]]
        if route.endswith("/neighbour/<slug:direction>/") and not address.is_foreign:
            found += [Question("GET", address.path, {"_changelist_filters": f"shop={theirs.shop.pk}&status=all"})]
    for path in OFFICE_LISTS:
        found += [Question("GET", path, query) for query in _ask_office(theirs)]
    found += [Question("GET", "/admin/autocomplete/", query) for query in _ask_choices(theirs)]
    found += [Question("GET", "/admin/search/", {"s": word}) for word in (theirs.word, "a", "о")]
    found += [Question("GET", "/admin/reports/discrepancies/pdf/", _ask_report(theirs)[0])]
    key = ours.rows(Receipt).order_by("pk")[0].pk
    found += [Question("GET", f"/admin/shops/receipt/{key}/link/", {"q": theirs.word})]
    found += [Question("GET", f"/admin/shops/receipt/{key}/split/", {"number": theirs.one(Bill).number})]
    found += [Question("GET", f"/admin/shops/bill/{ours.one(Bill).pk}/link/", {"q": theirs.word})]
    return found


def _ask_list(model: type[Model], theirs: World) -> Iterator[dict[str, Any]]:
    yield {"q": theirs.word, "status": "all", "state": "all"} if model is Discrepancy else {"q": theirs.word}
    shop = str(theirs.shop.pk)
    if model is Discrepancy:
        yield {"shop": shop, "status": "all"}
        yield {"store": str(theirs.one(Store).pk), "terminal": str(theirs.one(Terminal).pk)}
        yield {"employee": str(theirs.one(Cashier).pk), "shop": shop}
    elif any(isinstance(each, ForeignKey) and each.name == "shop" for each in model._meta.concrete_fields):
        yield {"shop__number__exact": shop, "_popup": "1", "_to_field": "pk", "o": "1"}


def _ask_report(theirs: World) -> list[dict[str, Any]]:
    days = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
    return [
        days,
        days | {"shops": str(theirs.shop.pk)},
        days | {"terminal": str(theirs.one(Terminal).pk), "employee": str(theirs.one(Cashier).pk)},
    ]


def _ask_office(theirs: World) -> list[dict[str, Any]]:
    return [
        {"shop": str(theirs.shop.pk)},
        {"format": "csv"},
        {"format": "xlsx"},
        {"page_size": "1"},
        {"search": theirs.word},
        {"customer": theirs.word},
        {"shop": str(theirs.shop.pk), "format": "csv"},
    ]


def _ask_choices(theirs: World) -> Iterator[dict[str, Any]]:
    """The admin's search of what a field may refer to, of every field there is."""
    for model in admin.site._registry:
        for each in model._meta.get_fields():
            if isinstance(each, ForeignKey):
                names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                yield names | {"field_name": each.name, "term": theirs.word}
