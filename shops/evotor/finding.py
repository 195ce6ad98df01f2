"""Which shop a message of Evotor's belongs to, where the caller's token does not say it.

By the store, then by the terminal, if only one shop has it, then by the Evotor user.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shops.models import EvotorAccount, Shop, Store, Terminal
from shops.wire_evotor import Origin, read_place

STORE_HEADER, TERMINAL_HEADER, USER_HEADER = "X-Evotor-Store-Uuid", "X-Evotor-Device-UUID", "X-Evotor-User-Id"
HEADERS = (STORE_HEADER, TERMINAL_HEADER, USER_HEADER)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a message says that it comes from."""

    store_id: str = ""
    terminal_id: str = ""
    user_id: str = ""

    def or_else(self, origin: Origin) -> "Places":
        """The headers, and for what they do not say the body."""
        return Places(self.store_id or origin.store_id, self.terminal_id, self.user_id or origin.user_id)


def read_places(headers: Mapping[str, str]) -> Places:
    """What the headers of Evotor's proxy say; names are found in any case."""
    return Places(*(read_place(headers.get(name, "")) for name in HEADERS))


def pick_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that are kept with a message; never the one with the token."""
    return {name: place for name in HEADERS if (place := read_place(headers.get(name, "")))}


def find_shop(places: Places) -> Shop | None:
    """The shop that stands at one of the places, asked in their order."""
    return find_shop_of_store(places.store_id) or _of_terminal(places.terminal_id) or find_shop_of_user(places.user_id)


def find_shop_of_store(store_id: str) -> Shop | None:
    store = Store.objects.select_related("shop").filter(evotor_id=store_id).first() if store_id else None
    return store.shop if store else None


def find_shop_of_user(user_id: str) -> Shop | None:
    account = EvotorAccount.objects.select_related("shop").filter(user_id=user_id).first() if user_id else None
    return account.shop if account else None


def _of_terminal(terminal_id: str) -> Shop | None:
    """Two shops may know the same terminal, which was moved: then it says nothing."""
    if not terminal_id:
        return None
    terminals = Terminal.objects.select_related("shop").filter(evotor_id=terminal_id)[:2]
    return terminals[0].shop if len(terminals) == 1 else None
