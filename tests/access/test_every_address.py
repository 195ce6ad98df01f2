"""Every address of the project, as every role and key of one shop, on what belongs to another: it is not there.

The strongest proof is a comparison: whoever belongs to the one shop gets the same answers, to the letter, whether the
other shop exists or not. Beside it every text and figure of the other shop is sought in what is answered, and whatever
writes is to leave all rows of the other shop as they were.
"""

import logging
from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from shops.models import ApiKey
from tests.access.addresses import Address, fill_in, list_patterns
from tests.access.asking import Answer, Caller, Question
from tests.access.questions import list_questions, list_readings
from tests.access.worlds import add_stranger, add_what_waits, digest_of, make_world
from tests.standing import standing

pytestmark = pytest.mark.django_db

OURS, THEIRS = 4001, 9182736
OUR_WORD, THEIR_WORD = "anis", "ksenon"
OUR_AMOUNT, THEIR_AMOUNT = "100.00", "7340270.00"
MARKERS = (THEIR_WORD, str(THEIRS), "734027")
STRONGEST, WITHOUT_A_SHOP, NOBODY = "strongest", "without a shop", "nobody"
PEOPLE = (STRONGEST, "owner", "accountant", "chief", "viewer")
KEYS = tuple(ApiKey.Role.values)
ROLES = (*PEOPLE, *KEYS, WITHOUT_A_SHOP, NOBODY)
COMPARED = (STRONGEST, *KEYS)
FAULTS_SHOWN = 30
SETS_UP = "/account/two-step/setup/"  # its page shows a secret that is made anew each time
IN_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Rows are chosen by the same filter for everybody: that both databases understand it is seen by those who see most.
each_role = pytest.mark.parametrize(
    "role", [pytest.param(role, marks=() if role in COMPARED else pytest.mark.once) for role in ROLES]
)
Transcript = dict[str, Answer]


class Worlds:
    """Two shops, and what everybody is answered while the other one is there; it can be taken away, once."""

    def __init__(self) -> None:
        ours = make_world(OURS, OUR_WORD, OUR_AMOUNT)
        self.callers = {
            **{role: Caller(person=ours.people[role]) for role in PEOPLE},
            **{role: Caller(secret=ours.secrets[role]) for role in KEYS},
            WITHOUT_A_SHOP: Caller(person=add_stranger("stranger")),
            NOBODY: Caller(),
        }
        add_what_waits(THEIR_WORD)
        self.before = transaction.savepoint()
        self.theirs = make_world(THEIRS, THEIR_WORD, THEIR_AMOUNT)
        self.held = digest_of(self.theirs)
        addresses = [address for pattern in list_patterns() for address in fill_in(pattern, ours, self.theirs)]
        self.questions = list_questions(addresses, ours, self.theirs)
        self.readings = list_readings(addresses, ours, self.theirs)
        self.answers: dict[str, Transcript] = {}
        self.changes: dict[str, list[str]] = {}
        self.are_two = True

    def ask(self, role: str) -> Transcript:
        """What this role is answered while the other shop is there; what that changes of theirs is noted."""
        if role not in self.answers:
            assert self.are_two, f"{role} was to be asked before the other shop was taken away"
            self.changes[role] = []
            self.answers[role] = {
                question.name: self.callers[role].ask(question, self._look_for_changes(role, question))
                for question in self._choose(role)
            }
        return self.answers[role]

    def ask_alone(self) -> dict[str, Transcript]:
        """What roles are answered to the same questions once the other shop is taken away."""
        for role in COMPARED:
            self.ask(role)
        transaction.savepoint_rollback(self.before)
        self.are_two = False
        return {
            role: {question.name: self.callers[role].ask(question) for question in self._choose(role)}
            for role in COMPARED
        }

    def _look_for_changes(self, role: str, question: Question) -> Callable[[set[str]], None]:
        def look(tables: set[str]) -> None:
            now = digest_of(self.theirs, tables)
            if changed := [name for name, rows in now.items() if rows != self.held[name]]:
                self.changes[role].append(f"{question.name}: {', '.join(changed)}")

        return look

    def _choose(self, role: str) -> list[Question]:
        """Whoever sees most asks everything. Others try what is theirs and read what is ours; keys have own doors."""
        everything = [*(question for _address, question in self.questions), *self.readings]
        if role == STRONGEST:
            return everything
        if role in KEYS:
            return [question for question in everything if question.path.startswith(("/api/", "/index.php"))]
        return [question for address, question in self.questions if tries(role, address, question)]


def tries(role: str, address: Address, question: Question) -> bool:
    """What is theirs in every way; of what is ours the pages that show the most, and the lists at least."""
    if address.is_foreign:
        return role in PEOPLE or question.method == "GET"
    route = address.pattern.route
    is_list = not address.pattern.parameters or route.startswith("shops/")
    is_shown = is_list or (role == "owner" and not route.endswith(("/delete/", "/history/")))
    return question.method == "GET" and is_shown and not route.endswith("/add/")


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Worlds]:
    logging.disable(logging.CRITICAL)
    with override_settings(CACHES=IN_MEMORY), standing(django_db_blocker):
        yield Worlds()
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def alone(worlds: Worlds) -> dict[str, Transcript]:
    """Here and not in a test: what a test itself begins inside of the transaction is to outlive it."""
    return worlds.ask_alone()


def sum_up(faults: list[str]) -> str:
    return "\n".join([f"{len(faults)} in all", *(fault[:500] for fault in faults[:FAULTS_SHOWN])])


@each_role
def test_every_question_has_an_answer(worlds: Worlds, role: str) -> None:
    """503 is one: the CRM behind our shop does not answer."""
    faults = [f"{answer.status}: {name}" for name, answer in worlds.ask(role).items() if answer.status == 500]
    assert not faults, sum_up(faults)


@each_role
def test_nothing_of_the_other_shop_is_shown(worlds: Worlds, role: str) -> None:
    """Where the question itself names something of theirs its echo proves nothing: there answers are compared."""
    faults = [
        f"{answer.status}, {answer.quote(marker)}: {name}"
        for name, answer in worlds.ask(role).items()
        for marker in MARKERS
        if marker not in name and answer.holds(marker)
    ]
    assert not faults, sum_up(faults)


@each_role
def test_nothing_of_the_other_shop_is_changed(worlds: Worlds, role: str) -> None:
    worlds.ask(role)
    assert not worlds.changes[role], sum_up(worlds.changes[role])


@pytest.mark.parametrize("role", COMPARED)
def test_answers_are_the_same_without_the_other_shop(worlds: Worlds, alone: dict[str, Transcript], role: str) -> None:
    """The last test here: it takes the other shop away."""
    answered, without = worlds.answers[role], alone[role]
    faults = [
        f"{answer.status}, alone {without[name].status}, {find_difference(answer.text, without[name].text)}: {name}"
        for name, answer in answered.items()
        if SETS_UP not in name and answer.masked(name) != without[name].masked(name)
    ]
    assert not faults, sum_up(faults)


def find_difference(here: str, alone: str) -> str:
    ours, theirs = here.splitlines(), alone.splitlines()
    for first, second in zip(ours, theirs, strict=False):
        if first != second:
            return f"{first.strip()[:100]!r} instead of {second.strip()[:100]!r}"
    return f"{len(ours)} lines instead of {len(theirs)}"
