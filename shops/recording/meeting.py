"""Keeps a bill and a receipt that names it from being recorded past each other.

Whoever states a bill looks for the receipts that wait for it, and whoever records a receipt looks for its bill. Neither
sees what the other has not committed yet: at the same moment both would look in vain, the receipt would never find its
bill, and the bill would be offered once more although it is paid. So, in each shop, what states bills waits for
receipts, and receipts wait for what states bills, until either is committed. Receipts do not wait for one another.

The short way (`shops.quick.receipt`) needs none of it: the bills of its receipts are there and locked, or none is
named. On SQLite whoever writes is alone.
"""

from collections.abc import Iterable

from django.db import connection

from shops.messages import Message
from shops.statements import is_postgresql

MEETING_LOCK = 7_110_051  # of PostgreSQL's advisory locks, with the number of a shop
WAIT = "SELECT pg_advisory_xact_lock(%s, %s)"
WAIT_FOR_BILLS = "SELECT pg_advisory_xact_lock_shared(%s, %s)"


def wait_for_others(messages: Iterable[tuple[int, Message]]) -> None:
    """Waits until what these messages may have to meet is committed. `messages` are with the numbers of their shops.

    Comes first in a transaction that records messages, before any row is locked; holds until its end.
    """
    if not is_postgresql():
        return
    states_bills: dict[int, bool] = {}
    for shop, message in messages:
        if message.bill or message.listed or message.receipts:
            states_bills[shop] = states_bills.get(shop, False) or bool(message.bill or message.listed)
    with connection.cursor() as cursor:
        for shop, states in sorted(states_bills.items()):
            cursor.execute(WAIT if states else WAIT_FOR_BILLS, [MEETING_LOCK, shop])
