"""Decisions as an accountant would have made them over the months, so that the queue looks worked at.

They are made by the same use cases as real ones. Their comments belong to the data, so they are not translated.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from crmpos.demo.loading import HISTORY_SHOPS
from crmpos.demo.logins import ACCOUNTANT, ADMINISTRATOR, find_user
from reconciliation.decisions import comment, hand_over, reopen, resolve, take
from reconciliation.models import Discrepancy, DiscrepancyStep, KindChoice, Reason, Status
from reconciliation.questions import ask

WORKED_OFF_AFTER = timedelta(days=21)
LOOKED_AT_AFTER = timedelta(days=4)
TAKEN_WITHIN, RESOLVED_WITHIN = timedelta(hours=20), timedelta(hours=47)

Answer = tuple[Reason, str]

ANSWERS: dict[str, Answer] = {
    KindChoice.PARTIAL_RECEIPT: (
        Reason.CONTENTS_CHANGED,
        "Созвонились с магазином: от остального покупатель отказался, товар вернули на полку.",
    ),
    KindChoice.PRICE_MISMATCH: (Reason.BILL_CORRECTED, "Цена на кассе верная, в CRM был старый прайс. Исправлено."),
    KindChoice.DISCOUNT_MISMATCH: (Reason.CONTENTS_CHANGED, "Скидка по карте покупателя, согласована с управляющим."),
    KindChoice.QUANTITY_MISMATCH: (Reason.CONTENTS_CHANGED, "Покупатель взял больше, чем заказывал."),
    KindChoice.UNEXPECTED_ITEM: (Reason.CONTENTS_CHANGED, "Покупатель добавил товар на кассе."),
    KindChoice.DUPLICATE_RECEIPT: (Reason.CORRECTION_RECEIPT, "Пробили дважды. Чек возврата оформлен на кассе."),
    KindChoice.REFUND: (Reason.BILL_CORRECTED, "Возврат по заявлению покупателя, заявление в папке."),
    KindChoice.NO_BILL: (Reason.FALSE_ALARM, "Продажа с витрины, заказа в CRM и не было."),
    KindChoice.OPENED_NOT_PAID: (Reason.FALSE_ALARM, "Покупатель посмотрел заказ и передумал."),
    KindChoice.LATE_RECEIPT: (Reason.REGISTER_ERROR, "В магазине не было интернета."),
    KindChoice.LISTED_AFTER_RECEIPT: (Reason.REGISTER_ERROR, "Второй оплаты не было, проверено по выписке."),
    KindChoice.UNANSWERED: (Reason.REGISTER_ERROR, "Обрыв связи, касса повторила запрос."),
    KindChoice.UNKNOWN_BILL: (Reason.FALSE_ALARM, "Заказ удалили из CRM после оплаты. Восстановлен."),
    KindChoice.BILL_TOTAL_MISMATCH: (Reason.BILL_CORRECTED, "В CRM пересчитали итог заказа."),
    KindChoice.RECEIPT_TOTAL_MISMATCH: (Reason.REGISTER_ERROR, "Сбой округления на кассе, поддержка исправила."),
    KindChoice.LIST_TOTAL_MISMATCH: (Reason.BILL_CORRECTED, "Заказ изменили, пока касса его открывала."),
    KindChoice.REFERENCE_MISMATCH: (Reason.REGISTER_ERROR, "Кассир выбрал соседний заказ, деньги зачтены верно."),
    KindChoice.NOT_FISCAL: (Reason.FALSE_ALARM, "Пречек для покупателя."),
    KindChoice.INVALID_MARK: (Reason.BILL_CORRECTED, "Код считан заново и исправлен в CRM."),
    KindChoice.UNREADABLE: (Reason.REGISTER_ERROR, "Сообщение оборвалось, касса повторила его."),
    KindChoice.TAX_MISMATCH: (Reason.BILL_CORRECTED, "Ставка в карточке товара исправлена."),
}
UNCLEAR = (
    "Запросила у магазина объяснительную.",
    "Жду ответа кассира, смена в четверг.",
    "Сверить с выпиской банка за этот день.",
)
QUESTION = "Павел, спросите, пожалуйста, в магазине: как покупатель рассчитался?"


@dataclass(frozen=True, slots=True)
class Office:
    accountant: User
    administrator: User


@transaction.atomic
def decide_some() -> int:
    """Works off the older discrepancies and begins with the newer ones; once, and all of it or nothing."""
    office = Office(find_user(ACCOUNTANT), find_user(ADMINISTRATOR))
    found = Discrepancy.objects.filter(case__shop__in=HISTORY_SHOPS, status=Status.OPEN)
    worked = DiscrepancyStep.objects.filter(actor__isnull=False, discrepancy__case__shop__in=HISTORY_SHOPS)
    newest: datetime | None = found.aggregate(newest=Max("opened_at"))["newest"]
    if newest is None or worked.exists():
        return 0
    count = 0
    old = found.filter(opened_at__lt=newest - WORKED_OFF_AFTER)
    for count, discrepancy in enumerate(old.order_by("opened_at", "pk"), start=1):
        _work_off(discrepancy, office, turn=count)
    fresh = found.filter(opened_at__range=(newest - WORKED_OFF_AFTER, newest - LOOKED_AT_AFTER))
    for turn, discrepancy in enumerate(fresh.order_by("opened_at", "pk")):
        _look_at(discrepancy, office, turn)
    return count


def _work_off(discrepancy: Discrepancy, office: Office, turn: int) -> None:
    taken_at = discrepancy.opened_at + TAKEN_WITHIN
    if turn % 9 == 0:
        return  # overlooked until today
    if turn % 7 == 0:
        hand_over(
            discrepancy,
            actor=office.administrator,
            assignee=office.accountant,
            now=taken_at,
            comment="Нина, посмотрите, пожалуйста: магазин спрашивает.",
        )
    else:
        take(discrepancy, actor=office.accountant, now=taken_at)
    resolved_at = discrepancy.opened_at + RESOLVED_WITHIN
    answer = ANSWERS.get(discrepancy.kind)
    if answer is None or turn % 12 == 3:
        comment(discrepancy, actor=office.accountant, comment=UNCLEAR[turn % len(UNCLEAR)], now=resolved_at)
        return
    reason, text = answer
    resolve(discrepancy, actor=office.accountant, reason=reason, comment=text, now=resolved_at)
    if turn % 25 == 0:
        reopened_at = resolved_at + RESOLVED_WITHIN
        reopen(discrepancy, actor=office.administrator, comment="Сумма не сходится с выпиской.", now=reopened_at)


def _look_at(discrepancy: Discrepancy, office: Office, turn: int) -> None:
    if turn % 4 > 1:
        return
    taken_at = discrepancy.opened_at + TAKEN_WITHIN
    take(discrepancy, actor=office.accountant, now=taken_at)
    if turn % 4 == 1:
        asked_at = taken_at + timedelta(minutes=25)
        if turn % 8 == 1:
            ask(discrepancy, actor=office.accountant, comment=QUESTION, now=asked_at)
            return
        comment(discrepancy, actor=office.accountant, comment=UNCLEAR[turn % len(UNCLEAR)], now=asked_at)
