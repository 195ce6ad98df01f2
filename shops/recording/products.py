"""The catalogue, learned from the lines of bills and receipts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from shops.models import Product
from shops.money import format_wire
from shops.recording.keys import Key, by_shop
from shops.wire import BillLine, ReceiptLine

Seen = tuple[str, str, Decimal, str, datetime]  # name, unit, price, tax rate, when

# Receipts of one shop have products in common, and to note that one was seen once more would make each receipt wait
# until that before it is on the disk. What is said anew of a product is noted at once.
SEEN_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(slots=True)
class ProductBook:
    """The products of one batch: the newest line about each counts."""

    seen_again_after: timedelta = timedelta()
    held: dict[Key, Seen] = field(default_factory=dict)
    seen: dict[Key, Seen] = field(default_factory=dict)

    def load(self, keys: Iterable[Key]) -> None:
        for shop_number, ids in by_shop(keys):
            held = Product.objects.filter(shop=shop_number, external_id__in=ids)
            rows = held.values_list("external_id", "name", "unit", "price", "tax_rate", "last_seen_at")
            self.held |= {(shop_number, row[0]): row[1:] for row in rows}

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
                if not self._is_noted((shop, external_id))
            ),
            update_conflicts=True,
            unique_fields=["shop", "external_id"],
            update_fields=["name", "unit", "price", "tax_rate", "last_seen_at"],
        )

    def _see(
        self, shop_number: int, product_id: str, name: str, unit: str, price: Decimal, tax_rate: str, at: datetime
    ) -> None:
        key = (shop_number, product_id)
        known = self.seen.get(key) or self.held.get(key)
        if product_id and (known is None or known[-1] <= at):
            self.seen[key] = (name, unit, price, tax_rate, at)

    def _is_noted(self, key: Key) -> bool:
        """Whether nothing new was said of a product that was seen a short time before."""
        (*said, at), held = self.seen[key], self.held.get(key)
        return held is not None and list(held[:-1]) == said and at - held[-1] < self.seen_again_after


def name_rate(line: ReceiptLine) -> str:
    """The VAT rate of a line that was sold, as a bill writes it."""
    return f"{format_wire(line.tax_percent)}%"
