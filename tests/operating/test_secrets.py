"""No secret in a log, an error or the journal, wherever a caller has put it."""

import json
import logging
import sys
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crmpos.operating.logs import JsonFormatter, LineFormatter
from shops.access import create_key
from shops.masking import is_secret_name, mask, mask_values
from shops.models import ExchangeEvent, Shop, UnassignedMessage

KEY = "register_" + "a1B2-" * 8

TEXTS = [
    f"Authorization: Bearer {KEY}",
    f"{{'Authorization': 'Bearer {KEY}'}}",
    "Authorization: very-secret",
    '{"authorization": "very-secret"}',
    f"the key {KEY} is unknown",
    "crm_" + "very-secret" * 3,
    "whsec_very-secret",
    "GET /api/v2/list?token=very-secret&number=7",
    "access_token=very-secret",
    '{"password": "very-secret"}',
    "api_key: very-secret",
    "redis://:very-secret@10.0.0.1:6379/0",
    "postgresql://crmpos:very-secret@db/books",
    "Basic very-secret",
    "SECRET_KEY='very-secret'",
    '{\\"password\\": \\"very-secret\\"}',
    "sessionid=very-secret; csrftoken=very-secret",
]
PLAIN = [
    "GET /api/v2/list 200",
    "The key of shop 7 is unknown",
    "bill 56770: token of Evotor",
    "https://crm.example:8443/index.php?q=/api/v2/list",
    "duplicate key value violates unique constraint",
    "3 чека, 2 ключа",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_is_masked(text: str) -> None:
    masked = mask(text)
    assert "very-secret" not in masked and KEY not in masked
    assert "***" in masked
    assert mask(masked) == masked


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "name", ["token", "Token", "access_token", "api_key", "apikey", "key", "password", "X-Api-Key"]
)
def test_a_name_tells_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["q", "number", "id", "monkey", "page", "tokens_count", "customer"])
def test_other_names_do_not(name: str) -> None:
    assert not is_secret_name(name)


def test_arguments_keep_their_names() -> None:
    assert mask_values({"q": "/api/v2/list", "token": "very-secret"}) == {"q": "/api/v2/list", "token": "***"}


@pytest.mark.parametrize("formatter", [LineFormatter, JsonFormatter])
def test_no_entry_of_the_log_has_a_secret(formatter: type[logging.Formatter]) -> None:
    try:
        raise ValueError(f"Bearer {KEY}")
    except ValueError:
        failed = sys.exc_info()
    extra = {"url": "redis://:very-secret@host/0"}
    record = logging.getLogger("x").makeRecord(
        "x", logging.ERROR, __file__, 1, "token=%s", ("very-secret",), failed, extra=extra
    )
    entry = formatter().format(record)
    assert "very-secret" not in entry and KEY not in entry
    assert "ValueError" in entry
    if formatter is JsonFormatter:
        assert json.loads(entry)["url"] == "redis://:***@host/0"


@pytest.fixture
def secret(db: None) -> str:
    shop, _ = Shop.objects.get_or_create(number=7)
    return create_key(shop, "register", now=timezone.now()).secret


def read_journal() -> str:
    return "\n".join(event.body for event in ExchangeEvent.objects.all())


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v2/list", {"token": "very-secret", "number": "56770"}),
        ("/index.php", {"q": "/api/v2/list", "api_key": "very-secret", "number": "56770"}),
    ],
)
def test_the_journal_has_no_key(client: Client, secret: str, path: str, query: dict[str, Any]) -> None:
    client.get(path, query, headers={"Authorization": f"Bearer {secret}"})
    journal = read_journal()
    assert "very-secret" not in journal and secret not in journal
    assert "***" in journal and "56770" in journal


def test_a_receipt_in_whose_address_a_key_stands_is_recorded(client: Client, secret: str) -> None:
    response = client.post(
        "/api/v2/receipts?token=very-secret",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert response.status_code == 400
    assert "very-secret" not in read_journal() and ExchangeEvent.objects.count() == 2


def test_what_waits_for_its_shop_has_no_key(client: Client, db: None, settings: Any) -> None:
    settings.EVOTOR_APPLICATION_TOKEN = "application-token-of-evotor"
    client.post(
        "/api/v2/receipts?token=very-secret",
        b"[]",
        content_type="application/json",
        headers={"Authorization": "Bearer application-token-of-evotor", "X-Evotor-Store-Uuid": "store-9"},
    )
    assert UnassignedMessage.objects.get().query["token"] == "***"


def test_an_error_page_has_no_key(client: Client, secret: str, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("shops.serving.answer_list", fail)
    client.raise_request_exception = False
    response = client.get("/api/v2/list?token=very-secret", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == 500
    assert secret.encode() not in response.content and b"very-secret" not in response.content
    assert secret not in caplog.text and "very-secret" not in caplog.text
