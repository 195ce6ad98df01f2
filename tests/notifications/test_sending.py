"""Letters reach a mail server: each once, after failures again, and those that it refuses for good no more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from reconciliation.letters.outbox import put_into_outbox, send_again
from reconciliation.letters.wording import Chapter, Content, Part, Row
from reconciliation.models import Letter
from tests.notifications.conftest import SITE, Clock, MailServer, make_reader, read_text, send

CONTENT = Content(
    "Расхождения на 25.03.2026",
    "Не закрыто: 1",
    [Chapter("7 Чай", [Part("Коротко", [Row("Новые <за вчера>", "1", f"{SITE}/admin/")])])],
)


def write_letter(clock: Clock, name: str = "ada", key: str = "1") -> Letter:
    return put_into_outbox(make_reader(name), Letter.Kind.DIGEST, f"{name}:{key}", CONTENT, now=clock.now)


@pytest.mark.django_db
def test_a_letter_arrives_as_text_and_as_html(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    assert (send(clock), send(clock)) == (1, 0)
    [message] = mail.delivered
    assert message["Subject"] == "Расхождения на 25.03.2026"
    assert (message["From"], message["To"]) == ("crmpos <books@books.example>", "ada@books.example")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"].strip() == f"<{SITE}/admin/reconciliation/subscription/mine/>"
    assert message["Message-ID"].strip() == letter.message_id
    assert letter.message_id.endswith("@books.example>")
    assert f"7 Чай\n=====\n\nКоротко\n  Новые <за вчера>: 1\n    {SITE}/admin/\n" in read_text(message)
    html = message.get_body(("html",))
    assert html is not None
    assert f'<a href="{SITE}/admin/" style="color:#31537a">Новые &lt;за вчера&gt;</a>' in html.get_content()
    letter.refresh_from_db()
    assert (letter.sent_at, letter.next_attempt_at, letter.address) == (clock.now, None, "ada@books.example")


@pytest.mark.django_db
def test_without_the_address_of_the_site_there_are_no_links(mail: MailServer, clock: Clock, settings: Settings) -> None:
    settings.SITE_URL = ""
    write_letter(clock)
    send(clock)
    [message] = mail.delivered
    assert "List-Unsubscribe" not in message
    assert "subscription/mine" not in message.as_string()


@pytest.mark.django_db
def test_many_letters_go_over_one_connection(mail: MailServer, clock: Clock) -> None:
    for name in ("ada", "grace", "joan"):
        write_letter(clock, name)
    assert send(clock) == 3
    assert sorted(mail.list_receivers()) == ["ada@books.example", "grace@books.example", "joan@books.example"]
    assert mail.connections == 1


@pytest.mark.django_db
def test_without_a_mail_server_letters_wait(mail: MailServer, clock: Clock, settings: Settings) -> None:
    settings.MAIL_SERVER_IS_SET = False
    letter = write_letter(clock)
    clock.move(timedelta(days=30))
    assert send(clock) == 0
    letter.refresh_from_db()
    assert (letter.attempts, letter.failed_at) == (0, None)
    settings.MAIL_SERVER_IS_SET = True
    assert send(clock) == 1


@pytest.mark.django_db
def test_a_letter_waits_for_a_server_that_is_down_ever_longer(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    mail.stop()
    assert send(clock) == 0
    first = clock.move_to_next_attempt()
    assert send(clock) == 0
    second = clock.move_to_next_attempt()
    assert first < second
    letter.refresh_from_db()
    assert letter.attempts == 2
    assert letter.last_fault
    mail.start()
    assert send(clock) == 1
    letter.refresh_from_db()
    assert (letter.sent_at, letter.last_fault, letter.attempts) == (clock.now, "", 3)
    assert mail.list_receivers() == ["ada@books.example"]


@pytest.mark.django_db
def test_after_three_days_nobody_tries_any_more(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    begun = clock.now
    mail.stop()
    for _ in range(100):
        send(clock)
        letter.refresh_from_db()
        if letter.failed_at is not None:
            break
        clock.move_to_next_attempt()
    assert timedelta(days=2, hours=20) < clock.now - begun <= timedelta(days=3)
    mail.start()
    clock.move(timedelta(days=1))
    assert send(clock) == 0


@pytest.mark.django_db
def test_an_address_that_is_refused_for_good_holds_up_nobody(mail: MailServer, clock: Clock) -> None:
    refused = write_letter(clock, "ada")
    write_letter(clock, "grace")
    mail.refused["ada@books.example"] = "550 no such mailbox"
    assert send(clock) == 1
    assert mail.list_receivers() == ["grace@books.example"]
    refused.refresh_from_db()
    assert (refused.failed_at, refused.next_attempt_at) == (clock.now, None)
    assert refused.last_fault == "550 no such mailbox"


@pytest.mark.django_db
def test_an_address_that_is_refused_for_now_is_tried_again(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    mail.refused["ada@books.example"] = "451 try later"
    send(clock)
    letter.refresh_from_db()
    assert (letter.failed_at, letter.last_fault) == (None, "451 try later")
    mail.refused.clear()
    clock.move_to_next_attempt()
    assert send(clock) == 1


@pytest.mark.django_db
def test_contents_that_are_refused_for_good_are_not_sent_again(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    mail.refuses_contents = "554 looks like spam"
    send(clock)
    letter.refresh_from_db()
    assert (letter.failed_at, letter.last_fault) == (clock.now, "554 looks like spam")


@pytest.mark.django_db
def test_a_login_that_the_server_refuses_ends_nothing_and_tells_no_password(
    mail: MailServer, clock: Clock, settings: Settings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "books", "s3cret"
    letter = write_letter(clock)
    assert send(clock) == 0
    letter.refresh_from_db()
    assert letter.failed_at is None
    assert letter.last_fault
    assert "s3cret" not in letter.last_fault


@pytest.mark.django_db
def test_what_is_no_address_is_given_up(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    letter.person.email = "ada@books.example\nBcc: all@books.example"
    letter.person.save(update_fields=["email"])
    assert send(clock) == 0
    letter.refresh_from_db()
    assert letter.failed_at == clock.now


@pytest.mark.django_db
@pytest.mark.parametrize("loss", ["address", "permission", "login"])
def test_who_may_not_be_told_any_more_gets_nothing(mail: MailServer, clock: Clock, loss: str) -> None:
    letter = write_letter(clock)
    person = letter.person
    if loss == "permission":
        person.memberships.all().delete()
    else:
        person.email, person.is_active = ("", True) if loss == "address" else (person.email, False)
        person.save(update_fields=["email", "is_active"])
    assert send(clock) == 0
    assert mail.delivered == []
    letter.refresh_from_db()
    assert letter.failed_at == clock.now


@pytest.mark.django_db
def test_a_sender_that_died_repeats_a_letter_once_and_recognisably(mail: MailServer, clock: Clock) -> None:
    """It had given the letter to the server and could not write that down."""
    letter = write_letter(clock)
    send(clock)
    Letter.objects.update(sent_at=None, next_attempt_at=clock.now + timedelta(seconds=90))
    assert send(clock) == 0, "nobody else takes it while the sender may still be at work"
    clock.move(timedelta(seconds=90))
    assert (send(clock), send(clock)) == (1, 0)
    assert [message["Message-ID"].strip() for message in mail.delivered] == [letter.message_id] * 2


@pytest.mark.django_db
def test_a_letter_that_is_sent_again_is_the_same_letter(mail: MailServer, clock: Clock) -> None:
    letter = write_letter(clock)
    send(clock)
    send_again(letter, now=clock.now)
    assert send(clock) == 1
    assert [message["Message-ID"].strip() for message in mail.delivered] == [letter.message_id] * 2


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_nothing_twice(mail: MailServer, clock: Clock) -> None:
    person = make_reader()
    for number in range(30):
        put_into_outbox(person, Letter.Kind.DIGEST, str(number), CONTENT, now=clock.now)

    def run() -> int:
        try:
            return send(clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = [run.result() for run in [pool.submit(run) for _ in range(2)]]
    assert sum(counts) == 30
    ids = [str(message["Message-ID"]) for message in mail.delivered]
    assert len(ids) == len(set(ids)) == 30
