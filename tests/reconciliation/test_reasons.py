"""Which reasons make sense for which kind, as an accountant sees it; and that no other one is accepted."""

from datetime import UTC, datetime

import pytest

from reconciliation import decisions
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Discrepancy, Status
from reconciliation.rules.kinds import KINDS, MONETARY, Kind
from reconciliation.rules.reasons import Reason, list_common_reasons, list_reasons
from tests.factories import make_accountant, make_one_of_everything

NOW = datetime(2026, 3, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_reasons_and_may_always_be_a_false_alarm(kind: Kind) -> None:
    reasons = list_reasons(kind)
    assert Reason.FALSE_ALARM in reasons
    assert Reason.LATER_DOCUMENTS not in reasons, "that is the program's own"
    assert (Reason.WRITTEN_OFF in reasons) == (kind in MONETARY), "only money is written off"


def test_a_rest_is_paid_later_only_where_money_may_be_missing() -> None:
    assert {kind for kind in KINDS if Reason.REST_WILL_BE_PAID in list_reasons(kind)} == {
        Kind.PARTIAL_RECEIPT,
        Kind.PRICE_MISMATCH,
        Kind.REFUND,
        Kind.SUM_MISMATCH,
        Kind.NOT_FISCAL,
        Kind.OPENED_NOT_PAID,
    }


@pytest.mark.parametrize(
    ("kind", "senseless"),
    [
        (Kind.DUPLICATE_RECEIPT, {Reason.REST_WILL_BE_PAID, Reason.PAID_ANOTHER_WAY, Reason.CONTENTS_CHANGED}),
        (Kind.BILL_TOTAL_MISMATCH, {Reason.REGISTER_ERROR, Reason.CORRECTION_RECEIPT}),
        (Kind.RECEIPT_TOTAL_MISMATCH, {Reason.BILL_CORRECTED}),
        (Kind.LATE_RECEIPT, set(Reason) - {Reason.REGISTER_ERROR, Reason.FALSE_ALARM}),
        (Kind.UNANSWERED, set(Reason) - {Reason.REGISTER_ERROR, Reason.FALSE_ALARM}),
        (Kind.TAX_MISMATCH, {Reason.PAID_ANOTHER_WAY, Reason.WRITTEN_OFF}),
    ],
)
def test_what_explains_nothing_is_not_offered(kind: Kind, senseless: set[Reason]) -> None:
    assert senseless.isdisjoint(list_reasons(kind))


def test_many_are_resolved_with_what_suits_all_of_them() -> None:
    assert list_common_reasons([Kind.PARTIAL_RECEIPT, Kind.LATE_RECEIPT]) == (Reason.REGISTER_ERROR, Reason.FALSE_ALARM)
    assert list_common_reasons([]) == ()


@pytest.mark.django_db
@pytest.mark.parametrize("reason", [Reason.REST_WILL_BE_PAID, Reason.WRITTEN_OFF, Reason.LATER_DOCUMENTS, ""])
def test_a_reason_without_sense_resolves_nothing(reason: str) -> None:
    discrepancy = make_one_of_everything(1)
    Discrepancy.objects.update(kind=Kind.DUPLICATE_RECEIPT)
    with pytest.raises(DecisionRefused):
        decisions.resolve(discrepancy, actor=make_accountant(), reason=reason, comment="", now=NOW)
    discrepancy.refresh_from_db()
    assert (discrepancy.status, discrepancy.steps.count()) == (Status.OPEN, 1)
