"""The catalogue, learned from the lines of bills and receipts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from shops.models import Product
from shops.money import format_wire
from shops.recording.keys import Key, by_shop
from shops.wire import BillLine, ReceiptLine

Seen = tuple[str, str, Decimal, str, datetime]  # name, unit, price, tax rate, when


@dataclass(slots=True)
class ProductBook:
    """The products of one batch: the newest line about each counts."""

    last_seen: dict[Key, datetime] = field(default_factory=dict)
    seen: dict[Key, Seen] = field(default_factory=dict)

    def load(self, keys: Iterable[Key]) -> None:
        for shop_number, ids in by_shop(keys):
            held = Product.objects.filter(shop=shop_number, external_id__in=ids)
            self.last_seen |= {(shop_number, id): at for id, at in held.values_list("external_id", "last_seen_at")}

    def see_billed(self, shop_number: int, line: BillLine, at: datetime) -> None:
        self._see(shop_number, line.product_id, line.name, line.unit, line.price, line.tax_rate, at)

    def see_sold(self, shop_number: int, line: ReceiptLine, at: datetime) -> None:
        self._see(shop_number, line.product_id, line.name, line.unit, line.price, name_rate(line), at)

    def write(self) -> None:
        Product.objects.bulk_create(
            (
                Product(
                    shop_id=shop,
                    external_id=external_id,
                    name=name,
                    unit=unit,
                    price=price,
                    tax_rate=tax_rate,
                    last_seen_at=at,
                )
                for (shop, external_id), (name, unit, price, tax_rate, at) in sorted(self.seen.items())
            ),
            update_conflicts=True,
            unique_fields=["shop", "external_id"],
            update_fields=["name", "unit", "price", "tax_rate", "last_seen_at"],
        )

    def _see(
        self, shop_number: int, product_id: str, name: str, unit: str, price: Decimal, tax_rate: str, at: datetime
    ) -> None:
        key = (shop_number, product_id)
        last_seen = self.last_seen.get(key)
        if not product_id or (last_seen is not None and last_seen > at):
            return
        self.last_seen[key] = at
        self.seen[key] = (name, unit, price, tax_rate, at)


def name_rate(line: ReceiptLine) -> str:
    """The VAT rate of a line that was sold, as a bill writes it."""
    return f"{format_wire(line.tax_percent)}%"
