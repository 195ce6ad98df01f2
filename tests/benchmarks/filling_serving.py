"""Shops with bills, straight into the database: what the benchmarks of serving ask for. PostgreSQL."""

import psycopg
from django.utils import timezone

from shops.access import adopt_key
from shops.models import ApiKey, Employee, Shift, Shop, Store, Terminal
from tests.benchmarks.databases import settle

TERMINALS = 64  # a register sends one receipt after the other; many send at once
PRODUCTS = 2001
PRICES = 3  # 100, 200 and 300; a product has one, and three that follow each other cost 600

EVENTS = """
INSERT INTO shops_exchangeevent (shop_id, kind, direction, occurred_at, position, size_bytes, digest,
    bill_external_id, bill_number, origin, remark, request_id, fault)
SELECT %(shop)s, 'PUT_BILL', 'request', date_trunc('second', now()) - interval '1 day', n, 600, md5(n::text),
    n, n || '-CRM', 'served', '', '', '' FROM generate_series(1, %(bills)s) n"""
BODIES = """
INSERT INTO shops_exchangebody (entry_id, occurred_at, body)
SELECT id, occurred_at, '{"get": {"q": "/api/v2/bill/byid/' || n || '", "id": "' || n || '"},
"body": {"id": ' || n || ', "date": "2026-03-25 09:00:00", "summ": 600, "number": "' || n || '-CRM",
"customer": {"id": 17, "inn": "", "kpp": "", "reg": "", "name": "Полина Вымышленная ", "okpo": "",
"fullname": "Полина Вымышленная ", "legalentity": false}, "products": [' || (
    SELECT string_agg('{"id": "' || id || '", "type": "NORMAL", "price": ' || (id %% %(prices)s + 1) * 100 || ',
"taxrate": "5%%", "itemType": 1, "prodname": "Чай чёрный", "quantity": 1, "unitname": "шт"}', ',')
    FROM generate_series(1, 3) k, LATERAL (SELECT (n + k) %% %(products)s AS id) sold
) || '], "prepayment": 0, "prepaymentEnable": true},
"post": [],
"headers": {
"vary": [
"Accept"
]
}
}' FROM (SELECT id, occurred_at, position AS n FROM shops_exchangeevent WHERE shop_id = %(shop)s) stated"""
BILLS = """
INSERT INTO shops_bill (shop_id, external_id, number, issued_at, customer_name, customer_taxpayer_number, total,
    prepayment, version, stated_by_id, on_offer, is_paid)
SELECT shop_id, bill_external_id, bill_number, '2026-03-25'::timestamptz + position * interval '1 second',
    'Полина Вымышленная', '', 600, 0, 1, id, position <= %(open)s, position > %(open)s
FROM shops_exchangeevent WHERE shop_id = %(shop)s ORDER BY position"""
VERSIONS = """
INSERT INTO shops_billversion (bill_id, sequence, stated_by_id, total, prepayment, prepayment_enabled, fingerprint)
SELECT id, 1, stated_by_id, 600, 0, true, '' FROM shops_bill WHERE shop_id = %(shop)s"""
LINES = """
INSERT INTO shops_billline (version_id, position, product_external_id, name, price, quantity, tax_rate, subject,
    goods_type, unit, mark, marked_item)
SELECT version.id, k - 1, sold.id, 'Чай чёрный', (sold.id %% %(prices)s + 1) * 100, 1, '5%%', '1',
    'NORMAL', 'шт', '', ''
FROM shops_billversion version JOIN shops_bill bill ON bill.id = version.bill_id, generate_series(1, 3) k,
    LATERAL (SELECT (bill.external_id::int + k) %% %(products)s AS id) sold
WHERE bill.shop_id = %(shop)s"""


def make_shop(database_url: str, number: int, *, bills: int, open_bills: int, with_lines: bool = True) -> str:
    """A shop whose bills have the ids from 1 on, the first of them open; gives the key of its registers."""
    shop = Shop.objects.create(number=number)
    secret = f"key-of-the-registers-of-{number}"
    adopt_key(shop, ApiKey.Role.REGISTER, secret, now=timezone.now())
    store = Store.objects.create(shop=shop, evotor_id=f"store-{number}")
    Employee.objects.create(shop=shop, evotor_id=f"employee-{number}")
    for place in range(TERMINALS):
        terminal = Terminal.objects.create(shop=shop, store=store, evotor_id=f"terminal-{number}-{place}")
        Shift.objects.create(shop=shop, terminal=terminal, store=store, key="1")
    statements = (EVENTS, BODIES, BILLS, VERSIONS, LINES) if with_lines else (EVENTS, BODIES, BILLS)
    with psycopg.connect(database_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in statements:
            values = {"shop": number, "bills": bills, "open": open_bills, "products": PRODUCTS, "prices": PRICES}
            connection.execute(statement, values)
    settle()
    return secret
