"""What is on offer on PostgreSQL, read as it goes onto the wire; `shops.offers` gives the same."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from shops.models import Shop
from shops.offers import in_order, listed, read_list_offer, read_statement
from shops.statements import fetch
from shops.wire_writer import write_json, write_text

# Registers ask for the same again and again: what LIST says is kept written, bill by bill, and whole where it is short.
ROWS_KEPT = 1 << 14
LISTS_KEPT, LONGEST_LIST_KEPT = 1 << 7, 1 << 16  # in characters

# All in one text: a driver that reads every value by itself takes as long as the database. The limit, which nothing
# reaches, has PostgreSQL read the bills in their order from the index. It knows how many bills are open, not that few
# of this shop's are, and would read all bills of the shop and sort.
BETWEEN = "\x1f"
VALUES = ("external_id", "coalesce(issued_at::text, '')", "coalesce(offered_total, total)", "number", "customer_name")
LIST = f"""
SELECT string_agg(said, '{BETWEEN}'), count(*) FROM (
    SELECT {f" || '{BETWEEN}' || ".join(VALUES)} AS said
    FROM shops_bill bill WHERE shop_id = %s AND on_offer{{}} ORDER BY bill.issued_at DESC, bill.id DESC LIMIT %s
) listed"""
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
    arguments = (shop.number, number, NO_LIMIT) if number else (shop.number, NO_LIMIT)
    [(said, count)] = fetch(LIST_OF_NUMBER if number else LIST_ALL, arguments)
    if not count:
        return b"[]"
    written = (_write_short_list if len(said) <= LONGEST_LIST_KEPT else _write_list)(shop.zone, said, count)
    return written or write_json(read_list_offer(shop, number=number))


def _write_list(zone: ZoneInfo, said: str, count: int) -> bytes | None:
    """The answer; None where a value has in it what stands between them."""
    values = said.split(BETWEEN)
    if len(values) != count * len(VALUES):
        return None
    rows = [_write_listed(zone, *row) for row in zip(*[iter(values)] * len(VALUES), strict=True)]
    return "[\n{}\n]".format(",\n".join(rows)).encode()


_write_short_list = lru_cache(LISTS_KEPT)(_write_list)


@lru_cache(ROWS_KEPT)
def _write_listed(zone: ZoneInfo, external_id: str, issued_at: str, total: str, number: str, name: str) -> str:
    moment = datetime.fromisoformat(issued_at) if issued_at else None
    return write_text(listed(zone, external_id, moment, Decimal(total), number, name))


def write_bill_offer(shop: Shop, external_id: str) -> tuple[bytes, bool] | None:
    """The BILL answer of a bill that is offered as it was stated, and whether no register has opened it before.

    None of any other bill.
    """
    for kind, text, is_unopened in fetch(STATEMENT, (shop.number, external_id)):
        return write_json(in_order(read_statement(kind, text or ""))), is_unopened
    return None
