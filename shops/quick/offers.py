"""What is on offer on PostgreSQL, read as it goes onto the wire; `shops.offers` gives the same.

It can be read with the key of whoever asks, in one round trip in place of two.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from shops.access import find_keys, recognise_key
from shops.models import ApiKey, Shop
from shops.offers import in_order, listed, read_list_offer, read_statement
from shops.statements import KeptQuery, fetch
from shops.wire_writer import write_json, write_text

# Registers ask for the same again and again: what LIST says is kept written, bill by bill, and whole where it is short.
ROWS_KEPT = 1 << 14
LISTS_KEPT, LONGEST_LIST_KEPT = 1 << 7, 1 << 16  # in characters

# All in one text: a driver that reads every value by itself takes as long as the database. The limit, which nothing
# reaches, has PostgreSQL read the bills in their order from the index. It knows how many bills are open, not that few
# of this shop's are, and would read all bills of the shop and sort. It must not know the limit when it plans.
BETWEEN = "\x1f"
VALUES = ("external_id", "coalesce(issued_at::text, '')", "coalesce(offered_total, total)", "number", "customer_name")
LIST = f"""
SELECT count(*) || '{BETWEEN}' || coalesce(string_agg(said, '{BETWEEN}'), '') FROM (
    SELECT {f" || '{BETWEEN}' || ".join(VALUES)} AS said
    FROM shops_bill bill WHERE shop_id = {{shop}} AND on_offer{{among}}
    ORDER BY bill.issued_at DESC, bill.id DESC LIMIT %s
) listed"""
LIST_OF_KEY = LIST.format(shop="shops_apikey.shop_id", among="")
LIST_ALL, LIST_OF_NUMBER = LIST.format(shop="%s", among=""), LIST.format(shop="%s", among=" AND number = %s")
NO_LIMIT = 1 << 40

BILL = f"""
SELECT event.kind || '{BETWEEN}' || (bill.opened_by_id IS NULL) || '{BETWEEN}' || coalesce(text.body, '')
FROM shops_bill bill JOIN shops_exchangeevent event ON event.id = bill.stated_by_id
LEFT JOIN shops_exchangebody text ON text.entry_id = event.id AND text.occurred_at = event.occurred_at
WHERE bill.shop_id = {{shop}} AND bill.external_id = %s AND bill.on_offer AND bill.offered_total IS NULL
    AND (event.size_bytes = 0 OR text.body IS NOT NULL)"""
BILL_OF_KEY, BILL_OF_SHOP = BILL.format(shop="shops_apikey.shop_id"), BILL.format(shop="%s")


@dataclass(frozen=True, slots=True)
class Offered:
    """What is on offer: all bills in one text, or a bill that is offered as it was stated (None of any other)."""

    said: str | None


def _with_offered(keys: QuerySet[ApiKey], question: str, *arguments: object) -> QuerySet[ApiKey, Any]:
    return keys.annotate(offered=RawSQL(question, arguments, output_field=TextField(null=True)))


_keys_with_list: KeptQuery[ApiKey] = KeptQuery(
    lambda digest: _with_offered(find_keys(digest), LIST_OF_KEY, NO_LIMIT), (str,)
)
_keys_with_bill: KeptQuery[ApiKey] = KeptQuery(
    lambda digest, external_id: _with_offered(find_keys(digest), BILL_OF_KEY, external_id), (str, str)
)


def recognise_with_list(secret: str, *, now: datetime) -> ApiKey | None:
    """As `recognise_key`, for a caller who asks what is on offer: `find_offered` tells."""
    return recognise_key(secret, keys=_keys_with_list, now=now)


def recognise_with_bill(secret: str, external_id: str, *, now: datetime) -> ApiKey | None:
    """As `recognise_key`, for a caller who asks for a bill: `find_offered` tells."""
    return recognise_key(secret, external_id, keys=_keys_with_bill, now=now)


def find_offered(key: ApiKey) -> Offered | None:
    """What was read with the key; None where nothing was asked for with it."""
    return Offered(vars(key)["offered"]) if "offered" in vars(key) else None


def read_list(shop: Shop, number: str) -> Offered:
    """What is on offer in a shop, with a number only the bills of that number."""
    arguments = (shop.number, number, NO_LIMIT) if number else (shop.number, NO_LIMIT)
    [(said,)] = fetch(LIST_OF_NUMBER if number else LIST_ALL, arguments)
    return Offered(said)


def read_bill(shop: Shop, external_id: str) -> Offered:
    """A bill of a shop."""
    return Offered(next((said for (said,) in fetch(BILL_OF_SHOP, (shop.number, external_id))), None))


def write_list_offer(shop: Shop, number: str, offered: Offered) -> bytes:
    """The LIST answer of a shop, of the bills that `read_list` or `recognise_with_list` found."""
    said = offered.said
    assert said is not None, "a list is said even where it is empty"
    written = (_write_short_list if len(said) <= LONGEST_LIST_KEPT else _write_list)(shop.zone, said)
    return written or write_json(read_list_offer(shop, number=number))


def _write_list(zone: ZoneInfo, said: str) -> bytes | None:
    """The answer; None where a value has in it what stands between them."""
    count, _, rest = said.partition(BETWEEN)
    if count == "0":
        return b"[]"
    values = rest.split(BETWEEN)
    if len(values) != int(count) * len(VALUES):
        return None
    rows = [_write_listed(zone, *row) for row in zip(*[iter(values)] * len(VALUES), strict=True)]
    return "[\n{}\n]".format(",\n".join(rows)).encode()


_write_short_list = lru_cache(LISTS_KEPT)(_write_list)


@lru_cache(ROWS_KEPT)
def _write_listed(zone: ZoneInfo, external_id: str, issued_at: str, total: str, number: str, name: str) -> str:
    moment = datetime.fromisoformat(issued_at) if issued_at else None
    return write_text(listed(zone, external_id, moment, Decimal(total), number, name))


def write_bill_offer(offered: Offered) -> tuple[bytes, bool] | None:
    """The BILL answer, and whether no register has opened the bill before; None of a bill to be told otherwise."""
    if offered.said is None:
        return None
    kind, is_unopened, text = offered.said.split(BETWEEN, 2)
    return write_json(in_order(read_statement(kind, text))), is_unopened == "true"
