"""What rules of the house decide, case by case and for generated ones. No database."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.rules.house_rules import (
    Decision,
    Direction,
    Outcome,
    PastStep,
    RuleTerms,
    Situation,
    decide,
    find_decision_of_person,
    fits,
    is_left_to_rules,
    list_chances,
)
from reconciliation.rules.kinds import MONETARY, Kind

ONE = Decimal("1.00")
CENTS = Situation(
    shop=40,
    kind=Kind.PRICE_MISMATCH,
    amount=Decimal("-0.50"),
    write_off_limit=Decimal(1000),
    stores=frozenset({1}),
    terminals=frozenset({2, 3}),
    employees=frozenset({4}),
    payment_sources=frozenset({"PAY_CARD", "PAY_CASH"}),
)
VAT = replace(CENTS, kind=Kind.TAX_MISMATCH, amount=None)


def closing(key: int = 1, **terms: Any) -> RuleTerms:
    return RuleTerms(key, Outcome.RESOLVE, **terms)


def assigning(key: int = 1, **terms: Any) -> RuleTerms:
    return RuleTerms(key, Outcome.ASSIGN, **terms)


@pytest.mark.parametrize(
    ("terms", "situation", "fitting"),
    [
        ({}, CENTS, True),
        ({"shop": 40}, CENTS, True),
        ({"shop": 120}, CENTS, False),
        ({"kinds": frozenset({Kind.PRICE_MISMATCH, Kind.SUM_MISMATCH})}, CENTS, True),
        ({"kinds": frozenset({Kind.SUM_MISMATCH})}, CENTS, False),
        ({"amount_up_to": Decimal("0.50")}, CENTS, True),
        ({"amount_up_to": Decimal("0.49")}, CENTS, False),
        ({"amount_up_to": ONE}, VAT, False),
        ({"direction": Direction.MISSING}, CENTS, True),
        ({"direction": Direction.BEYOND}, CENTS, False),
        ({"direction": Direction.BEYOND}, replace(CENTS, amount=ONE), True),
        ({"direction": Direction.MISSING}, VAT, False),
        ({"store": 1}, CENTS, True),
        ({"store": 2}, CENTS, False),
        ({"terminal": 3}, CENTS, True),
        ({"terminal": 4}, CENTS, False),
        ({"employee": 4}, CENTS, True),
        ({"employee": 5}, CENTS, False),
        ({"payment_source": "PAY_CASH"}, CENTS, True),
        ({"payment_source": "OTHER"}, CENTS, False),
        ({"writes_off": True, "amount_up_to": ONE}, CENTS, True),
        ({"writes_off": True, "amount_up_to": ONE}, replace(CENTS, write_off_limit=Decimal("0.49")), False),
        ({"writes_off": True, "amount_up_to": ONE}, replace(CENTS, write_off_limit=Decimal("0.50")), True),
        ({"kinds": frozenset({Kind.TAX_MISMATCH})}, VAT, True),
        ({"shop": 40, "store": 1, "terminal": 2, "employee": 5}, CENTS, False),
    ],
)
def test_every_condition_has_to_hold(terms: dict[str, Any], situation: Situation, fitting: bool) -> None:
    assert fits(closing(**terms), situation) is fitting
    assert fits(assigning(**terms), situation) is fitting


def test_the_first_that_fits_decides_and_closing_and_handing_over_are_asked_apart() -> None:
    rules = [
        closing(1, shop=120),
        assigning(2, store=1),
        closing(3, amount_up_to=ONE),
        closing(4),
        assigning(5),
    ]
    assert decide(rules, CENTS) == Decision(resolved_by=3, assigned_by=2)
    assert decide(rules, VAT) == Decision(resolved_by=4, assigned_by=2)
    assert decide(rules[:2], replace(CENTS, stores=frozenset())) is None
    assert decide([], CENTS) is None


def test_what_one_rule_decides_is_told_from_what_another_does() -> None:
    both = Decision(resolved_by=3, assigned_by=2)
    assert (both.keep(3), both.keep(2)) == (Decision(resolved_by=3), Decision(assigned_by=2))
    assert both.keep(1) is None


# --- for generated rules and situations ---


amounts = st.decimals(min_value=-2000, max_value=2000, places=2)
few = st.integers(1, 3)
sets = st.frozensets(few)
situations = st.builds(
    Situation,
    shop=few,
    kind=st.sampled_from(Kind),
    amount=amounts | st.none(),
    write_off_limit=amounts.map(abs),
    stores=sets,
    terminals=sets,
    employees=sets,
    payment_sources=st.frozensets(st.sampled_from(["PAY_CARD", "PAY_CASH"])),
).map(lambda found: found if found.kind in MONETARY else replace(found, amount=None))
rules_of_the_house = st.builds(
    RuleTerms,
    key=st.integers(1, 10**6),
    outcome=st.sampled_from(Outcome),
    shop=st.none() | few,
    kinds=st.frozensets(st.sampled_from(Kind)),
    amount_up_to=st.none() | amounts.map(abs),
    direction=st.sampled_from(Direction),
    store=st.none() | few,
    terminal=st.none() | few,
    employee=st.none() | few,
    payment_source=st.sampled_from(["", "PAY_CARD"]),
    writes_off=st.booleans(),
)
books = st.lists(rules_of_the_house, max_size=6, unique_by=lambda rule: rule.key)


@given(rules_of_the_house, situations)
def test_a_rule_never_fits_beyond_its_limit(rule: RuleTerms, situation: Situation) -> None:
    if fits(rule, situation):
        if rule.amount_up_to is not None:
            assert situation.amount is not None
            assert abs(situation.amount) <= rule.amount_up_to
        if rule.writes_off:
            assert situation.amount is not None
            assert abs(situation.amount) <= situation.write_off_limit


@given(books, rules_of_the_house, situations, st.integers(0, 6))
def test_a_rule_that_does_not_fit_changes_nothing(
    book: list[RuleTerms], rule: RuleTerms, situation: Situation, place: int
) -> None:
    if not fits(rule, situation):
        assert decide([*book[:place], rule, *book[place:]], situation) == decide(book, situation)


@given(books, situations)
def test_order_decides(book: list[RuleTerms], situation: Situation) -> None:
    decision = decide(book, situation) or Decision()
    for outcome, key in ((Outcome.RESOLVE, decision.resolved_by), (Outcome.ASSIGN, decision.assigned_by)):
        fitting = [rule.key for rule in book if rule.outcome is outcome and fits(rule, situation)]
        assert key == (fitting[0] if fitting else None)


@given(books, rules_of_the_house, situations)
def test_a_rule_at_the_end_takes_nothing_from_those_before_it(
    book: list[RuleTerms], rule: RuleTerms, situation: Situation
) -> None:
    before, after = decide(book, situation) or Decision(), decide([*book, rule], situation) or Decision()
    assert after.resolved_by == before.resolved_by or before.resolved_by is None
    assert after.assigned_by == before.assigned_by or before.assigned_by is None


# --- whose matter a discrepancy is ---


def past(*steps: str) -> list[PastStep]:
    """`resolved!` a person resolved; `undone!2` a person undid the second step; without a mark nobody did."""
    made = []
    for number, text in enumerate(steps, start=1):
        action, _, undoes = text.partition("!")
        made.append(PastStep(number, action, "!" in text, int(undoes) if undoes else None))
    return made


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([], False),
        (["opened"], True),
        (["opened", "commented!"], True),
        (["opened", "amount_changed"], True),
        (["opened", "cause_gone"], False),
        (["opened", "cause_gone", "returned"], True),
        (["opened", "resolved"], False),
        (["opened", "resolved", "amount_changed"], True),
        (["opened", "handed_over", "amount_changed"], True),
        (["opened", "taken!"], False),
        (["opened", "taken!", "amount_changed"], False),
        (["opened", "handed_over!", "amount_changed"], False),
        (["opened", "resolved!", "amount_changed"], False),
        (["opened", "resolved!", "cause_gone", "returned"], False),
        (["opened", "resolved", "reopened!", "amount_changed"], False),
        (["opened", "resolved", "undone!2"], False),
        (["opened", "resolved", "undone!2", "commented!"], False),
        (["opened", "resolved", "undone!2", "amount_changed"], True),
        (["opened", "taken!", "undone!2", "amount_changed"], True),
        (["opened", "resolved", "reopened!", "undone!3", "amount_changed"], True),
    ],
)
def test_what_a_person_has_decided_is_not_left_to_rules(steps: list[str], left: bool) -> None:
    assert is_left_to_rules(past(*steps)) is left


def test_the_last_decision_of_a_person_that_stands_is_found() -> None:
    steps = past("opened", "taken!", "resolved!", "undone!3", "commented!")
    decided = find_decision_of_person(steps)
    assert decided is not None
    assert decided.action == "taken"
    assert find_decision_of_person(past("opened", "resolved")) is None


def test_rules_have_a_chance_whenever_documents_have_the_last_word() -> None:
    steps = past("opened", "amount_changed", "resolved", "amount_changed", "taken!", "amount_changed")
    assert [step.key for step in list_chances(steps)] == [1, 2, 4]
