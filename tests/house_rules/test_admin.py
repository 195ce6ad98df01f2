"""Rules of the house in the admin: made, tried, replaced, switched, applied; by whom, and by nobody else."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from reconciliation import decisions
from reconciliation.models import Discrepancy, HouseRule, Reason, Status
from shops.models import Shop, Store
from tests.factories import make_accountant, make_person, make_shop
from tests.house_rules.rules import (
    NOW,
    handing_over,
    history,
    make_account,
    make_chief,
    put_in_force,
    rounding,
    sell_for,
)

RULES = "/admin/reconciliation/houserule/"
MOST_QUERIES = 15

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(client: Client) -> User:
    chief = make_chief()
    client.force_login(chief)
    return chief


def answers(**said: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "name": "Копейки",
        "kinds": ["price_mismatch"],
        "amount_up_to": "1,00",
        "direction": "either",
        "outcome": "resolve",
        "reason": Reason.WRITTEN_OFF.value,
    }
    if "write_off_account" not in said:
        usual["write_off_account"] = make_account().pk
    return {f"rule-{name}": value for name, value in (usual | said).items() if value is not None}


def fill_in(client: Client, address: str = f"{RULES}add/", button: str = "save", **said: Any) -> Any:
    return client.post(address, answers(**said) | {button: "1"}, follow=True)


def list_faults(page: Any) -> dict[str, list[str]]:
    return dict(page.context["form"].errors)


def list_messages(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def page_of(rule: HouseRule) -> str:
    return f"{RULES}{rule.pk}/change/"


# --- making ---


def test_a_rule_is_made_in_the_words_of_an_accountant(client: Client, chief: User) -> None:
    make_shop(40)
    page = fill_in(client, shop="40", comment="Приказ 7")
    rule = HouseRule.objects.get()
    assert list_messages(page) == ["Правило действует. То, что было открыто раньше, оно не трогает."]
    assert (rule.name, rule.shop_id, rule.kinds, str(rule.amount_up_to)) == ("Копейки", 40, ["price_mismatch"], "1.00")
    assert (rule.reason, rule.write_off_account, rule.made_by) == (Reason.WRITTEN_OFF, make_account(), chief)
    shown = page.content.decode()
    assert "Магазин 40 Shop 40 · другая цена · до 1,00" in shown
    assert "закрыть: списано на «91.02 Округление»" in shown
    assert "Магазин 40" not in client.get(RULES).content.decode()
    assert "магазин 40 Shop 40 · другая цена · до 1,00" in client.get(RULES).content.decode()
    assert LogEntry.objects.get().user == chief


def test_a_rule_hands_everything_of_a_shop_to_a_colleague(client: Client, chief: User) -> None:
    make_shop(40)
    anna = make_accountant("anna")
    fill_in(client, outcome="assign", kinds=None, amount_up_to=None, assignee=anna.pk, shop="40")
    rule = HouseRule.objects.get()
    assert (rule.outcome, rule.assignee, rule.reason, rule.write_off_account) == ("assign", anna, "", None)
    assert "любые виды" in client.get(page_of(rule)).content.decode()


@pytest.mark.parametrize(
    ("said", "field", "complaint"),
    [
        ({"name": ""}, "name", "Обязательное поле."),
        ({"kinds": None}, "kinds", "выберите один или несколько видов"),
        ({"amount_up_to": None}, "amount_up_to", "нужен предел суммы"),
        ({"amount_up_to": "0"}, "amount_up_to", "больше нуля"),
        ({"amount_up_to": "1000,01"}, "amount_up_to", "не больше, чем может один человек: 1"),
        ({"reason": None}, "reason", "Выберите причину"),
        ({"reason": "later_documents"}, "reason", "Выберите корректный вариант"),
        ({"kinds": ["unexpected_item"], "reason": "rest_will_be_paid"}, "reason", "подходит не ко всем"),
        ({"kinds": ["tax_mismatch"], "amount_up_to": None}, "reason", "подходит не ко всем"),
        ({"kinds": ["price_mismatch", "tax_mismatch"], "reason": "false_alarm"}, "kinds", "отдельное правило: "),
        ({"write_off_account": None}, "write_off_account", "Выберите счёт"),
        ({"outcome": "assign"}, "assignee", "Выберите, кому"),
        ({"outcome": "delete"}, "outcome", "Выберите корректный вариант"),
        ({"kinds": ["no such kind"]}, "kinds", "Выберите корректный вариант"),
    ],
)
def test_a_rule_that_makes_no_sense_is_not_made(
    client: Client, chief: User, said: dict[str, Any], field: str, complaint: str
) -> None:
    make_shop(40)
    faults = list_faults(fill_in(client, **said))
    assert complaint in " ".join(faults[field])
    assert not HouseRule.objects.exists()


def test_a_rule_is_for_places_of_its_own_shop(client: Client, chief: User) -> None:
    sell_for("150")
    make_shop(40)
    shop = Shop.objects.get(number=7)
    account = make_account("Скидка", shop)
    faults = list_faults(fill_in(client, shop="40", store=shop.stores.get().pk, write_off_account=account.pk))
    assert set(faults) == {"store", "write_off_account"}


def test_a_rule_obeys_the_smallest_limit_of_its_shops(client: Client, chief: User) -> None:
    make_shop(40)
    Shop.objects.filter(pk=make_shop(41).pk).update(write_off_limit=0)
    assert "amount_up_to" in list_faults(fill_in(client))
    fill_in(client, shop="40")
    assert HouseRule.objects.get().shop_id == 40


def test_whoever_may_not_write_off_makes_no_rule_that_does(client: Client, chief: User) -> None:
    chiefs = Group.objects.get(name="Chief accountants")
    chiefs.permissions.remove(*chiefs.permissions.filter(codename="write_off_discrepancy"))
    assert "У вас нет права" in " ".join(list_faults(fill_in(client))["reason"])
    fill_in(client, reason="register_error")
    assert HouseRule.objects.get().reason == Reason.REGISTER_ERROR


def test_two_rules_in_force_are_not_called_the_same(client: Client, chief: User) -> None:
    fill_in(client)
    assert "name" in list_faults(fill_in(client))
    assert HouseRule.objects.count() == 1


# --- trying before it is made ---


def test_a_rule_is_tried_before_it_is_made(client: Client, chief: User) -> None:
    anna = make_accountant("anna")
    small, same, otherwise, _large = (
        sell_for(price, bill) for price, bill in (("100.40", "1"), ("99.30", "2"), ("101", "3"), ("150", "4"))
    )
    Discrepancy.objects.update(opened_at=NOW.now(NOW.tzinfo))
    decisions.resolve(otherwise, actor=anna, reason=Reason.FALSE_ALARM, comment="", now=NOW)
    page = fill_in(client, button="preview", reason="register_error", write_off_account=None)
    decisions.resolve(same, actor=anna, reason=Reason.REGISTER_ERROR, comment="", now=NOW)
    page = fill_in(client, button="preview", reason="register_error", write_off_account=None)
    preview = page.context["preview"]
    assert not HouseRule.objects.exists()
    assert (preview["total"].count, str(preview["total"].amount)) == (3, "0.70")
    assert [(str(label), total.count) for label, total in preview["by_verdict"]] == [
        ("люди решили так же", 1),
        ("люди решили иначе", 1),
        ("пока никто не решил", 1),
    ]
    assert [row["discrepancy"] for row in preview["conflicts"]] == [otherwise]
    assert history(small) == [("opened", "", "", "open")]
    assert 'value="Копейки"' in page.content.decode(), "what was filled in stays"


# --- replacing, switching, ordering ---


def press(client: Client, rule: HouseRule, step: str) -> list[str]:
    return list_messages(client.post(f"{RULES}{rule.pk}/step/{step}/", follow=True))


def test_a_rule_is_replaced_and_the_old_one_stays_in_the_history(client: Client, chief: User) -> None:
    old, other = put_in_force(rounding(), chief), put_in_force(rounding("Другое"), chief)
    discrepancy = sell_for("100.50")
    shown = client.get(f"{RULES}{old.pk}/replace/").content.decode()
    assert 'value="Копейки"' in shown
    assert shown.count("checked") == 1
    fill_in(client, f"{RULES}{old.pk}/replace/", amount_up_to="2")
    old.refresh_from_db()
    new = HouseRule.objects.get(replaces=old)
    assert (old.is_active, new.is_active, new.position) == (False, True, old.position)
    assert new.position < other.position
    assert history(discrepancy)[-1][2] == "Копейки"
    assert discrepancy.steps.latest("pk").rule == old
    assert press(client, old, "switch-on") == ["Правило заменено другим."]
    fill_in(client, f"{RULES}{old.pk}/replace/", name="Ещё раз")
    assert HouseRule.objects.count() == 3
    assert "заменено" in client.get(RULES).content.decode()


def test_a_rule_is_switched_off_and_on(client: Client, chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    assert press(client, rule, "switch-off") == ["Правило выключено."]
    assert press(client, rule, "switch-off") == ["Правило уже выключено."]
    rule.refresh_from_db()
    assert (rule.is_active, rule.changed_by) == (False, chief)
    Shop.objects.update(write_off_limit=0)
    assert press(client, rule, "switch-on") == ["Правило действует."]
    assert press(client, rule, "switch-on") == ["Правило уже действует."]


def test_a_rule_is_switched_on_only_while_it_may_be_made(client: Client, chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    press(client, rule, "switch-off")
    Shop.objects.filter(pk=make_shop(7).pk).update(write_off_limit=0)
    assert "не больше, чем может один человек" in press(client, rule, "switch-on")[0]
    rule.refresh_from_db()
    assert not rule.is_active


def test_rules_change_places(client: Client, chief: User) -> None:
    first, second = put_in_force(rounding("Первое"), chief), put_in_force(rounding("Второе"), chief)
    assert press(client, first, "earlier") == ["Правило уже первое."]
    assert press(client, second, "earlier") != []
    assert list(HouseRule.objects.values_list("name", flat=True)) == ["Второе", "Первое"]
    press(client, second, "later")
    assert list(HouseRule.objects.values_list("name", flat=True)) == ["Первое", "Второе"]


def test_the_list_warns_of_a_rule_that_is_passed_over(client: Client, chief: User) -> None:
    anna = make_accountant("anna")
    put_in_force(handing_over(anna), chief)
    assert "Не применяется" not in client.get(RULES).content.decode()
    anna.memberships.all().delete()
    assert "Не применяется: anna больше не может" in client.get(RULES).content.decode()


# --- what is open already ---


def apply(client: Client, rule: HouseRule) -> tuple[Any, Any]:
    """The page that shows the rows, and what follows when they are confirmed."""
    asked = client.get(f"{RULES}{rule.pk}/apply/")
    keys = [row.pk for row in asked.context["rows"]]
    return asked, client.post(f"{RULES}{rule.pk}/apply/", {"discrepancy": keys}, follow=True)


def test_a_rule_is_applied_to_what_is_open_by_a_person_who_sees_the_rows(client: Client, chief: User) -> None:
    anna = make_accountant("anna")
    small, taken, large = sell_for("100.50", "1"), sell_for("100.50", "2"), sell_for("150", "3")
    decisions.take(taken, actor=anna, now=NOW)
    rule = put_in_force(rounding(), chief)
    asked, done = apply(client, rule)
    assert [row.pk for row in asked.context["rows"]] == [small.pk]
    assert list_messages(done) == ["Правило применено к 1 расхождению."]
    assert history(small)[-1] == ("resolved", "chief", "Копейки", "resolved")
    assert len(history(taken)) == 2
    assert len(history(large)) == 1
    shown = client.get(f"/admin/reconciliation/discrepancy/{small.pk}/change/").content.decode()
    assert "по правилу «Копейки»" in shown
    assert apply(client, rule)[0].context["rows"] == []


def test_what_somebody_took_after_the_rows_were_shown_is_left_alone(client: Client, chief: User) -> None:
    discrepancy = sell_for("100.50")
    rule = put_in_force(rounding(), chief)
    decisions.take(discrepancy, actor=make_accountant("anna"), now=NOW)
    done = client.post(f"{RULES}{rule.pk}/apply/", {"discrepancy": [discrepancy.pk]}, follow=True)
    assert "оставлено как есть" in list_messages(done)[0]
    assert Discrepancy.objects.get().status == Status.IN_REVIEW


def test_rows_that_the_rule_does_not_decide_are_not_applied_whatever_is_posted(client: Client, chief: User) -> None:
    large = sell_for("150")
    rule = put_in_force(rounding(), chief)
    client.post(f"{RULES}{rule.pk}/apply/", {"discrepancy": [large.pk, "x"]})
    assert history(large) == [("opened", "", "", "open")]


def test_a_rule_that_is_off_is_not_applied(client: Client, chief: User) -> None:
    discrepancy = sell_for("100.50")
    rule = put_in_force(rounding(), chief)
    press(client, rule, "switch-off")
    assert client.post(f"{RULES}{rule.pk}/apply/", {"discrepancy": [discrepancy.pk]}).status_code == 403
    assert len(history(discrepancy)) == 1


@pytest.mark.parametrize(("language", "words"), [("ru", "по правилу «Копейки»"), ("en", "by the rule “Копейки”")])
def test_the_history_names_the_rule(client: Client, chief: User, language: str, words: str) -> None:
    put_in_force(rounding(), chief)
    discrepancy = sell_for("100.50")
    page = client.get(
        f"/admin/reconciliation/discrepancy/{discrepancy.pk}/change/", headers={"Accept-Language": language}
    )
    assert words in page.content.decode()


# --- who may ---


@pytest.mark.parametrize("group", ["Accountants", "Viewers"])
def test_accountants_and_viewers_read_rules_and_change_none(client: Client, group: str) -> None:
    rule = put_in_force(rounding(), make_chief())
    discrepancy = sell_for("100.50")
    client.force_login(make_person("reader", group))
    shown = client.get(RULES).content.decode() + client.get(page_of(rule)).content.decode()
    assert "/add/" not in shown
    assert "Заменить…" not in shown
    assert "Выключить" not in shown
    assert "Применить к открытым" not in shown
    for refused in (
        fill_in(client, name="Подделка"),
        fill_in(client, button="preview"),
        fill_in(client, f"{RULES}{rule.pk}/replace/"),
        client.get(f"{RULES}{rule.pk}/replace/"),
        client.get(f"{RULES}{rule.pk}/apply/"),
        client.post(f"{RULES}{rule.pk}/apply/", {"discrepancy": [discrepancy.pk]}),
        client.post(f"{RULES}{rule.pk}/step/switch-off/"),
        client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}),
    ):
        assert refused.status_code == 403
    assert HouseRule.objects.get().is_active


def test_a_stranger_sees_no_rule(client: Client) -> None:
    rule = put_in_force(rounding(), make_chief())
    client.force_login(make_person("stranger"))
    for address in (RULES, page_of(rule), f"{RULES}{rule.pk}/apply/"):
        assert client.get(address).status_code == 403


def test_nobody_edits_or_deletes_a_rule(client: Client, chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    assert client.post(page_of(rule), answers(name="Иначе")).status_code == 403
    assert client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{RULES}{rule.pk}/step/switch-off/").status_code == 405
    assert client.post(f"{RULES}{rule.pk}/step/delete/").status_code == 403
    assert HouseRule.objects.get().name == "Копейки"


def test_changes_need_a_token(chief: User) -> None:
    rule = put_in_force(rounding(), chief)
    client = Client(enforce_csrf_checks=True)
    client.force_login(chief)
    for address in (f"{RULES}add/", f"{RULES}{rule.pk}/apply/", f"{RULES}{rule.pk}/step/switch-off/"):
        assert client.post(address).status_code == 403


# --- what it costs ---


def test_pages_cost_no_more_for_many_rows_than_for_few(client: Client, chief: User) -> None:
    anna = make_accountant("anna")
    rule = put_in_force(rounding(), chief)
    put_in_force(handing_over(anna, kinds=["tax_mismatch"]), chief)
    rule.is_active = False
    rule.save(update_fields=["is_active"])

    sell_for("100.50")
    account, store = make_account().pk, Store.objects.get().pk

    def count() -> list[int]:
        HouseRule.objects.filter(pk=rule.pk).update(is_active=True)
        Discrepancy.objects.update(opened_at=NOW.now(NOW.tzinfo))
        counts = []
        for visit in (
            lambda: client.get(RULES),
            lambda: client.get(page_of(rule)),
            lambda: client.get(f"{RULES}{rule.pk}/apply/"),
            lambda: client.get(f"{RULES}add/"),
            lambda: fill_in(client, button="preview", name="Ещё", store=store, write_off_account=account),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert visit().status_code == 200
            counts.append(len(queries))
            if len(queries) > 15:
                print(*[q["sql"][:150] for q in queries], sep="\n")
        HouseRule.objects.filter(pk=rule.pk).update(is_active=False)
        return counts

    for number in range(2):
        sell_for("100.50", str(number))
    count()  # what a process reads once, as the kinds of contents, is not of the page
    few = count()
    for number in range(2, 12):
        sell_for("100.50", str(number))
    for number in range(10):
        put_in_force(rounding(f"Правило {number}", kinds=["sum_mismatch"]), chief)
    many = count()
    assert many == few
    assert max(many) <= MOST_QUERIES, many
