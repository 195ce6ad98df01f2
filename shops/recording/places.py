"""Stores, terminals and employees, learned from the receipts that name them."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min

from shops.allocated import judge_payments_again
from shops.models import Employee, Receipt, Store, Terminal
from shops.recording.keys import Key
from shops.wire import ReceiptStatement


@dataclass(slots=True)
class PlaceBook:
    """Few rows, named by every receipt: what was looked up once is kept as long as the book."""

    stores: dict[str, Store] = field(default_factory=dict)
    terminals: dict[Key, Terminal] = field(default_factory=dict)
    employees: dict[Key, Employee] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)  # stores whose owner sold there before anything that is to come

    def place(self, receipt: Receipt, statement: ReceiptStatement, now: datetime) -> None:
        """Sets where the receipt was printed and by whom."""
        receipt.store = self.find_store(receipt.shop_id, statement.store_id)
        if receipt.store and receipt.store.shop_id != receipt.shop_id:
            self._give_to_first(receipt.store, receipt, now)
        receipt.terminal = self.find_terminal(receipt.shop_id, statement.terminal_id, receipt.store)
        receipt.employee = self.find_employee(receipt.shop_id, statement.employee_id)

    def find_store(self, shop_number: int, evotor_id: str) -> Store | None:
        """A store belongs to the shop that named it first."""
        if evotor_id and evotor_id not in self.stores:
            self.stores[evotor_id], _ = Store.objects.get_or_create(
                evotor_id=evotor_id, defaults={"shop_id": shop_number}
            )
        return self.stores.get(evotor_id)

    def find_terminal(self, shop_number: int, evotor_id: str, store: Store | None) -> Terminal | None:
        key = (shop_number, evotor_id)
        if evotor_id and key not in self.terminals:
            self.terminals[key], _ = Terminal.objects.get_or_create(
                shop_id=shop_number, evotor_id=evotor_id, defaults={"store": store}
            )
        return self.terminals.get(key)

    def find_employee(self, shop_number: int, evotor_id: str) -> Employee | None:
        key = (shop_number, evotor_id)
        if evotor_id and key not in self.employees:
            self.employees[key], _ = Employee.objects.get_or_create(shop_id=shop_number, evotor_id=evotor_id)
        return self.employees.get(key)

    def _give_to_first(self, store: Store, receipt: Receipt, now: datetime) -> None:
        """An older log may show that another shop named the store first: then all sold there is judged again."""
        if store.pk in self.settled:
            return
        sold_there = Receipt.objects.filter(store=store)
        first_of_owner = sold_there.filter(shop=store.shop_id).aggregate(first=Min("received_at"))["first"]
        if first_of_owner is None:
            return
        if first_of_owner <= receipt.received_at:
            self.settled.add(store.pk)
            return
        store.shop_id = receipt.shop_id
        store.save(update_fields=["shop"])
        judge_payments_again(sold_there, now=now)
