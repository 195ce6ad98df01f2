"""A request that was answered so late that the case of its bill was judged without the answer meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reconciliation.models import Discrepancy
from reconciliation.services import reconcile
from shops.live_journal import journal_answer, journal_request
from shops.models import Shop
from tests.logs import line, make_bill
from tests.protocol.conftest import Crm


@pytest.mark.parametrize(
    ("kind", "bill_id", "bill_number"), [("LIST", "", "1-CRM"), ("BILL", "1", ""), ("RECEIPT", "1", "")]
)
def test_what_is_answered_late_is_unanswered_no_more(
    shop: Shop, crm: Crm, kind: str, bill_id: str, bill_number: str
) -> None:
    now = timezone.now()
    crm.put(make_bill("1", [line("tea", 100)]))
    request = journal_request(shop, kind, query={}, bill_id=bill_id, bill_number=bill_number, now=now)
    later = now + timedelta(minutes=3)
    reconcile(as_of=later, now=later)
    assert list_open() == ["unanswered"]
    journal_answer(request, b"[]", now=later)
    reconcile(as_of=later, now=later)
    assert list_open() == []


def list_open() -> list[str]:
    """What is open of the bill."""
    return list(
        Discrepancy.objects.filter(resolved_at=None, case__bill__external_id="1").values_list("kind", flat=True)
    )
