"""What the rules find, case by case, written down as an accountant would. `tests/ledger.py` explains the form."""

import json
from decimal import Decimal

import pytest

from reconciliation.rules.kinds import KINDS, MONETARY, Kind
from tests.ledger import read_ledger

MARK = r"0104620277203124215/CCRULLHcjB4\x1d91EE10\x1d92iXJRCt9D5dTQ5GkcsHpqS1CFAmXV/TSLwg6BEFrql4M="

ONE_OF_EACH_KIND = {
    "partial receipt: the courier sells the delivery, the garments stay unpaid": """
        bill 31690
            top-m      7600 × 1
            skirt-m    7920 × 1
            skirt-s    7920 × 1
            top-s      7600 × 1
            delivery    650 × 1
        receipt R1 650 modified=yes
            delivery    650 × 1
        finds
            partial_receipt -31040.00
        """,
    "price: the till knows an older price": """
        bill 300
            tea  150 × 2
        receipt R1 270
            tea  135 × 2
        finds
            price_mismatch -30.00
        """,
    "discount: the cashier gives 10 % on a line": """
        bill 300
            tea  150 × 2
        receipt R1 270 discount=30
            tea  150 × 2  discount=30
        finds
            discount_mismatch -30.00
        """,
    "quantity: three are sold where two were billed": """
        bill 300
            tea  150 × 2
        receipt R1 450
            tea  150 × 3
        finds
            quantity_mismatch 150.00
        """,
    "unexpected item: a bag is sold along": """
        bill 300
            tea  150 × 2
        receipt R1 310
            tea  150 × 2
            bag   10 × 1
        finds
            unexpected_item 10.00
        """,
    "duplicate: the bill stayed on the list and is paid twice": """
        bill 300
            tea  150 × 2
        receipt R1 300
            tea  150 × 2
        receipt R2 300
            tea  150 × 2
        finds
            duplicate_receipt 300.00
        """,
    "refund: the goods come back, the bill stays": """
        bill 500
            tea  150 × 2
            cup  200 × 1
        receipt R1 500
            tea  150 × 2
            cup  200 × 1
        payback R2 200
            cup  200 × 1
        finds
            refund -200.00
        """,
    "bill total: the bill asks for less than its lines": """
        bill 290
            tea  150 × 2
        receipt R1 300
            tea  150 × 2
        finds
            bill_total_mismatch 10.00
        """,
    "receipt total: the receipt took less than its lines": """
        bill 300
            tea  150 × 2
        receipt R1 280
            tea  150 × 2
        finds
            receipt_total_mismatch -20.00
        """,
    "unknown bill: nobody has seen the bill that the receipt names": """
        receipt R1 300 bill=777
            tea  150 × 2
        finds
            unknown_bill 300.00
        """,
    "no bill: a sale over the counter": """
        receipt R1 300
            tea  150 × 2
        finds
            no_bill 300.00
        """,
    "sum: contents unknown, and another sum was received": """
        bill 300
        receipt R1 299.90
            tea  149.95 × 2
        finds
            sum_mismatch -0.10
        """,
    "list total: LIST and BILL disagree": """
        bill 300 listed=330
            tea  150 × 2
        finds
            list_total_mismatch
        """,
    "tax: another rate": """
        bill 300
            tea  150 × 2  rate=10%
        receipt R1 300
            tea  150 × 2  rate=22%
        finds
            tax_mismatch
        """,
    "tax: the right rate, and a kopeck too little": """
        bill 650
            delivery  650 × 1  rate=5%
        receipt R1 650
            delivery  650 × 1  rate=5% tax=30.94
        finds
            tax_mismatch
        """,
    "reference: the receipt's number is another bill's": """
        bill 300 number=56770
            tea  150 × 2
        receipt R1 300 number=56771
            tea  150 × 2
        finds
            reference_mismatch
        """,
    "wrong store: the store is another shop's": """
        bill 300
            tea  150 × 2
        receipt R1 300 store_of_shop=171
            tea  150 × 2
        finds
            wrong_store
        """,
    "not fiscal: the receipt is for information, and no money came": """
        bill 300
            tea  150 × 2
        receipt R1 300 informational=yes
            tea  150 × 2
        finds
            not_fiscal
        """,
    "opened, not paid: a day has passed since the register opened the bill": """
        bill 300 opened=09:00
            tea  150 × 2
        judged 33:01
        finds
            opened_not_paid
        """,
    "listed after the receipt: it could be paid twice": """
        bill 300 listed=300 listed_at=10:03
            tea  150 × 2
        receipt R1 300 answered=10:02
            tea  150 × 2
        finds
            listed_after_receipt
        """,
    "late receipt: it came more than an hour after it was printed": """
        bill 300
            tea  150 × 2
        receipt R1 300 printed=10:00 received=11:01
            tea  150 × 2
        finds
            late_receipt
        """,
    "invalid mark: the check digit is wrong": rf"""
        bill 300
            top  300 × 1  mark={MARK.replace("3124", "3125")}
        finds
            invalid_mark
        """,
    "invalid mark: the same item stands on another paid bill": rf"""
        bill 300
            top  300 × 1  mark={MARK} also_on_bill=48
        finds
            invalid_mark
        """,
    "conflicting receipt: delivered again with other contents": """
        bill 300
            tea  150 × 2
        receipt R1 300 other_contents=1
            tea  150 × 2
        finds
            conflicting_receipt
        """,
    "unanswered: a BILL request got no answer": """
        bill 300 unanswered=10:00
            tea  150 × 2
        finds
            unanswered
        """,
    "unreadable: a cut-off message": """
        message RECEIPT at=10:00 answered=yes fault=truncated
        finds
            unreadable
        """,
}

CLEAN = {
    "a receipt copies its bill": """
        bill 500 number=7 customer=Ilina opened=09:00 listed=500 listed_at=10:00
            tea  150 × 2  rate=10%
            cup  200 × 1  rate=22%
        receipt R1 500 number=7 customer=ILINA
            cup  200 × 1  rate=22%
            tea  150 × 2  rate=10%
        finds
            nothing
        """,
    "a bill that nobody has opened": """
        bill 300
            tea  150 × 2
        finds
            nothing
        """,
    "a day has not passed yet": """
        bill 300 opened=09:00
            tea  150 × 2
        judged 33:00
        finds
            nothing
        """,
    "an hour is not late": """
        bill 300
            tea  150 × 2
        receipt R1 300 printed=10:00 received=11:00
            tea  150 × 2
        finds
            nothing
        """,
    "an answer may still come": """
        message LIST at=11:59:30
        finds
            nothing
        """,
    "split payment, line by line": """
        bill 500
            tea  150 × 2
            cup  200 × 1
        receipt R1 300
            tea  150 × 2
        receipt R2 200
            cup  200 × 1
        finds
            nothing
        """,
    "split payment, one quantity in two": """
        bill 500
            tea  150 × 2
            cup  200 × 1
        receipt R1 350
            tea  150 × 1
            cup  200 × 1
        receipt R2 150
            tea  150 × 1
        finds
            nothing
        """,
    "weight goods": """
        bill 152.34
            cheese  123.45 × 1.234
        receipt R1 152.34
            cheese  123.45 × 1.234
        finds
            nothing
        """,
    "the same product twice, at two prices": """
        bill 180
            tea  100 × 1
            tea   80 × 1
        receipt R1 180
            tea   80 × 1
            tea  100 × 1
        finds
            nothing
        """,
    "a line without an id is known by its name": """
        bill 300
            "Green  Tea"  150 × 2
        receipt R1 300
            "green tea"   150 × 2
        finds
            nothing
        """,
    "the CRM gives no id, the register gives its own": """
        bill 300
            "tea"  150 × 2
        receipt R1 300
            tea    150 × 2
        finds
            nothing
        """,
    "the bill's price is the register's price less its discount": """
        bill 270
            tea  135 × 2
        receipt R1 270 discount=30
            tea  150 × 2  discount=30
        finds
            nothing
        """,
    "5 % of 650 is 30.95, of 372 it is 17.71": """
        bill 1022
            delivery  650 × 1  rate=5%
            tea       372 × 1  rate=5%
        receipt R1 1022
            delivery  650 × 1  rate=5% tax=30.95
            tea       372 × 1  rate=5% tax=17.71
        finds
            nothing
        """,
    "the calculated rate 10/110 is 10 %": """
        bill 110
            advance  110 × 1  rate=10/110
        receipt R1 110
            advance  110 × 1  rate=10% tax=10.00
        finds
            nothing
        """,
    "VAT of exactly half a kopeck is rounded up: 0.15 × 20 / 120 = 0.025": """
        bill 0.15
            match  0.15 × 1  rate=20%
        receipt R1 0.15
            match  0.15 × 1  rate=20% tax=0.03
        finds
            nothing
        """,
    "a prepaid bill: the receipt is over the rest of the lines": """
        bill 1000 prepayment=300
            tea  700 × 1
            cup  300 × 1
        receipt R1 700
            tea  700 × 1
        finds
            nothing
        """,
    "a prepaid bill: the receipt has all lines and deducts the prepayment": """
        bill 1000 prepayment=300
            tea  700 × 1
            cup  300 × 1
        receipt R1 700
            tea  700 × 1
            cup  300 × 1
        finds
            nothing
        """,
    "an advance, set off by the settlement that shows it once more": """
        bill 1000
            tea  700 × 1
            cup  300 × 1
        receipt R1 300 method=AdvancePayment
            advance  300 × 1
        receipt R2 1000 method=FullSettlement
            tea  700 × 1
            cup  300 × 1
        finds
            nothing
        """,
    "an advance, and a settlement of the rest": """
        bill 1000
            tea  700 × 1
            cup  300 × 1
        receipt R1 300 method=PartialPrepayment
            advance  300 × 1
        receipt R2 700 method=FullSettlement
            tea  700 × 1
            cup  300 × 1
        finds
            nothing
        """,
    "paid in full beforehand, settled when it is handed over": """
        bill 300
            tea  150 × 2
        receipt R1 300 method=FullPrepayment
            tea  150 × 2
        receipt R2 300 method=FullSettlement
            tea  150 × 2
        finds
            nothing
        """,
    "handed over on credit: no money came yet": """
        bill 300
            tea  150 × 2
        receipt R1 300 method=Lend
            tea  150 × 2
        finds
            sum_mismatch  -300
        """,
    "the credit is paid": """
        bill 300
            tea  150 × 2
        receipt R1 300 method=Lend
            tea  150 × 2
        receipt R2 300 method=LoanPayment
            tea  150 × 2
        finds
            nothing
        """,
    "a duplicate is given back": """
        bill 300
            tea  150 × 2
        receipt R1 300
            tea  150 × 2
        receipt R2 300
            tea  150 × 2
        payback R3 300
            tea  150 × 2
        finds
            nothing
        """,
    "a duplicate with a gift is given back, and the gift stays": """
        bill 300
            tea   150 × 2
            gift    0 × 1
        receipt R1 300
            tea   150 × 2
            gift    0 × 1
        receipt R2 300
            tea   150 × 2
            gift    0 × 1
        payback R3 300
            tea   150 × 2
        finds
            nothing
        """,
    "a refund, and the bill changed to match": """
        bill 300
            tea  150 × 2
        receipt R1 500
            tea  150 × 2
            cup  200 × 1
        payback R2 200
            cup  200 × 1
        finds
            nothing
        """,
    "given back and sold anew": """
        bill 300
            tea  150 × 2
        receipt R1 300
            tea  150 × 2
        payback R2 300
            tea  150 × 2
        receipt R3 300
            tea  150 × 2
        finds
            nothing
        """,
    "contents unknown, the total is received": """
        bill 3859.01
        receipt R1 3859.01
            serum    927.23 × 2
            peptide 2004.55 × 1
        finds
            nothing
        """,
    "a partly paid bill is listed with what remains": """
        bill 500 listed=200 listed_at=10:30
            tea  150 × 2
            cup  200 × 1
        receipt R1 300
            tea  150 × 2
        finds
            partial_receipt -200.00
        """,
    "a purchase from the customer is no sale": """
        purchase R1 300
            old-cup  300 × 1
        finds
            nothing
        """,
}

SEVERAL_CAUSES = {
    "a price, a discount, an unexpected item and an unpaid line on one bill": """
        bill 1000
            tea   150 × 2
            cup   200 × 1
            pot   500 × 1
        receipt R1 525 discount=20
            tea   160 × 2
            cup   200 × 1  discount=20
            bag    25 × 1
        finds
            partial_receipt   -500.00
            price_mismatch      20.00
            discount_mismatch  -20.00
            unexpected_item     25.00
        """,
    "one line: another price, more of it, and a discount": """
        bill 100
            tea  100 × 1
        receipt R1 210 discount=30
            tea  120 × 2  discount=30
        finds
            price_mismatch     40.00
            discount_mismatch -30.00
            quantity_mismatch 100.00
        """,
    "a split payment with a line sold in both": """
        bill 500
            tea  300 × 1
            cup  200 × 1
        receipt R1 300
            tea  300 × 1
        receipt R2 500
            tea  300 × 1
            cup  200 × 1
        finds
            quantity_mismatch 300.00
        """,
    "a receipt with an unexpected item is repeated": """
        bill 300
            tea  150 × 2
        receipt R1 310
            tea  150 × 2
            bag   10 × 1
        receipt R2 310
            tea  150 × 2
            bag   10 × 1
        finds
            unexpected_item    10.00
            duplicate_receipt 310.00
        """,
    "a partial receipt is repeated, the rest stays unpaid": """
        bill 500
            tea  150 × 2
            cup  200 × 1
        receipt R1 300
            tea  150 × 2
        receipt R2 300
            tea  150 × 2
        finds
            partial_receipt   -200.00
            duplicate_receipt  300.00
        """,
    "a duplicate, of which a part is given back": """
        bill 500
            tea  300 × 1
            cup  200 × 1
        receipt R1 500
            tea  300 × 1
            cup  200 × 1
        receipt R2 500
            tea  300 × 1
            cup  200 × 1
        payback R3 200
            cup  200 × 1
        finds
            duplicate_receipt 500.00
            refund           -200.00
        """,
    "a duplicate of a prepaid bill is given back, and the rest of the lines is unpaid": """
        bill 1000 prepayment=300
            tea  700 × 1
            cup  200 × 1
            pot  100 × 1
        receipt R1 600
            tea  700 × 1
            cup  200 × 1
        receipt R2 600
            tea  700 × 1
            cup  200 × 1
        payback R3 600
            tea  700 × 1
            cup  200 × 1
        finds
            partial_receipt -100.00
        """,
    "sold dearer, then given back in full": """
        bill 100
            tea  100 × 1
        receipt R1 120
            tea  120 × 1
        payback R2 120
            tea  120 × 1
        finds
            price_mismatch   20.00
            refund         -120.00
        """,
    "weight goods: less is weighed, at another price": """
        bill 152.34
            cheese  123.45 × 1.234
        receipt R1 130.00
            cheese  130.00 × 1
        finds
            partial_receipt -28.89
            price_mismatch    6.55
        """,
    "weight goods: more is weighed, and the rounding is part of it": """
        bill 5.01
            cheese  10.01 × 0.5
        receipt R1 10.01
            cheese  10.01 × 1
        finds
            quantity_mismatch 5.00
        """,
    "the same product twice, sold as one line: a kopeck of rounding remains": """
        bill 20.03
            cheese  10.01 × 0.5
            cheese  10.01 × 1.5
        receipt R1 20.02
            cheese  10.01 × 2
        finds
            sum_mismatch -0.01
        """,
    "of two lines of a product, the one of the nearer price was sold": """
        bill 180
            tea  100 × 1
            tea   80 × 1
        receipt R1 95
            tea   95 × 1
        finds
            partial_receipt -80.00
            price_mismatch   -5.00
        """,
    "a prepaid bill, of which less was paid than the rest": """
        bill 1000 prepayment=300
            tea  500 × 1
            cup  500 × 1
        receipt R1 500
            tea  500 × 1
        finds
            partial_receipt -200.00
        """,
    "a prepaid bill, paid in full once more": """
        bill 1000 prepayment=300
            tea  500 × 1
            cup  500 × 1
        receipt R1 1000
            tea  500 × 1
            cup  500 × 1
        finds
            sum_mismatch 300.00
        """,
    "an advance alone": """
        bill 1000
            tea  1000 × 1
        receipt R1 300 method=AdvancePayment
            advance  300 × 1
        finds
            partial_receipt -700.00
        """,
    "an advance, and a settlement at another price": """
        bill 1000
            tea  1000 × 1
        receipt R1 300 method=AdvancePayment
            advance  300 × 1
        receipt R2 950 method=FullSettlement
            tea  950 × 1
        finds
            price_mismatch -50.00
        """,
    "a discount on the receipt as a whole": """
        bill 300
            tea  150 × 2
        receipt R1 270 discount=30
            tea  150 × 2
        finds
            discount_mismatch -30.00
        """,
    "a discount on the whole that only the sums of the lines show": """
        bill 500
            tea  150 × 2
            cup  200 × 1
        receipt R1 450 discount=50
            tea  150 × 2  = 270
            cup  200 × 1  = 180
        finds
            discount_mismatch -50.00
        """,
    "a line's discount that only the receipt's total shows": """
        bill 300
            tea  150 × 2
        receipt R1 270 discount=30
            tea  150 × 2  discount=30 = 300
        finds
            discount_mismatch -30.00
        """,
    "a line whose sum is not its price times its quantity": """
        bill 300
            tea  150 × 2
        receipt R1 290
            tea  150 × 2  = 290
        finds
            sum_mismatch -10.00
        """,
    "neither the bill nor the receipt adds up": """
        bill 290
            tea  150 × 2
        receipt R1 280
            tea  150 × 2
        finds
            bill_total_mismatch     10.00
            receipt_total_mismatch -20.00
        """,
    "a bill whose lines do not add up is wrong before it is paid": """
        bill 290
            tea  150 × 2
        finds
            bill_total_mismatch 10.00
        """,
    "another product of the same name is another product": """
        bill 300
            tea    300 × 1
        receipt R1 300
            tea-2  300 × 1
        finds
            partial_receipt -300.00
            unexpected_item  300.00
        """,
    "for information first, then in earnest": """
        bill 300
            tea  150 × 2
        receipt R1 300 informational=yes
            tea  150 × 2
        receipt R2 270
            tea  135 × 2
        finds
            price_mismatch -30.00
            not_fiscal
        """,
    "contents unknown: short": """
        bill 300
        receipt R1 150
            tea  150 × 1
        finds
            sum_mismatch -150.00
        """,
    "contents unknown: paid twice": """
        bill 300
        receipt R1 300
            tea  150 × 2
        receipt R2 300
            tea  150 × 2
        finds
            duplicate_receipt 300.00
        """,
    "contents unknown: given back": """
        bill 300
        receipt R1 300
            tea  150 × 2
        payback R2 300
            tea  150 × 2
        finds
            refund -300.00
        """,
    "contents unknown: the receipt's lines do not add up": """
        bill 280
        receipt R1 270
            tea  140 × 2
        finds
            receipt_total_mismatch -10.00
        """,
    "a refund of a sale without a bill": """
        payback R1 300
            tea  150 × 2
        finds
            no_bill -300.00
        """,
    "the number on a receipt without a bill is some bill's": """
        receipt R1 300 bill=777 number=56770 number_of=12
            tea  150 × 2
        finds
            unknown_bill 300.00
            reference_mismatch
        """,
    "paid in full by an overcharge, and still on the list": """
        bill 300 listed=300 listed_at=10:05
            tea  150 × 2
        receipt R1 310
            tea  155 × 2
        finds
            price_mismatch 10.00
            listed_after_receipt
        """,
    "differences that cancel out are still differences": """
        bill 300
            tea  100 × 1
            cup  200 × 1
        receipt R1 300
            tea  110 × 1
            cup  190 × 1
        finds
            price_mismatch 0.00
        """,
    "everything is sold, then something more by mistake, which is given back": """
        bill 300
            tea  150 × 2
        receipt R1 350
            tea  150 × 2
            bag   50 × 1
        payback R2 50
            bag   50 × 1
        finds
            nothing
        """,
}

EXAMPLES = ONE_OF_EACH_KIND | CLEAN | SEVERAL_CAUSES


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_worked_example(title: str) -> None:
    ledger = read_ledger(EXAMPLES[title])
    assert ledger.found == ledger.expected


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_causes_of_the_worked_example_add_up_to_its_gap(title: str) -> None:
    judgement = read_ledger(EXAMPLES[title]).judgement
    amounts = [finding.amount for finding in judgement.findings if finding.amount is not None]
    if judgement.gap is not None:
        assert sum(amounts, Decimal(0)) == judgement.gap
    assert json.dumps([finding.evidence for finding in judgement.findings])  # what is stored with it


def test_every_kind_has_a_worked_example_in_which_it_stands_alone() -> None:
    alone = {kind for text in ONE_OF_EACH_KIND.values() for kind in read_ledger(text).expected}
    # A shift has neither a bill nor lines: tests/shifts tries it.
    assert alone == {kind.value for kind in KINDS} - {Kind.SHIFT_MISMATCH.value}
    assert all(len(read_ledger(text).expected) == 1 for text in ONE_OF_EACH_KIND.values())


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_kind_of_the_money_has_an_amount_and_no_other(title: str) -> None:
    for kind, amount in read_ledger(EXAMPLES[title]).expected.items():
        assert (amount is not None) == (kind in {monetary.value for monetary in MONETARY})
