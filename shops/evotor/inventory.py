"""What Evotor calls the stores, terminals and employees of a shop.

Each message states the present and the next one replaces it, and no money hangs on it: only the names are kept, not
the messages. What belongs to another shop is left as it is.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from shops.models import Employee, Shop, Store, Terminal, UnassignedMessage
from shops.recording.keys import KEYS_PER_QUERY
from shops.wire_evotor import Named, read_names

Kind = UnassignedMessage.Kind
Place = TypeVar("Place", Store, Terminal, Employee)


def record_names(kind: str, shop: Shop, body: bytes) -> None:
    """Names what stands in a shop, and makes what was not known. Raises WireError; then nothing is changed."""
    named = list({item.evotor_id: item for item in read_names(body)}.values())
    for start in range(0, len(named), KEYS_PER_QUERY):
        RECORD[kind](shop, named[start : start + KEYS_PER_QUERY])


def _record_stores(shop: Shop, named: Sequence[Named]) -> None:
    stores = _make(Store, shop, named)
    for item in named:
        if (store := stores.get(item.evotor_id)) and item.name:
            store.evotor_name = item.name
    Store.objects.bulk_update(stores.values(), ["evotor_name"])


def _record_terminals(shop: Shop, named: Sequence[Named]) -> None:
    stores = _make(Store, shop, [Named(item.store_id, "") for item in named if item.store_id])
    terminals = _make(Terminal, shop, named)
    for item in named:
        if terminal := terminals.get(item.evotor_id):
            terminal.evotor_name = item.name or terminal.evotor_name
            terminal.store = stores.get(item.store_id, terminal.store)
            terminal.time_zone_offset = terminal.time_zone_offset if item.offset is None else item.offset
    Terminal.objects.bulk_update(terminals.values(), ["evotor_name", "store", "time_zone_offset"])


def _record_employees(shop: Shop, named: Sequence[Named]) -> None:
    employees = _make(Employee, shop, named)
    for item in named:
        if (employee := employees.get(item.evotor_id)) and item.name:
            employee.evotor_name = item.name
    Employee.objects.bulk_update(employees.values(), ["evotor_name"])


def _make(model: type[Place], shop: Shop, named: Iterable[Named]) -> dict[str, Place]:
    """The shop's rows by Evotor's id. A store of another shop is not made again, and not among them."""
    ids = sorted({item.evotor_id for item in named})
    model._default_manager.bulk_create(
        [model(shop=shop, evotor_id=evotor_id) for evotor_id in ids], ignore_conflicts=True
    )
    rows = model._default_manager.filter(shop=shop, evotor_id__in=ids).order_by("pk")
    return {row.evotor_id: row for row in rows}


RECORD: dict[str, Callable[[Shop, Sequence[Named]], None]] = {
    Kind.STORES: _record_stores,
    Kind.DEVICES: _record_terminals,
    Kind.EMPLOYEES: _record_employees,
}
