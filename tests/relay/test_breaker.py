"""A CRM that failed three times in a row is left alone for a while, and then tried by one caller."""

from shops.relay.breaker import FAILURES_IN_A_ROW, REST_SECONDS, Breaker

CRM, OTHER = "https://crm.example/", "https://other.example/"


def test_a_crm_is_tried_again_by_one_caller_after_a_rest() -> None:
    now = 100.0
    breaker = Breaker(lambda: now)
    for _ in range(FAILURES_IN_A_ROW):
        assert breaker.may_ask(CRM)
        breaker.note_failure(CRM)
    assert not breaker.may_ask(CRM)
    assert breaker.may_ask(OTHER)
    now += REST_SECONDS
    assert [breaker.may_ask(CRM) for _ in range(3)] == [True, False, False]
    breaker.note_failure(CRM)
    assert not breaker.may_ask(CRM)
    now += REST_SECONDS
    assert breaker.may_ask(CRM)
    breaker.note_answer(CRM)
    assert all(breaker.may_ask(CRM) for _ in range(3))


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.note_failure(CRM)
        breaker.note_failure(CRM)
        breaker.note_answer(CRM)
        assert breaker.may_ask(CRM)
