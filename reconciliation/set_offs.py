"""Writes down which advances the receipts of bills set off. Used by the judge, within its transaction."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from reconciliation.models import Case, SetOff
from reconciliation.rules import facts
from shops.payment.takings import list_set_offs


def write_set_offs(judged: Sequence[tuple[Case, facts.Case]]) -> None:
    """Only what has changed is written."""
    wanted = {
        (case.pk, dated_at): (case, amount)
        for case, facts_of_case in judged
        for dated_at, amount in list_of_case(facts_of_case)
    }
    held = {(row.case_id, row.dated_at): row for row in SetOff.objects.filter(case__in=[case.pk for case, _ in judged])}
    stale = [row.pk for key, row in held.items() if key not in wanted or wanted[key][1] != row.amount]
    if stale:
        SetOff.objects.filter(pk__in=stale).delete()
    SetOff.objects.bulk_create(
        SetOff(case=case, shop_id=case.shop_id, dated_at=key[1], amount=amount)
        for key, (case, amount) in wanted.items()
        if key not in held or held[key].amount != amount
    )


def list_of_case(facts_of_case: facts.Case) -> list[tuple[datetime, Decimal]]:
    """When the receipts of a bill set advances off, and how much."""
    return list_set_offs(facts_of_case.receipts, facts_of_case.bill) if facts_of_case.bill else []
