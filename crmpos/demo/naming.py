"""Names for shops, stores, cash registers and cashiers. What a person has named keeps its name.

The names are invented and belong to the data, so they are not translated.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction

from crmpos.demo.loading import HISTORY_SHOPS, SAMPLE_SHOPS
from crmpos.history.trades import TRADES
from shops.models import Employee, Shop, Store, Terminal

SAMPLE_NAMES = ("Силуэт", "Салон-сервис", "Чайная лавка")
NAMES_BY_TRADE = {
    "Одежда": "Лён и хлопок",
    "Чай и кофе": "Чайный двор",
    "Косметика": "Росинка",
    "Электроника": "Ампер",
    "Цветы": "Лепесток",
}
SHOP_NAMES = dict(
    zip(
        (*SAMPLE_SHOPS, *HISTORY_SHOPS),
        (*SAMPLE_NAMES, *(NAMES_BY_TRADE[trade.name] for trade in TRADES)),
        strict=True,
    )
)
STORE_NAMES = (
    "Садовая, 14",
    "Торговый центр «Берег»",
    "Вокзальная площадь, 3",
    "Липовая аллея, 8",
    "Торговый центр «Полюс»",
    "Новый рынок, павильон 21",
    "Речная, 2",
)
EMPLOYEE_NAMES = (
    "Алина Вересова",
    "Борис Котельный",
    "Вера Луговая",
    "Глеб Осокин",
    "Дина Перепёлкина",
    "Егор Рябинин",
    "Жанна Соловейко",
    "Игнат Тростников",
    "Кира Чернолесская",
    "Лев Шалфеев",
)


@transaction.atomic
def name_everything() -> None:
    for number, name in SHOP_NAMES.items():
        Shop.objects.filter(pk=number, name="").update(name=name)
        _name(Store.objects.filter(shop=number).order_by("evotor_id"), _begin_at(STORE_NAMES, 3 * number))
        _name(Employee.objects.filter(shop=number).order_by("evotor_id"), _begin_at(EMPLOYEE_NAMES, 3 * number))
        for store in Store.objects.filter(shop=number):
            registers = Terminal.objects.filter(store=store).order_by("evotor_id")
            _name(registers, [f"Касса {index + 1}" for index in range(len(registers))])


def _begin_at(names: tuple[str, ...], index: int) -> tuple[str, ...]:
    """Shops are not all in the same street, with the same people."""
    index %= len(names)
    return names[index:] + names[:index]


def _name(rows: Iterable[Store | Terminal | Employee], names: Sequence[str]) -> None:
    for row, name in zip(rows, names, strict=False):
        if not row.name:
            row.name = name
            row.save(update_fields=["name"])
