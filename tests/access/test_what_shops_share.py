"""Where rows of two shops touch: a store that another shop owns, rules and accounts of all shops, people of both."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from reconciliation.house_rules.making import make_rule, move
from reconciliation.models import Case, Discrepancy, HouseRule, KindChoice, WriteOffAccount
from shops.models import CrmWebhook, Membership, Receipt, Shop, Store, WebhookMessage
from tests.factories import NOON, find_group, join_shop, make_bill, make_person, make_receipt, make_shop

pytestmark = pytest.mark.django_db

SECRET_NAME = "Ксенон на Лесной"


def log_in(person: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def allow_everything(person: User) -> User:
    person.user_permissions.set(Permission.objects.all())
    return person


@pytest.fixture
def ours() -> Shop:
    return make_shop(4001)


@pytest.fixture
def theirs() -> Shop:
    return make_shop(9182736)


@pytest.fixture
def ada(ours: Shop) -> User:
    """Somebody of our shop who may do everything there is."""
    return allow_everything(make_person("ada", shop=ours))


# --- a receipt of ours, printed in a store of theirs ---------------------------------------------------------


@pytest.fixture
def receipt(ours: Shop, theirs: Shop) -> Receipt:
    receipt = make_receipt(make_bill(ours))
    store = Store.objects.create(shop=theirs, evotor_id="store-of-the-receipt", name=SECRET_NAME)
    receipt.store = store
    receipt.save(update_fields=["store"])
    terminal = receipt.terminal
    assert terminal is not None
    terminal.store = store
    terminal.save(update_fields=["store"])
    return receipt


@pytest.fixture
def wrong_store(receipt: Receipt) -> Discrepancy:
    case = Case.objects.create(
        shop=receipt.shop, bill=receipt.bill, due=100, received=100, gap=0, judged_at=NOON, judged_as_of=NOON
    )
    return Discrepancy.objects.create(
        case=case,
        shop=receipt.shop,
        kind=KindChoice.WRONG_STORE,
        evidence={"receipts": [{"receipt": receipt.receipt_id, "store": "store-of-the-receipt"}]},
        opened_at=NOON,
        changed_at=NOON,
    )


def test_a_store_of_another_shop_is_called_by_its_id(ada: User, receipt: Receipt, wrong_store: Discrepancy) -> None:
    client = log_in(ada)
    addresses = (
        f"/admin/shops/receipt/{receipt.pk}/change/",
        f"/admin/shops/receipt/{receipt.pk}/link/",
        "/admin/shops/receipt/",
        "/admin/shops/terminal/",
        f"/admin/shops/terminal/{receipt.terminal_id}/change/",
        "/admin/shops/store/",
        f"/admin/reconciliation/discrepancy/{wrong_store.pk}/change/",
        f"/admin/reconciliation/discrepancy/{wrong_store.pk}/lines/",
        f"/admin/reconciliation/discrepancy/?store={receipt.store_id}",
        f"/admin/reconciliation/case/{wrong_store.case_id}/change/",
        f"/api/office/receipts/{receipt.pk}/",
        f"/api/office/discrepancies/{wrong_store.pk}/",
    )
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert SECRET_NAME not in text, address
        assert "9182736" not in text, address
    said = client.get(f"/admin/reconciliation/discrepancy/{wrong_store.pk}/lines/").content.decode()
    assert "Store store-of-the-receipt belongs to another shop" in said


def test_a_store_of_the_own_shop_is_called_by_its_name(ada: User, ours: Shop) -> None:
    receipt = make_receipt(make_bill(ours))
    Store.objects.filter(receipts=receipt).update(name=SECRET_NAME)
    client = log_in(ada)
    page = client.get(f"/admin/shops/receipt/{receipt.pk}/change/").content.decode()
    assert SECRET_NAME in page
    assert f"/admin/shops/store/{receipt.store_id}/change/" in page
    assert client.get(f"/api/office/receipts/{receipt.pk}/").json()["store_name"] == SECRET_NAME


# --- rules ---------------------------------------------------------------------------------------------------


def make_rule_of(shop: Shop | None, name: str, maker: User, assignee: User) -> HouseRule:
    rule = HouseRule(name=name, shop=shop, kinds=["partial_receipt"], outcome="assign", assignee=assignee)
    return make_rule(rule, actor=maker, now=NOON)


def list_order() -> list[str]:
    return list(HouseRule.objects.order_by("position", "pk").values_list("name", flat=True))


def test_a_rule_moves_past_those_that_decide_about_the_same(admin_user: User, ours: Shop, theirs: Shop) -> None:
    worker = make_person("worker", "Accountants")
    shops = {"all": None, "theirs 1": theirs, "ours 1": ours, "theirs 2": theirs, "ours 2": ours}
    rules = {name: make_rule_of(shop, name, admin_user, worker) for name, shop in shops.items()}
    move(rules["ours 2"], earlier=True, actor=admin_user, now=NOON)
    assert list_order() == ["all", "theirs 1", "ours 2", "ours 1", "theirs 2"]
    move(rules["ours 2"], earlier=True, actor=admin_user, now=NOON)
    assert list_order() == ["ours 2", "all", "theirs 1", "ours 1", "theirs 2"]
    move(rules["ours 2"], earlier=False, actor=admin_user, now=NOON)
    assert list_order() == ["all", "ours 2", "theirs 1", "ours 1", "theirs 2"]


def test_a_rule_for_a_place_is_one_of_its_shop(admin_user: User, theirs: Shop) -> None:
    worker = make_person("worker", "Accountants")
    store = Store.objects.create(shop=theirs, evotor_id="1", name=SECRET_NAME)
    answers = {
        "rule-name": "new",
        "rule-direction": "either",
        "rule-outcome": "assign",
        "rule-assignee": worker.pk,
        "rule-store": store.pk,
    }
    log_in(admin_user).post("/admin/reconciliation/houserule/add/", answers)
    assert HouseRule.objects.get().shop == theirs


# --- nobody writes for every shop who has not got them all ---------------------------------------------------


@pytest.mark.parametrize(
    ("address", "model", "answers"),
    [
        (
            "/admin/reconciliation/writeoffaccount/add/",
            WriteOffAccount,
            {"code": "7", "name": "new", "is_active": "on"},
        ),
        ("/admin/auth/group/add/", Group, {"name": "new"}),
    ],
)
def test_what_holds_in_every_shop_is_made_by_who_has_them_all(
    ada: User, address: str, model: Any, answers: dict[str, str]
) -> None:
    before = model.objects.count()
    log_in(ada).post(address, answers)
    assert model.objects.count() == before
    chief = allow_everything(make_person("chief"))
    log_in(chief).post(address, answers)
    assert model.objects.count() == before + 1


def test_nobody_makes_themselves_more_than_they_are(ada: User, ours: Shop, theirs: Shop) -> None:
    membership = ada.memberships.get()
    answers = {
        "username": "ada",
        "is_active": "on",
        "is_staff": "on",
        "is_superuser": "on",
        "groups": [str(find_group("Accountants").pk)],
        "date_joined_0": "2026-03-01",
        "date_joined_1": "12:00",
        "memberships-TOTAL_FORMS": "2",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(membership.pk),
        "memberships-0-person": str(ada.pk),
        "memberships-0-shop": str(ours.pk),
        "memberships-0-role": "owner",
        "memberships-1-person": str(ada.pk),
        "memberships-1-role": "owner",
    }
    client = log_in(ada)
    for shop in ("", str(theirs.pk)):
        client.post(f"/admin/auth/user/{ada.pk}/change/", answers | {"memberships-1-shop": shop})
        ada.refresh_from_db()
        assert not ada.is_superuser
        assert not ada.groups.exists()
        assert [membership.shop for membership in ada.memberships.all()] == [ours]


def test_who_has_another_shop_too_is_changed_by_nobody_of_one(ada: User, ours: Shop, theirs: Shop) -> None:
    """A new password would open the other shop."""
    of_both, of_ours = make_person("grace", "Viewers", shop=ours), make_person("mary", "Viewers", shop=ours)
    join_shop(of_both, "Accountants", theirs)
    passwords = {"password1": "another long password", "password2": "another long password"}
    client = log_in(ada)
    for person, is_changed in ((of_both, False), (of_ours, True)):
        former = person.password
        client.post(f"/admin/auth/user/{person.pk}/password/", passwords | {"usable_password": "true"})
        person.refresh_from_db()
        assert (person.password != former) is is_changed
    page = client.get(f"/admin/auth/user/{of_both.pk}/change/").content.decode()
    assert "9182736" not in page


# --- a role holds in its shop: whoever may only look in one shop changes nothing there -----------------------


@pytest.fixture
def guest(ours: Shop, theirs: Shop) -> User:
    """May do everything in our shop, by a role, and look at theirs."""
    person = make_person("guest", "Owners", shop=ours)
    Group.objects.get(name="Owners").permissions.set(Permission.objects.all())
    Membership.objects.filter(person=person).update(role="owner")
    join_shop(person, "Viewers", theirs)
    Group.objects.get(name="Viewers").permissions.add(
        *Permission.objects.filter(codename__in=("view_crmwebhook", "view_webhookmessage"))
    )
    return User.objects.get(pk=person.pk)


def test_what_may_only_be_seen_is_not_sent_again_and_gets_no_new_secret(guest: User, theirs: Shop) -> None:
    webhook = CrmWebhook.objects.create(shop=theirs, url="https://crm.example/", secret="as it was")
    message = WebhookMessage.objects.create(
        shop=theirs, message_id="1", event_type="bill", body="{}", created_at=NOON, retry_until=NOON, given_up_at=NOON
    )
    client = log_in(guest)
    assert client.get(f"/admin/shops/crmwebhook/{webhook.pk}/change/").status_code == 200
    assert client.post(f"/admin/shops/crmwebhook/{webhook.pk}/rotate/").status_code == 403
    chosen = {"action": "send_again_selected", "_selected_action": [str(message.pk)], "confirmed": "1"}
    client.post("/admin/shops/webhookmessage/", chosen)
    webhook.refresh_from_db()
    message.refresh_from_db()
    assert (webhook.secret, message.next_attempt_at) == ("as it was", None)
