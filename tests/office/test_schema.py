"""The API keeps to its own description: the examples are its answers, and nothing it says is outside of the schema."""

from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker
from schemathesis import GenerationMode
from schemathesis.checks import ignored_auth, load_all_checks, positive_data_acceptance

from reconciliation.models import Discrepancy
from shops.access import create_key
from shops.models import Shop
from tests.factories import import_sample, make_accountant
from tests.office.conftest import list_ids, log_in
from tests.standing import standing

OFFICE = "/api/office/"
LISTS = ("bills", "receipts", "exchange-events", "discrepancies")
STEPS = (
    "take",
    "assign",
    "comment",
    "ask",
    "answer",
    "paid-another-way",
    "resolve",
    "write-off",
    "confirm",
    "decline",
    "reopen",
    "undo",
)
OPERATIONS = [
    *(("GET", f"{OFFICE}{name}/") for name in LISTS),
    *(("GET", f"{OFFICE}{name}/{{id}}/") for name in LISTS),
    *(("POST", f"{OFFICE}discrepancies/{{id}}/{step}/") for step in STEPS),
]
ATTEMPTS = 12
CSRF_TOKEN = "0123456789abcdefghijklmnopqrstuv"

IDS = {"id", "bill", "receipt", "event", "answer", "request"}
TIMES_OF_JUDGEMENT = {"opened_at", "changed_at", "at"}

load_all_checks()
# A cursor is a text in the schema, and only those that the program gave out are cursors; who is calling is tried
# elsewhere, and here the caller's own key goes with every request.
NOT_CHECKED = (positive_data_acceptance, ignored_auth)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with standing(django_db_blocker):
        import_sample()
        yield


@pytest.fixture(scope="module")
def _description(_sample: None) -> Any:
    return Client().get("/api/schema/", {"format": "json"}).json()


@pytest.fixture
def description(_description: Any) -> Any:
    """A copy, for who changes it."""
    return deepcopy(_description)


def list_described(description: Any) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
        if path.startswith(OFFICE)
    }


def test_the_description_is_open_to_everybody_and_of_the_form_of_openapi(description: Any) -> None:
    assert description["openapi"].startswith("3.1")
    validate_schema(description)  # type: ignore[no-untyped-call]
    assert description["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_every_operation_is_described_with_a_summary_its_errors_and_examples(description: Any) -> None:
    described = list_described(description)
    assert sorted(described) == sorted(OPERATIONS)
    for (method, path), operation in described.items():
        assert operation["summary"], path
        assert set(operation["responses"]) >= {"200", "400", "401", "403", "406", "429"}
        assert operation["responses"]["200"]["content"]["application/json"]["examples"], path
        if method == "POST" and not path.endswith("/take/"):
            assert operation["requestBody"]["content"]["application/json"]["examples"], path
        callers: list[dict[str, list[str]]] = (
            [{"cookieAuth": []}] if method == "POST" else [{"key": []}, {"cookieAuth": []}]
        )
        assert operation["security"] == callers
        for parameter in operation["parameters"]:
            assert parameter["in"] == "path" or parameter.get("description") or parameter["name"] == "format", parameter


def test_lists_are_described_as_files_too(description: Any) -> None:
    described = list_described(description)
    for name in LISTS:
        content = described["GET", f"{OFFICE}{name}/"]["responses"]["200"]["content"]
        assert list(content) == [
            "application/json",
            "text/csv",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ]


def mask(value: Any, name: str = "") -> Any:
    """What differs from one database to the next is left out: keys, and the time of the judgement."""
    if isinstance(value, dict):
        return {key: mask(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [mask(inner) for inner in value]
    return "…" if value is not None and name in IDS | TIMES_OF_JUDGEMENT else value


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("bills", {"number": "56770"}),
        ("receipts", {"bill_number": "56770"}),
        ("exchange-events", {"kind": "BILL", "shop": "40"}),
        ("discrepancies", {"shop": "40"}),
    ],
)
def test_the_examples_are_what_the_program_answers(description: Any, name: str, query: dict[str, str]) -> None:
    client = log_in(make_accountant())
    described = list_described(description)
    (key, *_) = list_ids(client, name, **query)
    for path, address in ((f"{name}/", f"{name}/"), (f"{name}/{{id}}/", f"{name}/{key}/")):
        asked = query if path == address else {}
        answer = client.get(f"{OFFICE}{address}", asked, headers={"Accept-Language": "ru"})
        content = described["GET", f"{OFFICE}{path}"]["responses"]["200"]["content"]
        (example,) = content["application/json"]["examples"].values()
        assert mask(example["value"]) == mask(answer.json())


def serve(environ: Any, start_response: Any) -> list[bytes]:
    """The program itself, without the test client. A request must not close the connection of the test."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        answer = get_wsgi_application()(environ, start_response)
        with closing(answer):
            return [b"".join(answer)]
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@pytest.fixture
def discrepancy() -> Discrepancy:
    return Discrepancy.objects.get(kind="partial_receipt")


def identify(method: str) -> dict[str, dict[str, str]]:
    """A key reads, the accountant decides."""
    if method == "GET":
        secret = create_key(Shop.objects.get(number=40), "office", now=timezone.now()).secret
        return {"headers": {"Authorization": f"Bearer {secret}"}}
    session = log_in(make_accountant()).cookies["sessionid"].value
    return {"headers": {"X-CSRFToken": CSRF_TOKEN}, "cookies": {"sessionid": session, "csrftoken": CSRF_TOKEN}}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    description: Any, discrepancy: Discrepancy, method: str, path: str, mode: GenerationMode
) -> None:
    api = schemathesis.openapi.from_dict(description)
    api.app = serve
    caller = identify(method)
    bill = discrepancy.case.bill
    assert bill is not None
    known = {
        "bills": bill.pk,
        "receipts": bill.receipts.get().pk,
        "exchange-events": bill.stated_by_id,
        "discrepancies": discrepancy.pk,
    }
    answered = set()

    @given(case=api[path][method].as_strategy(generation_mode=mode))
    @hypothesis_settings(
        max_examples=ATTEMPTS, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    def attempt(case: Any) -> None:
        if mode == GenerationMode.POSITIVE and case.path_parameters:
            case.path_parameters["id"] = known[path.split("/")[3]]
        case.headers.pop("Authorization", None)  # invented
        answer = case.call(**caller)
        answered.add(answer.status_code)
        case.validate_response(answer, transport_kwargs=caller, excluded_checks=NOT_CHECKED)

    attempt()
    assert answered, "nothing was asked"
    assert 401 not in answered
