"""Two owners remove each other at the same moment. In two connections to a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from shops import people
from shops.models import Membership, MembershipChange, Shop
from tests.factories import NOON
from tests.owner_acts.conftest import make_member
from tests.processes import is_waited_for, wait_until


def remove(actor: User, other: User) -> str:
    """Why it was refused; nothing where it was done."""
    try:
        people.remove_member(Membership.objects.get(person=other), actor=actor, now=NOON)
    except people.PeopleRefused as refusal:
        return str(refusal)
    finally:
        connection.close()
    return ""


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_remove_each_other_at_once_one_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop.objects.create(number=7)
    ada, grace = make_member("ada", "Owners", shop), make_member("grace", "Owners", shop)
    allowed: list[Any] = []
    note_change = people.note_change

    def note_slowly(*arguments: Any, **options: Any) -> None:
        """Everything is checked: goes on when the other one waits, or was let through as well."""
        allowed.append(arguments)
        wait_until(lambda: is_waited_for() or len(allowed) > 1)
        note_change(*arguments, **options)

    monkeypatch.setattr(people, "note_change", note_slowly)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(remove, (ada, grace), (grace, ada)))
    assert len(allowed) == 1
    assert sorted(bool(refusal) for refusal in said) == [False, True]
    (remaining,) = Membership.objects.filter(shop=shop)
    assert remaining.role == "owner"
    assert remaining.person == (ada if said[1] else grace)
    assert MembershipChange.objects.count() == 1
