"""What the invented shops sell, and to whom. Pure: words and prices only."""

from dataclasses import dataclass
from decimal import Decimal

PIECE, KILOGRAM = "Штука", "кг"
NORMAL, SERVICE = "NORMAL", "SERVICE"
LIGHT_INDUSTRY, PERFUME = "LIGHT_INDUSTRY_MARKED", "PERFUME_MARKED"


@dataclass(frozen=True, slots=True)
class Goods:
    """A kind of goods; every variant becomes a product with its own price between the two (in roubles)."""

    name: str
    lowest_price: int
    highest_price: int
    variants: tuple[str, ...] = ("",)
    goods_type: str = NORMAL
    unit: str = PIECE
    most_pieces: int = 1  # bought at once

    @property
    def by_weight(self) -> bool:
        return self.unit == KILOGRAM


@dataclass(frozen=True, slots=True)
class Trade:
    """A branch of trade with its habits."""

    name: str
    goods: tuple[Goods, ...]
    tax_rate: str  # as the CRM writes it
    tax_percent: Decimal
    opens_hour: int
    closes_hour: int
    most_lines: int
    delivery_percent: int  # of the bills
    kopeck_prices: bool = False
    share: int = 10  # of the bills, against the other shops


GARMENT_VARIANTS = tuple(
    f". Размер {size}, Цвет {colour}." for size in ("S", "M", "L") for colour in ("Синий", "Бежевый", "Чёрный")
)

CLOTHES = Trade(
    name="Одежда",
    goods=(
        Goods("Платье-рубашка льняное", 6900, 9900, GARMENT_VARIANTS, LIGHT_INDUSTRY),
        Goods("Брюки прямые со стрелками", 5400, 7900, GARMENT_VARIANTS, LIGHT_INDUSTRY),
        Goods("Жакет двубортный", 9800, 14900, GARMENT_VARIANTS, LIGHT_INDUSTRY),
        Goods("Джемпер из хлопка", 4200, 6200, GARMENT_VARIANTS, LIGHT_INDUSTRY),
        Goods("Шарф шерстяной", 1900, 3200, (" серый", " в клетку")),
        Goods("Подарочная упаковка", 250, 250, most_pieces=3),
    ),
    tax_rate="5%",
    tax_percent=Decimal(5),
    opens_hour=10,
    closes_hour=21,
    most_lines=5,
    delivery_percent=35,
    share=8,
)

TEA = Trade(
    name="Чай и кофе",
    goods=(
        Goods("Зелёный чай «Лун Цзин»", 290, 480, (", 50 грамм", ", 100 грамм"), most_pieces=3),
        Goods("Улун «Те Гуань Инь»", 350, 620, (", 50 грамм", ", 100 грамм"), most_pieces=3),
        Goods("Пуэр шу, блин 357 г", 1400, 3900, ("", " (выдержка 5 лет)"), most_pieces=2),
        Goods("Чай чёрный «Ассам» | весовой", 2100, 3400, unit=KILOGRAM),
        Goods("Травяной сбор «Луговой» весовой", 1300, 1900, unit=KILOGRAM),
        Goods("Кофе в зёрнах, весовой", 1800, 3600, (" (Бразилия)", " (Эфиопия)"), unit=KILOGRAM),
        Goods("Чашка фарфоровая 120 мл", 450, 890, most_pieces=6),
    ),
    tax_rate="5%",
    tax_percent=Decimal(5),
    opens_hour=9,
    closes_hour=21,
    most_lines=5,
    delivery_percent=15,
    kopeck_prices=True,
    share=13,
)

COSMETICS = Trade(
    name="Косметика",
    goods=(
        Goods("Сыворотка с витамином C / Vitamin C Serum - 30 мл", 1300, 2600, most_pieces=2),
        Goods("Крем для лица увлажняющий", 780, 1900, (" - 50 мл", " - 100 мл"), most_pieces=2),
        Goods("Тонер для чувствительной кожи \\ Soft Toner", 640, 1250, most_pieces=2),
        Goods('Маска тканевая "Aloe 98%"', 90, 180, most_pieces=10),
        Goods("Туалетная вода", 2900, 6400, (" «Утро» 50 мл", " «Вечер» 50 мл"), PERFUME),
    ),
    tax_rate="Без НДС",
    tax_percent=Decimal(0),
    opens_hour=10,
    closes_hour=22,
    most_lines=6,
    delivery_percent=25,
    kopeck_prices=True,
)

ELECTRONICS = Trade(
    name="Электроника",
    goods=(
        Goods("Наушники беспроводные", 2990, 12990, (" белые", " чёрные")),
        Goods("Кабель USB-C/USB-C 2 м", 590, 1490, most_pieces=4),
        Goods("Смартфон 8/256 ГБ", 18990, 54990, (" графит", " лаванда")),
        Goods('Монитор 27"', 15990, 32990),
        Goods("Сетевой фильтр, 5 розеток", 890, 1690, most_pieces=3),
        Goods("Настройка и перенос данных", 1500, 1500, goods_type=SERVICE),
    ),
    tax_rate="22%",
    tax_percent=Decimal(22),
    opens_hour=10,
    closes_hour=21,
    most_lines=3,
    delivery_percent=20,
    share=7,
)

FLOWERS = Trade(
    name="Цветы",
    goods=(
        Goods("Роза 60 см", 120, 210, (" красная", " белая", " кремовая"), most_pieces=25),
        Goods("Тюльпан", 70, 120, most_pieces=51),
        Goods("Хризантема кустовая", 190, 320, most_pieces=9),
        Goods("Букет «Полевой»", 2300, 4900),
        Goods("Упаковка крафт", 150, 150),
        Goods("Открытка", 80, 80, most_pieces=2),
    ),
    tax_rate="Без НДС",
    tax_percent=Decimal(0),
    opens_hour=8,
    closes_hour=22,
    most_lines=4,
    delivery_percent=45,
    share=12,
)

TRADES = (CLOTHES, TEA, COSMETICS, ELECTRONICS, FLOWERS)

DELIVERY_NAME, DELIVERY_UNIT, DELIVERY_SUBJECT = "Доставка", "шт", 3
SUBJECTS = {SERVICE: 4}  # fiscal tag 1212; goods are 1
ANONYMOUS = "анон"

# fmt: off
FIRST_NAMES = (
    "Агата", "Алевтина", "Богдана", "Василиса", "Глафира", "Евдокия", "Злата", "Инга", "Капитолина", "Лада", "Майя",
    "Нонна", "Пелагея", "Регина", "Стефания", "Тамара", "Ульяна", "Фаина", "Эльвира", "Ярослава", "Архип", "Борислав",
    "Вениамин", "Герман", "Демьян", "Емельян", "Захар", "Иннокентий", "Клим", "Лука", "Макар", "Назар", "Остап",
    "Прохор", "Родион", "Савва", "Тихон", "Фома", "Эраст", "Юлиан",
)
LAST_NAMES = (
    "Баженко", "Ветлуга", "Горчак", "Дубровко", "Жердяй", "Заречнюк", "Иволга", "Камышко", "Лесняк", "Мельниченко",
    "Нагорных", "Осинних", "Полевых", "Ручейко", "Седых", "Тополь", "Ушко", "Холодных", "Черемых", "Шиповняк",
    "Щеглюк", "Яблочко",
)
# fmt: on
COMPANIES = ("Тихая гавань", "Северный ветер", "Янтарь-Сервис", "Берёзка и К°", "Вектор плюс")
