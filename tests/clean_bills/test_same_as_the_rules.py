"""What is dismissed in SQL leaves the same rows behind as what the rules have judged: all of them, in all tables."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciliation import clean_bills
from reconciliation.models import Case, Discrepancy, DiscrepancyStep
from reconciliation.services import ReconcileReport, Reconciliation
from shops import bulk_writing
from shops.models import Bill, CrmWebhook, Shop, WebhookMessage
from tests.clean_bills.deviations import CLEAN, DEVIATIONS, OTHER_SHOP, Deviation, Story, make_story
from tests.logs import Log, import_log, line, make_receipt

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(year=2026, month=3, day=25, hour=12)
Rows = dict[str, list[str]]


def leave_all_to_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_none(bill_ids: Iterable[int], shop_numbers: object) -> list[clean_bills.Group]:
        bills = list(bill_ids)
        return [clean_bills.Group(None, None, len(bills), clean_bills.write_list(bills))]

    monkeypatch.setattr(clean_bills, "find_clean_bills", find_none)


def find_clean(bills: Iterable[Bill]) -> dict[int, bool]:
    """The clean ones, and whether they are paid."""
    groups = clean_bills.find_clean_bills([bill.pk for bill in bills], {bill.shop_id for bill in bills})
    return {
        pk: group.is_paid for group in groups if group.is_paid is not None for pk in clean_bills.read_list(group.bills)
    }


def judge_both_ways(now: Any = NOW) -> None:
    """Judges what waits with the lane and without it, and leaves what came of it; both times it is the same."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        leave_all_to_the_rules(monkeypatch)
        expected = _undo(lambda: judge(now))
    assert judge(now) == expected


def judge(now: Any) -> tuple[ReconcileReport, Rows]:
    report = Reconciliation(as_of=now, now=now).run()
    return report, read_all_rows()


def _undo(act: Callable[[], Any]) -> Any:
    with transaction.atomic():
        outcome = act()
        transaction.set_rollback(True)
    return outcome


# --- rows ----------------------------------------------------------------------------------------------------


def read_all_rows() -> Rows:
    """What stands in the tables of both apps; rows that judging makes are named by what they are about."""
    names = {Case: name_cases(), Discrepancy: dict[int, Any](), DiscrepancyStep: dict[int, Any]()}
    for pk, case, kind in Discrepancy.objects.values_list("pk", "case", "kind"):
        names[Discrepancy][pk] = (names[Case][case], kind)
    for number, (pk, discrepancy) in enumerate(DiscrepancyStep.objects.order_by("pk").values_list("pk", "discrepancy")):
        names[DiscrepancyStep][pk] = (names[Discrepancy][discrepancy], number)
    judged = [*apps.get_app_config("shops").get_models(), *apps.get_app_config("reconciliation").get_models()]
    return {model.__name__: sorted(_read_rows(model, names)) for model in judged}


def name_cases() -> dict[int, Any]:
    return {pk: about for pk, *about in Case.objects.values_list("pk", "bill", "receipt", "event", "shift")}


def _read_rows(model: type[models.Model], names: dict[Any, dict[int, Any]]) -> list[str]:
    rows = []
    for row in model._default_manager.values():
        for one in model._meta.concrete_fields:
            if one.related_model in names and row[one.attname] is not None:
                row[one.attname] = names[one.related_model][row[one.attname]]
        own_key = model._meta.pk.attname
        if model.__module__.startswith("reconciliation") or model is WebhookMessage:
            row.pop(own_key) if isinstance(row[own_key], int) else None
        row.pop("message_id", None)  # a random one
        rows.append(repr(sorted(row.items())))
    return rows


# --- the log -------------------------------------------------------------------------------------------------


def write_log(stories: Sequence[Story]) -> Log:
    log = Log()
    other = Log(shop=OTHER_SHOP)
    other.deliver(make_receipt("theirs", [line("tea", 1)], storeId="elsewhere"))
    for story in stories:
        story.write(log)
    return log.add(other)


def tell(*deviations: Deviation, number: int) -> Story:
    story = make_story(number)
    for deviate in deviations:
        deviate(story)
    return story


def write_everything_alone() -> Log:
    return write_log([tell(deviate, number=number) for number, deviate in enumerate(DEVIATIONS.values(), start=1)])


def find_names(bills: Any) -> set[str]:
    names = list(DEVIATIONS)
    return {names[int(external_id) - 1] for external_id in bills.values_list("external_id", flat=True)}


# --- the tests -----------------------------------------------------------------------------------------------


def test_each_deviation_alone_is_judged_as_by_the_rules() -> None:
    import_log(write_everything_alone())
    judge_both_ways()


def test_the_clean_ones_are_dismissed_and_no_other() -> None:
    import_log(write_everything_alone())
    clean = find_clean(Bill.objects.filter(shop=7))
    found = find_names(Bill.objects.filter(pk__in=clean))
    assert (found - set(CLEAN), set(CLEAN) - found) == (set(), set())
    unpaid = {pk for pk, is_paid in clean.items() if not is_paid}
    assert find_names(Bill.objects.filter(pk__in=unpaid)) == {"only listed", "stated, not opened"}


def test_judged_again_it_is_the_same() -> None:
    import_log(write_everything_alone())
    judge_both_ways()
    Bill.objects.update(unjudged_since=NOW)
    judge_both_ways(NOW + timedelta(days=2))


def test_it_does_not_matter_how_many_are_locked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_bills, "WINDOW_BILLS", 7)
    import_log(write_everything_alone())
    judge_both_ways()


def test_what_the_rules_find_is_written_as_the_orm_writes_it() -> None:
    import_log(write_everything_alone())

    def insert_by_the_orm(model: type[models.Model], objects: Iterable[models.Model]) -> None:
        model._default_manager.bulk_create(objects)

    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("insert_new", "insert_objects"):
            monkeypatch.setattr(bulk_writing, name, insert_by_the_orm)
        expected = _undo(lambda: judge(NOW))
    assert judge(NOW) == expected


def test_a_shop_that_is_told_of_payments_is_told_of_all() -> None:
    import_log(write_everything_alone())
    CrmWebhook.objects.create(shop_id=7, url="https://crm.example/", secret="whsec_c2VjcmV0", active=True)
    judge_both_ways()
    assert WebhookMessage.objects.filter(event_type="bill.paid").count() > 1


def test_the_limit_of_a_late_receipt_is_the_shops() -> None:
    import_log(write_log([tell(number=1)]))
    Shop.objects.filter(pk=7).update(late_receipt_after=timedelta(seconds=1))
    judge_both_ways()
    assert Discrepancy.objects.get(shop=7).kind == "late_receipt"


def test_a_receipt_that_a_person_has_given_to_another_bill_is_left_to_the_rules() -> None:
    import_log(write_log([tell(number=1), tell(number=2)]))
    Bill.objects.get(external_id="1").receipts.update(is_allocated=True)
    judge_both_ways()


def test_what_comes_later_is_judged_as_by_the_rules() -> None:
    names = list(DEVIATIONS)
    import_log(write_log([tell(DEVIATIONS["no receipt"], number=number + 1) for number in range(len(names))]))
    judge_both_ways()
    log = Log()
    for number, name in enumerate(names, start=1):
        story = tell(DEVIATIONS[name], number=number)
        story.is_opened = False
        story.write(log)
    import_log(log)
    judge_both_ways(NOW + timedelta(hours=1))


# In this order, for what takes all lines away leaves nothing to be changed. Chosen by name, they need no shrinking.
together = st.lists(st.sampled_from(list(DEVIATIONS)), max_size=3, unique=True).map(
    lambda names: sorted(names, key=lambda name: name == "nothing on it")
)


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(together, min_size=4, max_size=12))
def test_deviations_together_are_judged_as_by_the_rules(chosen: list[list[str]]) -> None:
    stories = [
        tell(*(DEVIATIONS[name] for name in names), number=number) for number, names in enumerate(chosen, start=1)
    ]

    def run() -> None:
        import_log(write_log(stories))
        judge_both_ways()

    _undo(run)
