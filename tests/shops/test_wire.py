"""The v2 protocol: every shape of the journal is read exactly, odd ones are borne, damaged ones refused by name."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shops.wire import (
    BillLine,
    BillReference,
    BillStatement,
    Customer,
    ListedBill,
    PartlyUnreadable,
    ReceiptEvent,
    ReceiptLine,
    ReceiptStatement,
    Request,
    is_error_answer,
    read_bill,
    read_list,
    read_receipts,
    read_request,
)
from shops.wire_fields import INCORRECT, MALFORMED, MISSING, WireError

READERS: tuple[Callable[[bytes], object], ...] = (read_request, read_list, read_bill, read_receipts)

LISTED = {
    "id": 137456,
    "date": "2026-03-24 16:15:25",
    "summ": 31690,
    "number": "56770",
    "customername": "Мария Ильина",
}
CUSTOMER = {
    "id": 298655,
    "inn": "",
    "kpp": "",
    "reg": "",
    "name": "Мария Ильина ",
    "okpo": "",
    "fullname": "Мария Ильина ",
    "legalentity": False,
}
MARK = "0104620277203124215/CCRULLHcjB4\x1d91EE10\x1d92iXJRCt9D5dTQ5GkcsHpqS1CFAmXV/TSLwg6BEFrql4M="
BILL = {
    "id": 137456,
    "date": "2026-03-24 16:15:25",
    "summ": 8250,
    "number": "56770",
    "customer": CUSTOMER,
    "products": [
        {
            "id": 27447,
            "mark": MARK,
            "type": "LIGHT_INDUSTRY_MARKED",
            "price": 7600,
            "taxrate": "5%",
            "itemType": 1,
            "prodname": "Топ с длинным рукавом",
            "quantity": 1,
            "unitname": "Штука",
        },
        {
            "id": "ef0124d4-ac0f-3581-9bd7-8493786bf98a",
            "price": 650,
            "taxrate": "5%",
            "itemType": 3,
            "prodname": "Доставка",
            "quantity": 1,
            "unitname": "шт",
        },
    ],
    "prepayment": 0,
    "prepaymentEnable": True,
}
EVENT: dict[str, Any] = {
    "id": "c5b09c8f-9f35-4d36-881f-49f613e48f82",
    "data": {
        "id": "97ffa4fe-7d2e-44a4-8b64-801de95035f1",
        "type": "SELL",
        "items": [
            {
                "id": "ef0124d4-ac0f-3581-9bd7-8493786bf98a",
                "tax": 30.95,
                "name": "Доставка",
                "price": 650,
                "discount": 0,
                "itemType": "NORMAL",
                "quantity": 1,
                "sumPrice": 650,
                "costPrice": 0,
                "taxPercent": 5,
                "measureName": "шт",
            }
        ],
        "extras": {
            "date": "2026-03-24 16:15:25",
            "billId": "137456",
            "number": "56770",
            "customer": {key: value for key, value in CUSTOMER.items() if key != "id"},
            "newContent": [{"id": "ef0124d4-ac0f-3581-9bd7-8493786bf98a", "newQuantity": 1}],
            "prepayment": 0,
            "contentModified": True,
            "settlementMethod": "FullSettlement",
        },
        "shiftId": "40",
        "storeId": "20211125-25E6-40BE-80B6-3077E75BDF15",
        "dateTime": "2026-03-25T14:24:06.000Z",
        "deviceId": "20251118-9760-40C0-8037-79E3D85DB311",
        "totalTax": 30.95,
        "infoCheck": False,
        "employeeId": "20211125-E1BC-4068-806B-9A8D18776301",
        "totalAmount": 650,
        "paymentSource": "PAY_CARD",
        "totalDiscount": 0,
    },
    "type": "ReceiptCreated",
    "userId": "01-000000006542455",
    "version": 2,
    "timestamp": 1774448648959,
}


def encode(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


def event_with(**fields: object) -> bytes:
    return encode(EVENT | {"data": EVENT["data"] | fields})


def line_with(**fields: object) -> bytes:
    return event_with(items=[EVENT["data"]["items"][0] | fields])


def receipt_of(body: bytes) -> ReceiptStatement:
    (event,) = read_receipts(body)
    return event.receipt


def refusal_of(read: Callable[[bytes], object], body: bytes) -> tuple[int, str]:
    with pytest.raises(WireError) as refused:
        read(body)
    assert len(str(refused.value)) < 500
    return refused.value.code, refused.value.subject


# --- the shapes of the journal ---------------------------------------------------------------------------------


def test_a_request_is_read_from_the_front_controllers_query() -> None:
    body: dict[str, Any] = {
        "get": {"q": "/api/v2/bill/byid/137456", "id": "137456"},
        "body": None,
        "post": [],
        "headers": {"vary": ["Accept"]},
    }
    assert read_request(encode(body)) == Request("/api/v2/bill/byid/137456", "137456", "", b"null")
    assert read_request(encode(body | {"get": {"q": "/api/v2/bill/byid/137456"}})).bill_id == "137456"
    listing = read_request(encode(body | {"get": {"q": "/api/v2/list", "number": "56770"}}))
    assert (listing.path, listing.bill_id, listing.number) == ("/api/v2/list", "", "56770")


def test_the_body_of_a_request_stays_as_it_was_written() -> None:
    written = b'{"id": 1, \n"summ":\t489.60000000000002}'
    assert read_request(b'{"get": {}, "body": ' + written + b"}").body == written


@pytest.mark.parametrize("get", [[], None, {}])
def test_a_request_without_a_query_names_nothing(get: object) -> None:
    assert read_request(encode({"get": get})) == Request("", "", "", b"null")


def test_a_list_answer_is_read() -> None:
    assert read_list(encode([LISTED])) == (
        ListedBill(
            external_id="137456",
            date=datetime(2026, 3, 24, 16, 15, 25),
            total=Decimal("31690.00"),
            number="56770",
            customer_name="Мария Ильина",
        ),
    )
    assert read_list(b"[]") == read_list(b"null") == read_list(b" {} ") == ()


def test_a_bill_is_read() -> None:
    assert read_bill(encode(BILL)) == BillStatement(
        external_id="137456",
        date=datetime(2026, 3, 24, 16, 15, 25),
        total=Decimal("8250.00"),
        number="56770",
        customer=Customer("298655", "Мария Ильина", "Мария Ильина", ""),
        lines=(
            BillLine(
                product_id="27447",
                name="Топ с длинным рукавом",
                price=Decimal("7600.00"),
                quantity=Decimal("1.000"),
                tax_rate="5%",
                subject="1",
                goods_type="LIGHT_INDUSTRY_MARKED",
                unit="Штука",
                mark=MARK,
            ),
            BillLine(
                product_id="ef0124d4-ac0f-3581-9bd7-8493786bf98a",
                name="Доставка",
                price=Decimal("650.00"),
                quantity=Decimal("1.000"),
                tax_rate="5%",
                subject="3",
                goods_type="",
                unit="шт",
                mark="",
            ),
        ),
        prepayment=Decimal("0.00"),
        prepayment_enabled=True,
    )


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b' {"errors": [{"code": 2003}]}'])
def test_there_is_no_such_bill(body: bytes) -> None:
    assert read_bill(body) is None


def test_an_answer_of_errors_lists_nothing() -> None:
    body = encode({"errors": [{"code": 1002, "reason": "incorrect"}]})
    assert is_error_answer(body)
    assert read_list(body) == ()


def test_a_receipt_is_read() -> None:
    assert read_receipts(encode(EVENT)) == [
        ReceiptEvent(
            event_id="c5b09c8f-9f35-4d36-881f-49f613e48f82",
            user_id="01-000000006542455",
            receipt=ReceiptStatement(
                receipt_id="97ffa4fe-7d2e-44a4-8b64-801de95035f1",
                type="SELL",
                printed_at=datetime(2026, 3, 25, 14, 24, 6, tzinfo=UTC),
                total=Decimal("650.00"),
                tax=Decimal("30.95"),
                discount=Decimal("0.00"),
                informational=False,
                payment_source="PAY_CARD",
                store_id="20211125-25E6-40BE-80B6-3077E75BDF15",
                terminal_id="20251118-9760-40C0-8037-79E3D85DB311",
                employee_id="20211125-E1BC-4068-806B-9A8D18776301",
                shift="40",
                lines=(
                    ReceiptLine(
                        product_id="ef0124d4-ac0f-3581-9bd7-8493786bf98a",
                        name="Доставка",
                        price=Decimal("650.00"),
                        quantity=Decimal("1.000"),
                        discount=Decimal("0.00"),
                        total=Decimal("650.00"),
                        tax=Decimal("30.95"),
                        tax_percent=Decimal("5.00"),
                        item_type="NORMAL",
                        unit="шт",
                    ),
                ),
                reference=BillReference(
                    bill_id="137456",
                    number="56770",
                    date=datetime(2026, 3, 24, 16, 15, 25),
                    customer=Customer("", "Мария Ильина", "Мария Ильина", ""),
                    prepayment=Decimal("0.00"),
                    content_modified=True,
                    new_content=(("ef0124d4-ac0f-3581-9bd7-8493786bf98a", Decimal("1.000")),),
                    settlement_method="FullSettlement",
                ),
            ),
        )
    ]


def test_the_same_receipt_has_the_same_fingerprint_in_every_event() -> None:
    again = EVENT | {"id": "another", "timestamp": 1, "new": [1, {"a": None}]}
    assert receipt_of(encode(again)).fingerprint == receipt_of(encode(EVENT)).fingerprint
    assert receipt_of(event_with(totalAmount=651)).fingerprint != receipt_of(encode(EVENT)).fingerprint


def test_a_bill_of_other_contents_has_another_fingerprint() -> None:
    bills = [read_bill(encode(BILL)), read_bill(encode(BILL | {"summ": 8250.0})), read_bill(encode(BILL | {"summ": 1}))]
    first, same, other = (bill.fingerprint for bill in bills if bill)
    assert first == same != other


# --- what is borne -----------------------------------------------------------------------------------------------


def test_unknown_fields_are_ignored() -> None:
    assert read_list(encode([LISTED | {"new": {"a": [1, None]}}])) == read_list(encode([LISTED]))
    assert read_bill(encode(BILL | {"new": [[]]})) == read_bill(encode(BILL))
    assert receipt_of(event_with(new={"deep": [1]})) == receipt_of(encode(EVENT))


@pytest.mark.parametrize("identifier", [137456, "137456", " 137456 "])
def test_an_id_is_a_number_or_a_text(identifier: object) -> None:
    assert read_list(encode([LISTED | {"id": identifier}]))[0].external_id == "137456"
    bill = read_bill(encode(BILL | {"id": identifier}))
    assert bill is not None and bill.external_id == "137456"
    assert receipt_of(event_with(id=identifier)).receipt_id == "137456"
    assert receipt_of(event_with(extras={"billId": identifier})).reference.bill_id == "137456"


@pytest.mark.parametrize("customer", [None, [], "", {}])
def test_a_bill_may_have_no_customer(customer: object) -> None:
    bill = read_bill(encode(BILL | {"customer": customer}))
    assert bill is not None and bill.customer == Customer()


def test_what_may_be_absent_has_a_default() -> None:
    assert read_list(b'[{"id": 1, "summ": 2}]') == (ListedBill("1", None, Decimal(2), "", ""),)
    bill = read_bill(b'{"id": 1, "summ": 2, "products": null, "prepayment": null, "customer": null}')
    assert bill == BillStatement("1", None, Decimal(2), "", Customer(), (), Decimal(0), False)
    receipt = receipt_of(b'{"data": {"id": "r", "type": "SELL", "totalAmount": 2}}')
    assert (receipt.total, receipt.lines, receipt.reference) == (Decimal(2), (), BillReference())


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("489.6", "489.60"),
        ('"489.60"', "489.60"),
        ("489.60000000000002", "489.60"),
        ("4.896e2", "489.60"),
        ("-0", "0.00"),
    ],
)
def test_an_amount_is_read_exactly_however_it_is_written(written: str, amount: str) -> None:
    total = read_list(b'[{"id": 1, "summ": %s}]' % written.encode())[0].total
    assert format(total, "f") == amount


@pytest.mark.parametrize("flag", [True, 1, "1", "true"])
def test_a_crm_may_write_a_truth_value_in_its_own_way(flag: object) -> None:
    bill = read_bill(encode(BILL | {"prepaymentEnable": flag}))
    assert bill is not None and bill.prepayment_enabled
    assert receipt_of(event_with(extras={"contentModified": flag})).reference.content_modified


@pytest.mark.parametrize("flag", [False, 0, "0", "", None, "false"])
def test_a_crm_may_deny_in_its_own_way(flag: object) -> None:
    bill = read_bill(encode(BILL | {"prepaymentEnable": flag}))
    assert bill is not None and not bill.prepayment_enabled
    assert not receipt_of(event_with(extras={"contentModified": flag})).reference.content_modified


def test_a_long_name_of_a_customer_is_cut() -> None:
    assert read_list(encode([LISTED | {"customername": "и" * 500}]))[0].customer_name == "и" * 200


def test_times_are_brought_to_utc() -> None:
    assert receipt_of(event_with(dateTime="2026-03-25T17:24:06+03:00")).printed_at == datetime(
        2026, 3, 25, 14, 24, 6, tzinfo=UTC
    )
    assert receipt_of(event_with(dateTime="2026-03-25T14:24:06.123")).printed_at == datetime(
        2026, 3, 25, 14, 24, 6, 123000, tzinfo=UTC
    )


@pytest.mark.parametrize("extras", [None, [], {}, "text", 5, True, 1.5, [[1]], {"loyalty": {"points": [1, 2]}}])
def test_a_sale_without_a_bill_has_any_extras(extras: object) -> None:
    receipt = receipt_of(event_with(extras=extras))
    assert receipt.total == Decimal(650)
    assert receipt.reference == BillReference()


@pytest.mark.parametrize(
    "odd", [None, [], {}, "x" * 500, "a\0b", 5, -1, True, 1.5, [[1]], {"type": []}, {"id": {"id": 1}}, [{"id": []}]]
)
@pytest.mark.parametrize("field", [*EVENT["data"]["extras"]])
def test_an_odd_field_of_the_extras_spoils_neither_the_sale_nor_the_other_fields(field: str, odd: object) -> None:
    extras = EVENT["data"]["extras"]
    receipt = receipt_of(event_with(extras=extras | {field: odd}))
    assert receipt.total == Decimal(650)
    if field != "billId":
        assert receipt.reference.bill_id == "137456"
    if field != "number":
        assert receipt.reference.number == "56770"


def test_a_settlement_method_with_an_amount_is_known_by_its_type() -> None:
    extras = {"settlementMethod": {"type": "PartialSettlement", "amount": 100}}
    assert receipt_of(event_with(extras=extras)).reference.settlement_method == "PartialSettlement"


def test_several_receipts_come_in_an_array() -> None:
    events = read_receipts(encode([EVENT, EVENT | {"id": "second"}]))
    assert [event.event_id for event in events] == [EVENT["id"], "second"]


def test_each_receipt_of_an_array_stands_on_its_own_merits() -> None:
    with pytest.raises(PartlyUnreadable) as refused:
        read_receipts(encode([EVENT, {"data": {"id": "r", "type": "SELL"}}]))
    assert refused.value.subject == "[1].data.totalAmount"
    assert refused.value.receipts == tuple(read_receipts(encode(EVENT)))


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (b"", MALFORMED, ""),
        (encode(EVENT)[:-1], MALFORMED, ""),
        (b"\xff", MALFORMED, ""),
        (encode(EVENT).replace(b"ReceiptCreated", b"\xff"), MALFORMED, ""),
        (event_with(new=[]).replace(b'"new": []', b'"new": ' + b"[" * 10_000 + b"]" * 10_000), MALFORMED, ""),
        (event_with(extras="E").replace(b'"E"', b"[" * 10_000 + b"]" * 10_000), MALFORMED, ""),
        (event_with(id="E").replace(b'"E"', rb'"\ud800"'), MALFORMED, ""),
        (event_with(id="E").replace(b'"E"', rb'"\udc00"'), MALFORMED, ""),
        (event_with(totalAmount="E").replace(b'"E"', b"NaN"), MALFORMED, ""),
        (b"[]", MISSING, ""),
        (b"{}", MISSING, "data"),
        (b"[{}]", MISSING, "[0].data"),
        (b'{"data": {"id": "r", "type": "SELL"}}', MISSING, "data.totalAmount"),
        (event_with(items=[{"price": 1, "quantity": 1}]), MISSING, "data.items[0].sumPrice"),
        (event_with(id="  "), MISSING, "data.id"),
        (event_with(type=""), MISSING, "data.type"),
        (b"7", INCORRECT, ""),
        (event_with(totalAmount=None), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount="NaN"), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount="Infinity"), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount=[]), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount=0.125), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount="E").replace(b'"E"', b"1e5000"), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount="E").replace(b'"E"', b"1" * 1_000_000), INCORRECT, "data.totalAmount"),
        (event_with(totalAmount=10**12), INCORRECT, "data.totalAmount"),
        (event_with(id=True), INCORRECT, "data.id"),
        (event_with(id="x" * 201), INCORRECT, "data.id"),
        (event_with(id="a\0b"), INCORRECT, "data.id"),
        (event_with(storeId="x" * 201), INCORRECT, "data.storeId"),
        (event_with(infoCheck="maybe"), INCORRECT, "data.infoCheck"),
        (event_with(dateTime="yesterday"), INCORRECT, "data.dateTime"),
        (event_with(dateTime="0001-01-01T00:00:00+14:00"), INCORRECT, "data.dateTime"),
        (event_with(items={}), INCORRECT, "data.items"),
        (line_with(name="a\0b"), INCORRECT, "data.items[0].name"),
        (line_with(quantity=0.0001), INCORRECT, "data.items[0].quantity"),
        (line_with(quantity=10**10), INCORRECT, "data.items[0].quantity"),
        (line_with(price=10**9, quantity=10**8), INCORRECT, "data.items"),
        (line_with(id="9" * 5000), INCORRECT, "data.items[0].id"),
    ],
)
def test_a_damaged_receipt_is_refused_by_name(body: bytes, code: int, subject: str) -> None:
    assert refusal_of(read_receipts, body) == (code, subject)


@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (b"[", MALFORMED, ""),
        (b'{"id": 1}', INCORRECT, ""),
        (b'[{"id": 1, "summ": 1}, {"id": 2}]', MISSING, "[1].summ"),
        (b'[{"id": 1, "summ": null}]', INCORRECT, "[0].summ"),
        (b'[{"id": true, "summ": 1}]', INCORRECT, "[0].id"),
        (b'[{"id": "", "summ": 1}]', MISSING, "[0].id"),
        (b'[{"id": 1, "summ": 1, "date": "0000-00-00 00:00:00"}]', INCORRECT, "[0].date"),
    ],
)
def test_a_damaged_list_is_refused_by_name(body: bytes, code: int, subject: str) -> None:
    assert refusal_of(read_list, body) == (code, subject)


@pytest.mark.parametrize(
    ("body", "code", "subject"),
    [
        (encode(BILL)[:-20], MALFORMED, ""),
        (b'{"id": 1}', MISSING, "summ"),
        (encode(BILL | {"summ": None}), INCORRECT, "summ"),
        (encode(BILL | {"summ": "31 690"}), INCORRECT, "summ"),
        (encode(BILL | {"number": "1\0"}), INCORRECT, "number"),
        (encode(BILL | {"products": [{"price": 1, "quantity": "many"}]}), INCORRECT, "products[0].quantity"),
        (encode(BILL | {"products": [{"price": 1e10, "quantity": 1}] * 10}), INCORRECT, "products"),
        (encode(BILL | {"date": "24.03.2026"}), INCORRECT, "date"),
        (b'{"id": ' + b"9" * 5000 + b', "summ": 1}', INCORRECT, "id"),
    ],
)
def test_a_damaged_bill_is_refused_by_name(body: bytes, code: int, subject: str) -> None:
    assert refusal_of(read_bill, body) == (code, subject)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"GET /api/v2/list", MALFORMED),
        (b'{"get": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, MALFORMED),
        (b'{"get": {"id": true}}', INCORRECT),
        (b'{"get": {"q": ["a"]}}', INCORRECT),
        (b'{"get": {"id": ' + b"9" * 5000 + b"}}", INCORRECT),
        (b"[]", INCORRECT),
    ],
)
def test_a_damaged_request_is_refused(body: bytes, code: int) -> None:
    assert refusal_of(read_request, body)[0] == code


# --- nothing but a refusal ever escapes --------------------------------------------------------------------------

VALID = (encode(EVENT), encode([EVENT]), encode(BILL), encode([LISTED]), encode({"get": {"q": "/"}, "body": EVENT}))
TROUBLE = st.sampled_from(
    [
        b"",
        b"\x00",
        b"\xff",
        b'"',
        b"{",
        b"]",
        b"null",
        b"true",
        b"-",
        b"1e999",
        b"[[",
        rb"\u0000",
        rb"\ud800",
        b"9" * 5000,
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def read_by_all(body: bytes) -> None:
    for read in READERS:
        try:
            read(body)
        except WireError as error:
            assert error.code in (MALFORMED, MISSING, INCORRECT)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read_by_all(body)


@given(st.sampled_from(VALID), st.data())
def test_any_damage_to_a_message_is_read_or_refused(body: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 8)))
        body = body[:start] + data.draw(TROUBLE | st.binary(max_size=3)) + body[end:]
    read_by_all(body)


def _paths(value: object) -> list[tuple[Any, ...]]:
    """The path of every value within a message."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    return [(), *((key, *path) for key in keys for path in _paths(value[key]))]  # type: ignore[index]


def _replace(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _replace(value[path[0]], path[1:], new)
    return copy


@given(st.sampled_from([EVENT, [EVENT], BILL, [LISTED], {"get": {"q": "/", "id": "1"}}]), st.data())
def test_any_value_in_any_place_is_read_or_refused(message: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_paths(message)))
    read_by_all(encode(_replace(message, path, data.draw(json_values))))


@given(json_values)
def test_no_extras_make_a_sale_unreadable(extras: object) -> None:
    assert receipt_of(event_with(extras=extras)).total == Decimal(650)


@given(st.sampled_from(_paths(EVENT["data"]["extras"])), json_values)
def test_no_value_within_the_extras_makes_a_sale_unreadable(path: tuple[Any, ...], value: object) -> None:
    assert receipt_of(event_with(extras=_replace(EVENT["data"]["extras"], path, value))).total == Decimal(650)
