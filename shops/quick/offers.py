"""What is on offer on PostgreSQL, read as it goes onto the wire; `shops.offers` gives the same."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from shops.models import Shop
from shops.offers import in_order, listed, read_statement
from shops.statements import fetch
from shops.wire_writer import write_json, write_text

ROWS_KEPT = 1 << 14  # of what LIST says of a bill: registers ask for the same again and again

# The limit, which nothing reaches, has PostgreSQL read them in their order from the index. It knows how many bills are
# open, not that few of this shop's are, and would read all bills of the shop and sort.
LIST = """
SELECT external_id, issued_at::text, coalesce(offered_total, total)::text, number, customer_name
FROM shops_bill bill WHERE shop_id = %s AND on_offer{} ORDER BY bill.issued_at DESC, bill.id DESC LIMIT %s"""
LIST_ALL, LIST_OF_NUMBER = LIST.format(""), LIST.format(" AND number = %s")
NO_LIMIT = 1 << 40

STATEMENT = """
SELECT event.kind, text.body, bill.opened_by_id IS NULL
FROM shops_bill bill JOIN shops_exchangeevent event ON event.id = bill.stated_by_id
LEFT JOIN shops_exchangebody text ON text.entry_id = event.id AND text.occurred_at = event.occurred_at
WHERE bill.shop_id = %s AND bill.external_id = %s AND bill.on_offer AND bill.offered_total IS NULL
    AND (event.size_bytes = 0 OR text.body IS NOT NULL)"""


def write_list_offer(shop: Shop, number: str) -> bytes:
    """The LIST answer of a shop, with a number only the bills of that number."""
    if number:
        rows = fetch(LIST_OF_NUMBER, (shop.number, number, NO_LIMIT))
    else:
        rows = fetch(LIST_ALL, (shop.number, NO_LIMIT))
    zone = shop.zone
    listed_rows = ",\n".join([_write_listed(zone, *row) for row in rows])
    return f"[\n{listed_rows}\n]".encode() if rows else b"[]"


@lru_cache(ROWS_KEPT)
def _write_listed(zone: ZoneInfo, external_id: str, issued_at: str | None, total: str, number: str, name: str) -> str:
    moment = datetime.fromisoformat(issued_at) if issued_at else None
    return write_text(listed(zone, external_id, moment, Decimal(total), number, name))


def write_bill_offer(shop: Shop, external_id: str) -> tuple[bytes, bool] | None:
    """The BILL answer of a bill that is offered as it was stated, and whether no register has opened it before.

    None of any other bill.
    """
    for kind, text, is_unopened in fetch(STATEMENT, (shop.number, external_id)):
        return write_json(in_order(read_statement(kind, text or ""))), is_unopened
    return None
