"""What an owner does about a discrepancy: comments, answers, says how the customer has paid; and who may not."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from reconciliation import decisions, proposals, questions
from reconciliation.auditing import find_differences
from reconciliation.decisions import DecisionRefused
from reconciliation.models import Attachment, Discrepancy, DiscrepancyStep, Letter, OtherPayment, Period, Status
from reconciliation.proposals import Payment
from shops.models import Bill, CrmWebhook, Shop, WebhookMessage
from tests.factories import NOON, make_account, make_bill, make_discrepancy
from tests.owner_acts.conftest import PAYMENT, act, address_of, log_in, make_member

pytestmark = pytest.mark.django_db
NOW = NOON + timedelta(hours=1)
PAID = Payment("transfer", Decimal("60.00"), NOON.date())


def propose(row: Discrepancy, actor: User, **more: object) -> DiscrepancyStep:
    return proposals.propose_paid_another_way(row, actor=actor, payment=PAID, comment="Перевод", now=NOW, **more)  # type: ignore[arg-type]


def list_actions(row: Discrepancy) -> list[tuple[str, str | None]]:
    steps = row.steps.order_by("pk").select_related("actor")
    return [(step.action, step.actor.username if step.actor else None) for step in steps]


def list_history_differences() -> list[str]:
    return [line for line in find_differences() if "history" in line]


def test_the_page_says_what_was_billed_what_was_received_and_what_happens_next(owner: User, row: Discrepancy) -> None:
    page = log_in(owner).get(address_of(row)).content.decode()
    for text in ("40.00 of 100.00 received", "100.00", "What happens next", "Nobody has taken it yet", "Чай"):
        assert text in page, text
    assert "Found when the documents were compared." in page


def test_what_an_owner_proposes_an_accountant_confirms(owner: User, accountant: User, row: Discrepancy) -> None:
    client = log_in(owner)
    assert act(client, row, "paid-another-way", **PAYMENT) == ["An accountant will confirm it."]
    assert (row.status, row.reason, row.assignee) == (Status.WAITING, "paid_another_way", None)
    paid = OtherPayment.objects.get()
    assert (paid.how, paid.amount, str(paid.paid_on)) == ("transfer", Decimal("60.00"), "2026-03-25")
    assert "proposes: paid another way, 60.00, bank transfer" in client.get(address_of(row)).content.decode()

    office = log_in(accountant)
    page = office.get(f"/admin/reconciliation/discrepancy/{row.pk}/change/").content.decode()
    assert "60.00, bank transfer" in page
    work = f"/admin/reconciliation/discrepancy/{row.pk}/work/confirm/"
    office.post(work, {"confirm-seen_amount": "-60.00"})
    row.refresh_from_db()
    assert (row.status, row.reason, row.resolved_at is not None) == (Status.RESOLVED, "paid_another_way", True)
    assert list_actions(row) == [("opened", None), ("proposed", "owner"), ("confirmed", "accountant")]
    bill = row.case.bill
    assert bill is not None
    assert Bill.objects.get(pk=bill.pk).closed_at is not None, "nothing is left to be paid at a register"
    assert list_history_differences() == []
    page = client.get(address_of(row)).content.decode()
    assert "confirms: paid another way" in page
    assert "Closed: paid another way." in page


def test_what_is_declined_is_as_it_was_before_and_says_why(owner: User, accountant: User, row: Discrepancy) -> None:
    decisions.take(row, actor=accountant, now=NOON)
    propose(row, owner)
    proposals.decline(row, actor=accountant, comment="На счёт не поступало", now=NOW)
    assert (row.status, row.reason, row.assignee) == (Status.IN_REVIEW, "", accountant)
    page = log_in(owner).get(address_of(row)).content.decode()
    assert "На счёт не поступало" in page
    assert "does not agree" in page
    decisions.undo(row, actor=accountant, now=NOW)
    assert row.status == Status.WAITING
    assert list_history_differences() == []


def test_nobody_confirms_what_they_have_proposed(shop: Shop, row: Discrepancy, admin_user: User) -> None:
    propose(row, admin_user)
    with pytest.raises(DecisionRefused, match="proposed it yourself"):
        proposals.confirm(row, actor=admin_user, now=NOW)


def test_a_proposal_is_taken_back_by_who_has_made_it_while_it_waits(
    owner: User, accountant: User, shop: Shop, row: Discrepancy
) -> None:
    other = make_member("other", "Owners", shop)
    propose(row, owner)
    with pytest.raises(DecisionRefused, match="nothing that could still be taken back"):
        proposals.withdraw(row, actor=other, now=NOW)
    assert act(log_in(owner), row, "withdraw") == ["Taken back."]
    assert (row.status, row.reason) == (Status.OPEN, "")
    propose(row, owner)
    proposals.confirm(row, actor=accountant, now=NOW)
    with pytest.raises(DecisionRefused, match="nothing that could still be taken back"):
        proposals.withdraw(row, actor=owner, now=NOW)


def test_a_large_write_off_still_needs_the_permission_to_write_off(
    owner: User, shop: Shop, accountant: User, row: Discrepancy
) -> None:
    """Who may work and may not write off confirms a payment and no write-off."""
    from reconciliation.permissions import WORK_PERMISSION, WRITE_OFF_PERMISSION, list_confirming

    assert list_confirming("paid_another_way") == (WORK_PERMISSION,)
    assert list_confirming("written_off") == (WORK_PERMISSION, WRITE_OFF_PERMISSION)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "nothing"}, "Write an amount"),
        ({"amount": "0"}, "Write an amount"),
        ({"how": "gold"}, "Select a valid choice"),
        ({"paid_on": "25.25.2026"}, "Enter a valid date"),
    ],
)
def test_a_form_that_is_not_right_is_shown_with_its_faults(
    owner: User, row: Discrepancy, change: dict[str, str], said: str
) -> None:
    answers = {f"paid-another-way-{key}": value for key, value in (PAYMENT | change).items()}
    page = log_in(owner).post(address_of(row, "paid-another-way"), answers)
    assert said in page.content.decode()
    assert "Перевод" in page.content.decode(), "what was typed is kept"
    assert list_actions(row) == [("opened", None)]


def test_what_has_changed_meanwhile_is_said_and_nothing_is_done(
    owner: User, accountant: User, row: Discrepancy
) -> None:
    client = log_in(owner)
    (said,) = act(client, row, "paid-another-way", **PAYMENT | {"seen_amount": "-50.00"})
    assert "Documents have changed the amount" in said
    (said,) = act(client, row, "paid-another-way", **PAYMENT | {"paid_on": "2999-01-01"})
    assert "still to come" in said
    decisions.resolve(row, actor=accountant, reason="false_alarm", comment="", now=NOW)
    (said,) = act(client, row, "paid-another-way", **PAYMENT)
    assert "resolved already" in said
    (said,) = act(client, row, "answer", comment="Да")
    assert "No question waits" in said


def test_no_payment_explains_what_is_not_about_missing_money(owner: User, row: Discrepancy) -> None:
    Discrepancy.objects.filter(pk=row.pk).update(kind="late_receipt", amount=None)
    row.refresh_from_db()
    with pytest.raises(DecisionRefused, match="No payment explains"):
        propose(row, owner)
    assert 'id="act-paid-another-way"' not in log_in(owner).get(address_of(row)).content.decode()


def test_a_month_that_is_closed_stays_as_it_was_decided(
    owner: User, accountant: User, shop: Shop, row: Discrepancy
) -> None:
    decisions.resolve(row, actor=accountant, reason="paid_another_way", comment="", now=NOW)
    Period.objects.create(shop=shop, month="2026-03-01", closed_at=NOW, closed_by=accountant, protocol={}, digest="")
    client = log_in(owner)
    for name, answers in (("paid-another-way", PAYMENT), ("answer", {"comment": "Да"})):
        (said,) = act(client, row, name, **answers)
        assert "in a month that is closed" in said
    assert act(client, row, "comment", comment="И всё же") == ["Your comment is kept."]


def test_a_file_is_judged_by_its_contents_and_given_to_who_may_see_the_page(
    owner: User, viewer: User, neighbour: User, row: Discrepancy
) -> None:
    statement = SimpleUploadedFile("Выписка.pdf", b"%PDF-1.7\n%%EOF\n")
    program = SimpleUploadedFile("bill.pdf", b"MZ\x90\x00\x03")
    said = act(log_in(owner), row, "paid-another-way", **PAYMENT | {"attachments": [statement, program]})
    assert any("is not attached" in text for text in said)
    attachment = Attachment.objects.get()
    address = f"{address_of(row)}files/{attachment.pk}/"
    answer = log_in(viewer).get(address)
    assert (answer.status_code, answer["X-Content-Type-Options"]) == (200, "nosniff")
    assert log_in(neighbour).get(address).status_code == 404


def test_documents_that_change_the_amount_open_it_again(owner: User, row: Discrepancy) -> None:
    propose(row, owner)
    bill = row.case.bill
    assert bill is not None
    Bill.objects.filter(pk=bill.pk).update(unjudged_since=NOW)
    call_command("reconcile", as_of=NOW, stdout=io.StringIO(), stderr=io.StringIO())
    row.refresh_from_db()
    assert (row.status, row.reason) in {(Status.REOPENED, ""), (Status.RESOLVED, "later_documents")}
    assert list_history_differences() == []


def test_a_question_waits_until_the_owner_answers_and_the_answer_goes_to_who_asked(
    owner: User, accountant: User, row: Discrepancy
) -> None:
    office = log_in(accountant)
    office.post(f"/admin/reconciliation/discrepancy/{row.pk}/work/ask/", {"ask-comment": "Как оплатили?"})
    row.refresh_from_db()
    assert (row.asked_by, row.status) == (accountant, Status.OPEN)
    assert "Owner asked" in office.get("/admin/reconciliation/discrepancy/?asked=yes").content.decode()

    client = log_in(owner)
    page = client.get(f"/shops/{row.shop_id}/questions/").content.decode()
    assert "Как оплатили?" in page
    assert '<span class="count">1</span>' in page
    assert "asks you" in client.get(address_of(row)).content.decode()
    assert act(client, row, "answer", comment="Переводом") == ["Your answer is sent."]
    assert row.asked_by is None
    letter = Letter.objects.get(kind="question")
    assert letter.person == accountant
    assert "Переводом" in letter.text
    assert "Answer from" in letter.text or "Ответ" in letter.text
    assert list_history_differences() == []
    assert "No question waits" in client.get(f"/shops/{row.shop_id}/questions/").content.decode()


def test_an_owner_who_wants_it_is_told_of_the_question_at_once(owner: User, accountant: User, row: Discrepancy) -> None:
    from reconciliation.models import Subscription

    questions.ask(row, actor=accountant, comment="Как?", now=NOW)
    assert not Letter.objects.exists(), "by default it stands in the digest"
    Subscription.objects.create(person=owner, at_once=True, language="en")
    questions.ask(row, actor=accountant, comment="Так как?", now=NOW)
    letter = Letter.objects.get()
    assert (letter.person, letter.kind) == (owner, "question")
    assert "Так как?" in letter.text


def test_undoing_gives_a_question_back_or_takes_it_away(owner: User, accountant: User, row: Discrepancy) -> None:
    questions.ask(row, actor=accountant, comment="Как?", now=NOW)
    decisions.resolve(row, actor=accountant, reason="false_alarm", comment="", now=NOW)
    assert row.asked_by is None
    decisions.undo(row, actor=accountant, now=NOW)
    assert row.asked_by == accountant
    propose(row, owner)
    assert row.asked_by is None, "it says how the customer has paid"
    decisions.undo(row, actor=accountant, now=NOW)
    assert row.asked_by == accountant
    decisions.undo(row, actor=accountant, now=NOW)
    assert row.asked_by is None
    assert list_history_differences() == []


def test_an_answer_is_not_undone_and_hides_no_decision_from_undoing(
    owner: User, accountant: User, row: Discrepancy
) -> None:
    decisions.take(row, actor=accountant, now=NOW)
    questions.ask(row, actor=accountant, comment="Как?", now=NOW)
    questions.answer(row, actor=owner, comment="Так", now=NOW)
    step = decisions.find_step_to_undo(row)
    assert step is not None
    assert step.action == "taken"


def test_the_crm_is_told_when_it_is_closed_and_not_when_it_is_proposed(
    owner: User, accountant: User, shop: Shop, row: Discrepancy
) -> None:
    CrmWebhook.objects.create(shop=shop, url="https://crm.example/hook", secret="x" * 32)
    propose(row, owner)
    assert not WebhookMessage.objects.exists()
    proposals.confirm(row, actor=accountant, now=NOW)
    message = json.loads(WebhookMessage.objects.get().body)
    assert message["data"]["discrepancy"]["reason"] == "paid_another_way"


def test_viewers_and_people_of_other_shops_are_refused_as_if_nothing_were_there(
    viewer: User, neighbour: User, accountant: User, row: Discrepancy
) -> None:
    questions.ask(row, actor=accountant, comment="Как?", now=NOW)
    before = list_actions(row)
    assert log_in(viewer).get(address_of(row)).status_code == 200
    assert log_in(neighbour).get(address_of(row)).status_code == 404
    for person in (viewer, neighbour):
        for name in ("comment", "answer", "paid-another-way", "withdraw", "nothing"):
            answers = {f"{name}-{key}": value for key, value in PAYMENT.items()}
            assert log_in(person).post(address_of(row, name), answers).status_code == 404
    assert list_actions(row) == before
    page = log_in(viewer).get(address_of(row)).content.decode()
    assert "What you can do" not in page


def test_a_discrepancy_is_not_found_under_another_shop(owner: User, other_shop: Shop, row: Discrepancy) -> None:
    theirs = make_discrepancy(make_bill(other_shop))
    client = log_in(owner)
    assert client.get(f"/shops/7/discrepancies/{theirs.pk}/").status_code == 404
    assert client.get(f"/shops/8/discrepancies/{theirs.pk}/").status_code == 404
    assert client.get(address_of(row, "comment")).status_code == 405


def test_write_offs_that_wait_are_not_the_owners_to_take_back(
    owner: User, accountant: User, shop: Shop, row: Discrepancy
) -> None:
    from reconciliation.write_offs import write_off

    Shop.objects.filter(pk=shop.pk).update(write_off_limit=1)
    write_off(row, actor=accountant, account=make_account(), comment="", now=NOW)
    page = log_in(owner).get(address_of(row)).content.decode()
    assert "proposed to be written off" in page
    assert 'id="act-paid-another-way"' not in page
    with pytest.raises(DecisionRefused):
        proposals.withdraw(row, actor=owner, now=timezone.now())


def test_the_api_shows_the_question_and_the_payment_and_lets_owners_take_part(
    owner: User, accountant: User, viewer: User, row: Discrepancy
) -> None:
    office, client = log_in(accountant), log_in(owner)
    address = f"/api/office/discrepancies/{row.pk}/"
    asked = office.post(f"{address}ask/", {"comment": "Как?"}, "application/json").json()
    assert asked["asked_by"] == "accountant"
    answered = client.post(f"{address}answer/", {"comment": "Переводом"}, "application/json").json()
    assert (answered["asked_by"], answered["history"][-1]["action"]) == (None, "answered")
    said = {"how": "courier", "amount": "60.00", "paid_on": "2026-03-25", "comment": "Курьеру"}
    assert log_in(viewer).post(f"{address}paid-another-way/", said, "application/json").status_code == 403
    assert office.post(f"{address}paid-another-way/", said, "application/json").status_code == 403
    proposed = client.post(f"{address}paid-another-way/", said, "application/json").json()
    assert proposed["status"] == "waiting"
    assert proposed["history"][-1]["other_payment"] == {"how": "courier", "amount": "60.00", "paid_on": "2026-03-25"}
    assert client.post(f"{address}confirm/", {}, "application/json").status_code == 403
    confirmed = office.post(f"{address}confirm/", {}, "application/json").json()
    assert (confirmed["status"], confirmed["reason"]) == ("resolved", "paid_another_way")
