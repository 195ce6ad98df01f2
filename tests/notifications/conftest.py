"""A mail server that listens: real SMTP over a socket, which can be down or refuse; people, and a clock."""

import email
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from pytest_django import Settings

from reconciliation.letters.sending import send_due_letters
from reconciliation.models import Alert, Discrepancy, DiscrepancyStep, Letter, Subscription
from shops.models import Shop
from tests.conftest import find_free_port
from tests.factories import NOON, make_accountant, make_bill, make_discrepancy

SITE = "https://books.example"


@dataclass
class MailServer:
    """Takes every letter unless an address, or everything, is refused."""

    port: int
    delivered: list[EmailMessage] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    refuses_contents: str = ""
    connections: int = 0
    controller: Any = None

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, name: str, lines: list[str]) -> Any:
        self.connections += 1
        session.host_name = name
        return lines

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuses_contents:
            return self.refuses_contents
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=modern)
        assert isinstance(message, EmailMessage)
        assert message["To"] == envelope.rcpt_tos[0]
        self.delivered.append(message)
        return "250 OK"

    def start(self) -> None:
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def list_receivers(self) -> list[str]:
        return [str(message["To"]) for message in self.delivered]


@dataclass
class Clock:
    """Time that passes when a test says so."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, step: timedelta) -> None:
        self.now += step

    def move_to_next_attempt(self) -> timedelta:
        waiting = Letter.objects.filter(next_attempt_at__isnull=False).order_by("next_attempt_at")
        moment = waiting.values_list("next_attempt_at", flat=True)[0]
        assert moment is not None
        step, self.now = moment - self.now, moment
        return step


def send(clock: Clock) -> int:
    return send_due_letters(clock=clock)


def read_text(message: EmailMessage) -> str:
    """The plain text of a letter, with blanks and signs as a keyboard has them."""
    part = message.get_body(("plain",))
    assert part is not None
    return plain(str(part.get_content()))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2060", "").replace("\u2212", "-").replace("\r\n", "\n")


def make_reader(name: str = "ada", **chosen: Any) -> User:
    """An accountant with an address, whose own settings are `chosen`; without any there are none."""
    person = make_accountant(name)
    person.email = f"{name}@books.example"
    person.save(update_fields=["email"])
    if chosen:
        shops = chosen.pop("shops", None)
        subscription = Subscription.objects.create(person=person, every_shop=shops is None, **chosen)
        subscription.shops.set(shops or [])
    return person


def open_beyond(shop: Shop, amount: str, *, at: datetime = NOON, noted: bool = True) -> Discrepancy:
    """A discrepancy opened at that time, as the judge would have left it, with the note that people be told."""
    discrepancy = make_discrepancy(make_bill(shop, total="100000.00"), amount=amount)
    Discrepancy.objects.filter(pk=discrepancy.pk).update(opened_at=at)
    DiscrepancyStep.objects.filter(discrepancy=discrepancy).update(at=at)
    if noted:
        Alert.objects.create(step=discrepancy.steps.get(), created_at=at)
    discrepancy.refresh_from_db()
    return discrepancy


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """The mail server that the program is told of."""
    server = MailServer(find_free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.MAIL_SERVER_IS_SET = True
    settings.DEFAULT_FROM_EMAIL = "crmpos <books@books.example>"
    settings.SITE_URL = SITE
    yield server
    server.stop()


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop.objects.create(number=7, name="Чай", alert_threshold=Decimal("1000.00"))


@pytest.fixture
def other_shop(db: None) -> Shop:
    return Shop.objects.create(number=8, name="Кофе", alert_threshold=Decimal("1000.00"))
