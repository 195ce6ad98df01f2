"""What a person may do in which shop: by roles, by the own groups, and one by one as for everybody at once."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from reconciliation.models import Discrepancy, HouseRule, WriteOffAccount
from reconciliation.permissions import VIEW_PERMISSION, WORK_PERMISSION, list_workers
from shops.models import InstallationEvent, JournalFragment, Membership, Shop
from shops.roles import EVERYWHERE, NOWHERE, Scope, find_scope, find_scopes, people_of, people_with
from shops.visibility import only_visible, visible_shops
from tests.factories import find_group, join_shop, make_account, make_one_of_everything, make_person, make_shop

pytestmark = pytest.mark.django_db

PERMISSIONS = (VIEW_PERMISSION, WORK_PERMISSION, "shops.change_store", "shops.view_bill")


def fresh(person: User) -> User:
    """The person as the next request reads them."""
    return User.objects.get(pk=person.pk)


@pytest.fixture
def shops() -> tuple[Shop, Shop, Shop]:
    return make_shop(1), make_shop(2), make_shop(3)


def test_a_role_holds_in_its_shop_and_in_no_other(shops: tuple[Shop, Shop, Shop]) -> None:
    first, second, third = shops
    person = make_person("ada", "Accountants", shop=first)
    join_shop(person, "Viewers", second)
    person = fresh(person)
    assert person.has_perm(WORK_PERMISSION)
    assert [person.has_perm(WORK_PERMISSION, shop) for shop in shops] == [True, False, False]
    assert [person.has_perm(VIEW_PERMISSION, shop) for shop in shops] == [True, True, False]
    assert set(visible_shops(person)) == {first, second}
    assert person.get_all_permissions(third) == set()
    assert WORK_PERMISSION in person.get_all_permissions(first)
    assert WORK_PERMISSION not in person.get_all_permissions(second)


def test_a_role_in_every_shop_holds_in_those_that_come_later() -> None:
    person = make_person("ada", "Accountants")
    later = make_shop(7)
    assert fresh(person).has_perm(WORK_PERMISSION, later)
    assert find_scope(fresh(person), WORK_PERMISSION) == EVERYWHERE


def test_what_own_groups_allow_holds_in_the_shops_of_the_person(shops: tuple[Shop, Shop, Shop]) -> None:
    person = make_person("ada", shop=shops[0])
    person.groups.add(find_group("Accountants"))
    person = fresh(person)
    assert [person.has_perm(WORK_PERMISSION, shop) for shop in shops] == [True, False, False]


def test_without_a_membership_nobody_sees_a_shop(shops: tuple[Shop, Shop, Shop]) -> None:
    stranger = User.objects.create_user("stranger", is_staff=True)
    stranger.groups.add(find_group("Accountants"))
    for person in (fresh(stranger), AnonymousUser()):
        assert not visible_shops(person).exists()
        assert not person.has_perm(VIEW_PERMISSION, shops[0])
    assert find_scope(fresh(stranger), WORK_PERMISSION) == NOWHERE


def test_who_may_not_log_in_any_more_may_do_nothing(shops: tuple[Shop, Shop, Shop]) -> None:
    person = make_person("ada", "Accountants", shop=shops[0])
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not fresh(person).has_perm(VIEW_PERMISSION)
    assert not fresh(person).has_perm(VIEW_PERMISSION, shops[0])
    assert person not in people_with(VIEW_PERMISSION)


def test_a_superuser_may_do_everything_everywhere(admin_user: User, shops: tuple[Shop, Shop, Shop]) -> None:
    assert set(visible_shops(admin_user)) == set(shops)
    assert admin_user.has_perm(WORK_PERMISSION, shops[2])
    assert admin_user in list_workers(shops[0])


def test_an_administrator_changes_what_a_role_allows(shops: tuple[Shop, Shop, Shop]) -> None:
    person = make_person("ada", "Viewers", shop=shops[0])
    Group.objects.get(name="Viewers").permissions.remove(Permission.objects.get(codename="view_discrepancy"))
    assert not fresh(person).has_perm(VIEW_PERMISSION)
    assert person not in people_with(VIEW_PERMISSION)


def make_cast(shops: tuple[Shop, Shop, Shop]) -> list[User]:
    first, second, _third = shops
    ada, both = make_person("ada", "Accountants", shop=first), make_person("both", "Viewers", shop=first)
    join_shop(both, "Accountants", second)
    own = make_person("own", shop=second)
    own.user_permissions.add(Permission.objects.get(codename="work_discrepancy"))
    grouped = make_person("grouped", shop=first)
    grouped.groups.add(find_group("Viewers"))
    User.objects.create_user("stranger")
    gone = make_person("gone", "Accountants")
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    User.objects.create_superuser("root")
    make_person("chief", "Accountants")
    make_person("owner", "Owners", shop=second)
    return [ada, both, own, grouped]


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_people_are_asked_one_by_one_and_all_at_once_with_one_answer(
    shops: tuple[Shop, Shop, Shop], permission: str
) -> None:
    make_cast(shops)
    scopes = find_scopes(permission)
    people = {person: find_scope(person, permission) for person in User.objects.all()}
    assert {person.pk: scope for person, scope in people.items() if scope != NOWHERE} == scopes
    assert set(people_with(permission)) == {person for person, scope in people.items() if scope != NOWHERE}
    for shop in shops:
        able = {person for person in people if person.has_perm(permission, shop)}
        assert set(people_with(permission, shop)) == able
        assert able == {person for person, scope in people.items() if shop.pk in scope}


def test_a_person_is_asked_with_two_queries_however_often(shops: tuple[Shop, Shop, Shop]) -> None:
    person = make_person("ada", "Accountants", shop=shops[0])
    join_shop(person, "Viewers", shops[1])
    person = fresh(person)
    with CaptureQueriesContext(connection) as queries:
        for shop in shops:
            person.has_perm(WORK_PERMISSION, shop)
            person.has_perm(VIEW_PERMISSION)
        list(find_scope(person, VIEW_PERMISSION).shop_numbers)
    assert len(queries) == 2
    with CaptureQueriesContext(connection) as queries:
        find_scopes(WORK_PERMISSION)
    assert len(queries) == 2


def test_people_are_seen_by_those_who_share_a_shop(shops: tuple[Shop, Shop, Shop]) -> None:
    make_cast(shops)
    names = set(people_of(Scope(False, frozenset((2,)))).values_list("username", flat=True))
    assert names == {"both", "own", "owner", "chief", "gone"}


def test_what_belongs_to_no_shop_is_for_who_has_them_all(shops: tuple[Shop, Shop, Shop]) -> None:
    event = InstallationEvent.objects.create(
        event_id="1", type="ApplicationInstalled", received_at="2026-03-25T00:00Z", body="{}"
    )
    of_one, of_all = make_person("ada", "Accountants", shop=shops[0]), make_person("grace", "Accountants")
    assert list(only_visible(InstallationEvent.objects.all(), of_all)) == [event]
    assert not only_visible(InstallationEvent.objects.all(), of_one).exists()
    assert not only_visible(JournalFragment.objects.all(), of_one).exists()
    assert fresh(of_all).has_perm("shops.view_installationevent", event)
    assert not fresh(of_one).has_perm("shops.view_installationevent", event)


def test_an_account_of_every_shop_is_seen_by_all_and_changed_by_who_has_them_all(
    shops: tuple[Shop, Shop, Shop],
) -> None:
    shared, foreign = make_account("Общий"), make_account("Чужой", shop=shops[1])
    person = make_person("ada", "Chief accountants", shop=shops[0])
    seen = only_visible(WriteOffAccount.objects.all(), person)
    assert shared in seen
    assert foreign not in seen
    assert not fresh(person).has_perm("reconciliation.change_writeoffaccount", shared)
    assert HouseRule.IS_SHARED_WITHOUT_SHOP


def test_a_person_has_one_role_in_a_shop(shops: tuple[Shop, Shop, Shop]) -> None:
    for shop in (shops[0], None):
        person = make_person(f"ada {shop}", "Viewers", shop=shop)
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(person=person, shop=shop, role="owner")


def test_a_discrepancy_belongs_to_its_shop_without_a_query() -> None:
    row = Discrepancy.objects.get(pk=make_one_of_everything(1).pk)
    person = fresh(make_person("ada", "Accountants", shop=row.shop))
    person.has_perm(WORK_PERMISSION)
    row = Discrepancy.objects.get(pk=row.pk)
    with CaptureQueriesContext(connection) as queries:
        assert person.has_perm(WORK_PERMISSION, row)
    assert len(queries) == 0
