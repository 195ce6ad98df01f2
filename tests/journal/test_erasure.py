"""After an erasure the name is nowhere in the database, nothing else is another, and the books are proved still."""

import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError
from django.db import models
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from reconciliation import erasing
from reconciliation.models import Discrepancy, DiscrepancyStep, SavedView
from shops.erasing import ErasureRefused, Found, Wanted, check_names, hash_name
from shops.models import (
    Bill,
    BillVersion,
    ErasedEntry,
    Erasure,
    ExchangeBody,
    ExchangeEvent,
    Forward,
    Shop,
    UnassignedMessage,
    WebhookMessage,
)
from shops.wire_erasure import Eraser
from tests.factories import make_accountant, make_fragment
from tests.logs import DAY, Log, export_log, import_log, line, make_bill, make_listed, make_receipt, reconcile, run

NAME, OTHER = "Аркадий Вымышленный", "Полина Вымышленная"
LATER = datetime(2026, 3, 28, tzinfo=UTC)
AS_OF = "--as-of=2026-03-25T12:00:00+03:00"
TEA = [line("tea", 100, 2), line("cup", 300)]


def write_log(name: str = NAME, other: str = OTHER) -> Log:
    """Two customers: one pays in part, and one of the receipts names another customer than its bill."""
    log = Log(now=DAY.replace(hour=10))
    first = make_bill("501", TEA, customer=name)
    second = make_bill("502", [line("engraved", 40)], customer=other)
    second["products"][0]["prodname"] = f"чашка для {name}"
    sold = make_receipt("r-2", [line("engraved", 40)], second | {"customer": first["customer"]})
    sold["items"][0]["name"] = f"чашка для {name}"
    log.ask_list(make_listed(first), make_listed(second))
    log.ask_bill(first)
    log.ask_bill(second)
    log.deliver(make_receipt("r-1", [line("tea", 100, 2)], first))
    log.deliver(sold)
    log.deliver(make_receipt("r-3", [line("pot", 40)], first | {"id": 999}))
    log.say("LIST", "Запрос", f'{{"cut off": "{name}')
    return log


def dump(without: tuple[type[models.Model], ...] = ()) -> dict[str, dict[Any, dict[str, Any]]]:
    """Every column of every row of the database."""
    return {
        model._meta.label: {row["pk"]: row for row in model._base_manager.order_by("pk").values("pk", *_columns(model))}
        for model in apps.get_models()
        if model not in without
    }


def _columns(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def search(dumped: dict[str, dict[Any, dict[str, Any]]], name: str) -> list[str]:
    """Where a name stands, as a whole or word by word."""
    eraser = Eraser({name: "", **dict.fromkeys(name.split(), "")})
    return [
        f"{table}.{column}"
        for table, rows in dumped.items()
        for row in rows.values()
        for column, value in row.items()
        if isinstance(value, str | bytes | memoryview | dict | list) and eraser.finds(value)
    ]


def want(name: str = NAME, before: datetime = LATER, since: datetime | None = None) -> Wanted:
    return Wanted(Shop.objects.get(number=7), check_names([name]), before, since)


def erase(name: str = NAME, **how: Any) -> Erasure:
    return erasing.erase(want(name, **how), reference="№ 5 от 01.04.2026", now=LATER)


def audit() -> str:
    with override("en"):
        try:
            run("audit", AS_OF)
        except CommandError as error:
            return str(error)
    return ""


@pytest.fixture
def books(db: None) -> User:
    import_log(write_log())
    reconcile()
    person = make_accountant()
    shop, at = Shop.objects.get(number=7), datetime(2026, 3, 25, 9, tzinfo=UTC)
    event = ExchangeEvent.journal_order()[0]
    discrepancy = Discrepancy.objects.filter(case__bill__external_id="501")[0]
    DiscrepancyStep.objects.create(discrepancy=discrepancy, at=at, action="commented", comment=f"звонил {NAME}")
    SavedView.objects.create(owner=person, name=NAME, query=urlencode({"q": NAME, "shop": 7}), created_at=at)
    WebhookMessage.objects.create(
        shop=shop, message_id="m", event_type="bill.paid", body=f'{{"customer": "{NAME}"}}', created_at=at,
        retry_until=at, given_up_at=at,
    )  # fmt: skip
    Forward.objects.create(
        shop=shop, event=event, queued_at=at, next_attempt_at=at, last_answer=NAME, headers={"x": NAME}, accepted_at=at
    )
    UnassignedMessage.objects.create(
        shop=shop, assigned_at=at, kind="receipts", received_at=at, last_received_at=at, digest="d",
        query={"name": NAME}, text=f'{{"name": "{NAME}"}}',
    )  # fmt: skip
    fragment = make_fragment(event)
    type(fragment).objects.filter(pk=fragment.pk).update(text=f"не запись: {NAME}".encode())
    content_type = ContentType.objects.get_for_model(Bill)
    LogEntry.objects.create(
        action_time=at, user=person, content_type=content_type, object_id="1", object_repr=NAME, action_flag=CHANGE
    )
    return person


def test_the_name_is_nowhere_and_the_other_customer_stays(books: User) -> None:
    before = dump()
    assert len(set(search(before, NAME))) >= 15
    others = search(before, OTHER)

    erase()

    after = dump()
    assert search(after, NAME) == []
    assert search(after, OTHER) == others != []


def test_nothing_else_changes(books: User) -> None:
    ours = (Erasure, ErasedEntry)
    before, eraser = dump(ours), want().make_eraser()
    derived = {
        "shops.BillVersion": {"fingerprint"},
        "shops.Receipt": {"fingerprint"},
        "shops.ReceiptDelivery": {"fingerprint"},
        "shops.ExchangeEvent": {"size_bytes"},
        "reconciliation.CaseText": {"words"},
        "reconciliation.SavedView": {"query"},
    }
    erase()
    after = dump(ours)
    for table, rows in before.items():
        assert rows.keys() == after[table].keys()
        for pk, row in rows.items():
            for column, value in row.items():
                if column not in derived.get(table, set()):
                    assert after[table][pk][column] == eraser.erase(value), (table, column)


def test_the_books_agree_with_the_facts_still(books: User) -> None:
    before = list(Discrepancy.objects.order_by("pk").values("kind", "amount", "status"))
    assert audit() == ""
    erase()
    assert audit() == ""
    run("reconcile", "--all", AS_OF)
    assert list(Discrepancy.objects.order_by("pk").values("kind", "amount", "status")) == before
    assert "reference_mismatch" in {row["kind"] for row in before}


def test_the_audit_tells_a_text_that_was_changed_afterwards(books: User) -> None:
    erase()
    row = ExchangeBody.objects.filter(body__contains="стёрто")[0]
    ExchangeBody.objects.filter(pk=row.pk).update(body=row.body.replace("стёрто", "стерто"))
    assert "differences" in audit()


def test_an_erasure_is_recorded_without_the_name(books: User) -> None:
    digests = dict(ExchangeEvent.objects.values_list("pk", "digest"))
    erasure = erase()
    assert erasure.name_hashes == [hash_name(erasure.shop, "аркадий  ВЫМЫШЛЕННЫЙ")]
    assert erasure.entries_count == erasure.erased_entries.count() == 7
    assert erasure.changed["shops.Bill"] == 1
    assert dict(ExchangeEvent.objects.values_list("pk", "digest")) == digests
    assert all(record.digest != digests[record.event_id] for record in erasure.erased_entries.all())
    assert erasing.find_erasures(want()) == [erasure]
    assert erasing.find_erasures(want(OTHER)) == []


def test_a_preview_counts_what_is_erased_and_changes_nothing(books: User) -> None:
    before = dump()
    told = erasing.preview(want())
    assert dump() == before
    erasure = erase()
    assert told.entries == erasure.entries_count
    assert {**erasure.changed, "reconciliation.SavedView": 1} == told.rows
    assert erasing.preview(want()).is_empty


def test_the_export_gives_the_erased_text_and_both_logs_are_known(books: User) -> None:
    count = ExchangeEvent.objects.count()
    erase()
    exported = export_log()
    assert NAME not in exported.decode()
    import_log(exported)
    import_log(write_log())
    assert ExchangeEvent.objects.count() == count
    assert search(dump(), NAME) == []


def test_what_is_newer_stays_unless_it_says_the_same_again(books: User) -> None:
    """A bill that is stated again later is erased there too; a later bill of the same customer is not."""
    log = Log(now=DAY.replace(day=27, hour=10))
    log.ask_bill(make_bill("501", TEA, customer=NAME))
    log.ask_bill(make_bill("601", TEA, customer=NAME))
    import_log(log)
    run("reconcile", AS_OF)
    erase(before=datetime(2026, 3, 26, tzinfo=UTC))
    assert not Bill.objects.filter(external_id="501", customer_name=NAME).exists()
    assert Bill.objects.filter(external_id="601", customer_name=NAME).exists()
    assert audit() == ""


def test_two_spellings_of_a_customer_leave_a_version_each(db: None) -> None:
    log = Log()
    for name in (NAME, NAME.upper()):
        log.ask_bill(make_bill("501", TEA, customer=name))
    import_log(log)
    erase()
    again = Log(now=DAY.replace(hour=15))
    again.ask_bill(make_bill("501", TEA, customer=OTHER))
    import_log(again)
    assert list(BillVersion.objects.order_by("pk").values_list("sequence", flat=True)) == [1, 2, 3]
    run("reconcile", AS_OF)
    assert audit() == ""


def test_a_name_that_is_an_id_too_is_refused_whole(books: User) -> None:
    before = dump()
    with pytest.raises(ErasureRefused, match="entry|записи"):
        erase("501-CRM")
    assert dump() == before


@pytest.mark.parametrize("reference", ["", " ", f"запрос: {NAME}"])
def test_it_says_on_what_request_and_never_the_name(books: User, reference: str) -> None:
    with pytest.raises(ErasureRefused):
        erasing.erase(want(), reference=reference, now=LATER)


@pytest.mark.parametrize("names", [[], ["", "  "], ["Ян"]])
def test_a_name_that_would_be_everywhere_is_refused(names: list[str]) -> None:
    with pytest.raises(ErasureRefused):
        check_names(names)


def test_the_command_counts_erases_and_proves(books: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with override("en"):
        output, _ = run("erase_customer", "7", f"--name={NAME}", "--before=2026-03-28")
        assert "entries of the journal: 7" in output and "nothing was changed" in output
        assert Erasure.objects.count() == 0
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{NAME}\n"))
        output, _ = run("erase_customer", "7", "--before=2026-03-28", "--request=№ 5")
        assert "erased and recorded" in output
        output, _ = run("erase_customer", "7", f"--name={NAME}", "--was-erased")
        assert "№ 5" in output


def test_every_text_of_the_database_is_gone_through_or_holds_no_customer() -> None:
    """A new column of text has to be thought of: `list_places`, or the list here."""
    without = {
        "shops.Bill": {"external_id", "number"},
        "shops.Receipt": {
            *("receipt_id", "type", "payment_source", "settlement_method", "shift", "user_id", "new_content"),
            *("bill_external_id", "bill_number", "fingerprint"),
        },
        "shops.ReceiptLine": {"product_external_id", "item_type", "unit"},
        "shops.ReceiptDelivery": {"evotor_event_id", "fingerprint"},
        "shops.RegisterDocument": {"type", "number", "session_number", "session_id", "document_id", "digest"},
        "reconciliation.Attachment": {"content", "content_type", "sha256"},  # counted, for a person to look into
        "reconciliation.Discrepancy": {"kind", "status", "reason"},
        "reconciliation.HouseRule": {"kinds", "direction", "payment_source", "outcome", "reason"},
        "reconciliation.OtherPayment": {"how"},
        "reconciliation.Period": {"protocol", "digest"},
        "shops.BillLine": {"product_external_id", "tax_rate", "subject", "goods_type", "unit", "mark", "marked_item"},
        "shops.BillVersion": {"fingerprint"},
        "shops.ExchangeEvent": {
            *("kind", "direction", "digest", "bill_external_id", "bill_number", "origin", "request_id"),
        },
        "shops.JournalFragment": {"digest"},
        "shops.UnassignedMessage": {"kind", "store_id", "user_id", "digest"},
        "shops.WebhookMessage": {"message_id", "event_type", "last_fault"},
        "shops.Product": {"external_id", "unit", "tax_rate"},
        "reconciliation.Letter": {"kind", "key", "message_id", "address"},
        "reconciliation.DiscrepancyStep": {"action", "from_status", "to_status", "from_reason", "reason"},
        "reconciliation.CaseText": {"amounts"},
        "reconciliation.DaySales": {"product_external_id"},
        "reconciliation.DayTakings": {"payment_source", "type"},
        "reconciliation.DayTotals": {"time_zone"},
    }
    covered: dict[str, set[str]] = {"shops.ExchangeBody": {"body", "verbatim"}}
    empty = erasing._list_all_places(Wanted(Shop(number=1), ("abc",), LATER), Found())
    for place in empty:
        covered.setdefault(place.rows.model._meta.label, set()).update(place.columns)
    texts = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    of_ours = {model._meta.label for model in apps.get_models() if model._meta.app_label in ("shops", "reconciliation")}
    assert of_ours >= without.keys()
    for label in sorted(of_ours - HOLD_NO_CUSTOMER):
        exempt = without.get(label, set())
        fields = apps.get_model(label)._meta.concrete_fields
        held = {field.name for field in fields if isinstance(field, texts)}
        assert held == covered.get(label, set()) | exempt, label


HOLD_NO_CUSTOMER = {
    # The shop's own: its places, people, keys and addresses, and what Evotor says of them.
    *(f"shops.{name}" for name in ("Shop", "Store", "Terminal", "Employee", "Shift", "ApiKey", "EvotorAccount")),
    *(f"shops.{name}" for name in ("Upstream", "CrmWebhook", "InstallationEvent")),
    *(f"shops.{name}" for name in ("Membership", "MembershipChange", "Invitation")),
    # Amounts, digests and references, and the records of erasures themselves.
    *(f"shops.{name}" for name in ("AllocatedLine", "AllocatedPart", "RetentionRun", "Erasure", "ErasedEntry")),
    *(f"reconciliation.{name}" for name in ("Case", "CaseReceipt", "PeriodEntry", "WriteOffAccount")),
    *(f"reconciliation.{name}" for name in ("Alert", "Digest", "Subscription")),
    "reconciliation.SavedView",  # by a function of its own
}

words = st.text(st.sampled_from("абвгдежзиклмнопрстуфхцчшщэюя"), min_size=4, max_size=8).map(str.title)
names = st.tuples(words, words).map(" ".join)


class TestAnyName(TestCase):
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(name=names, other=names)
    def test_it_is_nowhere_afterwards_and_the_books_are_right(self, name: str, other: str) -> None:
        if set(name.split()) & {*other.split(), "Чашка", "Для"}:
            return
        import_log(write_log(name, other))
        reconcile()
        others = len(search(dump(), other))
        erase(name)
        dumped = dump()
        assert search(dumped, name) == []
        assert len(search(dumped, other)) == others
        assert audit() == ""
