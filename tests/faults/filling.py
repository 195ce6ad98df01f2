"""Fills the books of a shop with bills that wait, each with its receipt; some are paid in part. Used by tests."""

from tests.faults.servers import BIG_SHOP

FOUND = """
SELECT count(*), md5(string_agg(concat_ws(' ', bill.external_id, found.kind, found.amount), ',' ORDER BY bill.id))
FROM reconciliation_discrepancy found
JOIN reconciliation_case "case" ON "case".id = found.case_id JOIN shops_bill bill ON bill.id = "case".bill_id
"""

# Run with the number of bills and, where it is not every tenth, with how often one is paid in part.
FILL = f"""
import sys
from decimal import Decimal
import django
django.setup()
from django.utils import timezone
from shops.models import (
    Bill, BillLine, BillVersion, ExchangeEvent, Receipt, ReceiptDelivery, ReceiptLine, Shop,
)
paid_in_part_every = int(sys.argv[2]) if len(sys.argv) > 2 else 10
now, shop, tea, cup = timezone.now(), Shop.objects.get(number={BIG_SHOP}), Decimal(100), Decimal(50)
event = ExchangeEvent.objects.create(
    shop=shop, kind="BILL", direction="answer", occurred_at=now, position=0, digest="0" * 32
)
wares = (("tea", tea), ("cup", cup))
for begin in range(0, int(sys.argv[1]), 2000):
    numbers = range(begin, min(begin + 2000, int(sys.argv[1])))
    bills = Bill.objects.bulk_create(
        Bill(shop=shop, external_id=str(number), number=str(number), issued_at=now, total=tea + cup, version=1,
             stated_by=event, unjudged_since=now)
        for number in numbers
    )
    versions = BillVersion.objects.bulk_create(
        BillVersion(bill=bill, sequence=1, stated_by=event, total=bill.total, prepayment=0, prepayment_enabled=False,
                    fingerprint=bill.external_id)
        for bill in bills
    )
    BillLine.objects.bulk_create(
        BillLine(version=version, position=position, product_external_id=name, name=name, price=price, quantity=1)
        for version in versions for position, (name, price) in enumerate(wares)
    )
    receipts = Receipt.objects.bulk_create(
        Receipt(shop=shop, receipt_id=bill.external_id, type="SELL", printed_at=now, received_at=now, bill=bill,
                total=tea if number % paid_in_part_every == 0 else tea + cup, tax=0, discount=0, informational=False,
                bill_external_id=bill.external_id, fingerprint=bill.external_id)
        for number, bill in zip(numbers, bills, strict=True)
    )
    ReceiptLine.objects.bulk_create(
        ReceiptLine(receipt=receipt, position=position, product_external_id=name, name=name, price=price, quantity=1,
                    discount=0, total=price, tax=0, tax_percent=0)
        for receipt in receipts for position, (name, price) in enumerate(wares)
        if name == "tea" or receipt.total > tea
    )
    ReceiptDelivery.objects.bulk_create(
        ReceiptDelivery(receipt=receipt, event=event, fingerprint=receipt.fingerprint) for receipt in receipts
    )
"""
