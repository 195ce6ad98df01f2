"""Documents of the registers: kept as they came, each once, other contents beside the first."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shops.models import EvotorAccount, ExchangeEvent, RegisterDocument, Shop, Store, UnassignedMessage
from shops.wire_writer import write_json
from tests.evotor.conftest import OTHER_STORE, OTHER_USER, STORE, TERMINAL, USER, Cloud, Install, error_of
from tests.factories import make_person

Z_REPORT: dict[str, Any] = {
    "id": "z-1",
    "type": "Z_REPORT",
    "number": 14,
    "close_date": "2026-03-25T17:40:38.000+0000",
    "session_id": "s-3",
    "session_number": 3,
    "close_user_id": "e-1",
    "device_id": TERMINAL,
    "store_id": STORE,
    "body": {"total": 3706, "revenue": Decimal("158.5"), "cash": 0},
}
OLDER_CLOSING: dict[str, Any] = {
    "type": "CLOSE_SESSION",
    "uuid": "c-1",
    "number": 11,
    "closeSum": "158",
    "closeResultSum": "3706",
    "closeDate": "2026-03-25T14:55:57.000+0000",
    "deviceUuid": TERMINAL,
    "sessionUUID": "s-1",
    "sessionNumber": "1",
    "closeUserUuid": "e-1",
    "transactions": [{"type": "CLOSE_SESSION", "total": 3706, "proceeds": 158}],
}


@pytest.fixture
def account(install: Install, shop: Shop) -> Cloud:
    return install(USER, shop)


def put(cloud: Any, *documents: object, store: str = STORE, body: bytes = b"") -> Any:
    return cloud.send("PUT", f"/api/v1/inventories/stores/{store}/documents", body or list(documents))


def test_a_document_is_read_and_kept_verbatim(account: Cloud, shop: Shop) -> None:
    raw = write_json(Z_REPORT).replace(b"\n", b"  ")
    response = put(account, body=b"[ " + raw + b" ]")
    assert (response.status_code, response.content) == (200, b"")
    document = RegisterDocument.objects.get()
    assert document.body == raw.decode()
    assert (document.shop, document.type, document.number) == (shop, "Z_REPORT", "14")
    assert (document.session_id, document.session_number) == ("s-3", "3")
    assert document.closed_at == datetime(2026, 3, 25, 17, 40, 38, tzinfo=UTC)
    assert (document.total, document.revenue) == (Decimal(3706), Decimal("158.5"))
    assert [place and place.evotor_id for place in (document.store, document.terminal, document.employee)] == [
        STORE,
        TERMINAL,
        "e-1",
    ]
    assert not ExchangeEvent.objects.exists()  # the row itself is the message


def test_the_older_form_is_understood(account: Cloud) -> None:
    put(account, OLDER_CLOSING)
    document = RegisterDocument.objects.get()
    assert (document.document_id, document.type, document.session_number) == ("c-1", "CLOSE_SESSION", "1")
    assert (document.total, document.revenue) == (Decimal(3706), Decimal(158))
    assert document.terminal is not None
    assert document.terminal.evotor_id == TERMINAL


@pytest.mark.parametrize(
    ("transaction", "type"),
    [("FPRINT_Z_REPORT", "Z_REPORT"), ("FPRINT_X_REPORT", "X_REPORT"), ("FPRINT_OPEN_SESSION", "FPRINT")],
)
def test_a_printed_report_is_called_by_its_name(account: Cloud, transaction: str, type: str) -> None:
    put(
        account, {"uuid": "f", "type": "FPRINT", "transactions": [{"type": transaction, "proceeds": Decimal("7256.4")}]}
    )
    document = RegisterDocument.objects.get()
    assert (document.type, document.revenue) == (type, Decimal("7256.4"))


def test_the_same_document_again_is_one_row(account: Cloud) -> None:
    for _ in range(3):
        assert put(account, Z_REPORT, Z_REPORT, OLDER_CLOSING).status_code == 200
    assert set(RegisterDocument.objects.values_list("document_id", "contradicts")) == {("z-1", None), ("c-1", None)}


def test_other_contents_under_the_same_id_are_kept_beside_the_first(account: Cloud) -> None:
    changed = Z_REPORT | {"body": {"total": 1}}
    for _ in range(2):
        put(account, Z_REPORT, changed)
        put(account, changed, Z_REPORT)
    first = RegisterDocument.objects.get(contradicts=None)
    other = RegisterDocument.objects.get(contradicts=first)
    assert (first.total, other.total) == (Decimal(3706), Decimal(1))
    client = Client()
    client.force_login(make_person("viewer", "Viewers"))
    assert f"/registerdocument/{other.pk}/change/" in client.get(page_of(first)).content.decode()
    assert client.get(page_of(other)).status_code == 200
    listed = client.get("/admin/shops/registerdocument/", {"contents": "contradicting"}).content.decode()
    assert f"/registerdocument/{other.pk}/change/" in listed
    assert f"/registerdocument/{first.pk}/change/" not in listed


def test_documents_of_two_shops_do_not_touch(account: Cloud, install: Install, shop: Shop, other_shop: Shop) -> None:
    put(account, Z_REPORT)
    put(install(OTHER_USER, other_shop), Z_REPORT | {"number": 15}, store=OTHER_STORE)
    assert dict(RegisterDocument.objects.filter(contradicts=None).values_list("shop", "number")) == {7: "14", 8: "15"}


def test_nobody_changes_a_document_in_the_admin(account: Cloud) -> None:
    put(account, Z_REPORT)
    client = Client()
    client.force_login(make_person("accountant", "Accountants"))
    document = RegisterDocument.objects.get()
    assert client.post(page_of(document), {"total": "1"}).status_code == 403
    assert client.post(page_of(document).replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_the_good_documents_beside_a_bad_one_are_kept(account: Cloud) -> None:
    status, error = error_of(put(account, Z_REPORT, {"type": "SELL"}, OLDER_CLOSING))
    assert (status, error) == (400, {"code": 2002, "reason": "missing", "subject": "[1].uuid"})
    assert RegisterDocument.objects.count() == 2


def test_the_store_of_the_address_says_the_shop(cloud: Cloud, shop: Shop) -> None:
    put(cloud, Z_REPORT)
    message = UnassignedMessage.objects.get()
    assert (message.kind, message.store_id) == ("documents", STORE)
    Store.objects.create(shop=shop, evotor_id=STORE)
    put(cloud, OLDER_CLOSING)
    assert RegisterDocument.objects.get().shop == shop


def test_figures_that_are_none_are_left_out(account: Cloud) -> None:
    figures = [{"total": "many"}, {"total": "1e300", "revenue": []}, [], None, {"total": None, "sum": "5.50"}]
    for index, body in enumerate(figures):
        assert put(account, {"id": str(index), "type": "CASH_INCOME", "body": body}).status_code == 200
    totals = dict(RegisterDocument.objects.values_list("document_id", "total"))
    assert totals == {"0": None, "1": None, "2": None, "3": None, "4": Decimal("5.5")}


@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (b"what?", 2001, ""),
        (b'[{"uuid": "\xff"}]', 2001, ""),
        (b"{}", 2003, ""),
        (b"[5]", 2003, "[0]"),
        (b'[{"uuid": "a"}]', 2002, "[0].type"),
        (b'[{"uuid": "a", "type": "X", "closeDate": "soon"}]', 2003, "[0].closeDate"),
        (b'[{"uuid": "a\\u0000", "type": "X"}]', 2003, "[0].uuid"),
        (b"[" * 10_000 + b"]" * 10_000, 2001, ""),
    ],
)
def test_bad_input_is_refused(account: Cloud, cloud: Cloud, body: bytes, code: int, subject: str) -> None:
    for caller in (account, cloud):
        status, error = error_of(put(caller, body=body, store="s"))
        assert (status, error["code"], error.get("subject", "")) == (400, code, subject)
    assert not RegisterDocument.objects.exists()


def test_an_address_that_names_no_store_is_refused(account: Cloud) -> None:
    for store in ("%00", "s" * 201):
        assert error_of(put(account, Z_REPORT, store=store))[0] == 400


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutated_documents_break_nothing(cloud: Cloud, shop: Shop, data: st.DataObject) -> None:
    Store.objects.get_or_create(shop=shop, evotor_id=STORE)
    body = bytearray(write_json([Z_REPORT, OLDER_CLOSING]))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(body) - 1))
        body[position : position + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    assert put(cloud, body=bytes(body)).status_code in (200, 400)
    assert not EvotorAccount.objects.exists()


def page_of(document: RegisterDocument) -> str:
    return f"/admin/shops/registerdocument/{document.pk}/change/"
