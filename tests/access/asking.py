"""Asking the site as one of the roles, and what of an answer somebody can read."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import openpyxl
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from pypdf import PdfReader

SPREADSHEET, PDF = "spreadsheetml", "application/pdf"
FORMS_OF_FIGURES = re.compile(r"[\s\u00a0\u202f.,−-]")
CHANGES_BY_ITSELF = re.compile(
    r'(name="csrfmiddlewaretoken" value=|"csrfToken": ?|nonce=)"[^"]*"|hx-headers=\'[^\']*\'|"X-CSRFToken": ?"[^"]*"'
)
MADE_ANEW = re.compile(r"\b(?:register|crm|office|whsec)_\S+|\d+")
# A key that is used says when: that is no change.
WRITING = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"(?! SET "last_used_at")')


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `body` is sent as a form, or as JSON where it is a text."""

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None

    @property
    def name(self) -> str:
        """What it is called in a report, and known by in two worlds."""
        query = f" ?{self.query}" if self.query else ""
        return f"{self.method} {self.path}{query}" + (f" {self.body}" if self.body else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What of an answer can be seen: also where it leads, what a file is called and what the next page will say."""

    status: int
    text: str

    def holds(self, word: str) -> bool:
        """Whether it says the word, or the number in whatever form figures are written."""
        return word in (FORMS_OF_FIGURES.sub("", self.text) if word.isdigit() else self.text.lower())

    def masked(self, question: str) -> tuple[int, str]:
        """Without what is new at each time: the numbers of new rows, times, secrets that are made."""
        return self.status, MADE_ANEW.sub("…", self.text) if question.startswith("POST") else self.text

    def quote(self, word: str) -> str:
        """The line that says it."""
        return next((line.strip()[:160] for line in self.text.splitlines() if word in line.lower()), word)


class Caller:
    """Somebody who asks: a person who has logged in, a key, or nobody."""

    def __init__(self, *, person: User | None = None, secret: str = "") -> None:
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
        self.client = Client(headers=headers, raise_request_exception=False)
        if person:
            self.client.force_login(person)
        self.session = self.client.cookies.output(header="", sep=";")

    def ask(self, question: Question, look: Callable[[set[str]], None] | None = None) -> Answer:
        """The answer. At the tables that the request has written to is looked, and all is taken back."""
        written: set[str] = set()

        def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if found := WRITING.match(sql):
                written.add(found[1])
            return execute(sql, params, many, context)

        cache.clear()
        self.client.cookies = SimpleCookie(self.session)
        with transaction.atomic():
            with connection.execute_wrapper(watch):
                answer = read_answer(self._send(question))
            if written and look is not None:
                look(written)
            transaction.set_rollback(True)
        return answer

    def _send(self, question: Question) -> Any:
        options: dict[str, Any] = {"query_params": question.query}
        if isinstance(question.body, str):
            options |= {"data": question.body, "content_type": "application/json"}
        elif question.body is not None:
            options |= {"data": question.body}
        if question.method == "PUT" and not isinstance(question.body, str):
            options |= {"data": "", "content_type": "application/json"}
        return getattr(self.client, question.method.lower())(question.path, **options)


def read_answer(response: Any) -> Answer:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    shown = [response.get(name, "") for name in ("Location", "Content-Disposition", "Allow")]
    shown += [str(message) for message in getattr(response.wsgi_request, "_messages", ())]
    return Answer(response.status_code, "\n".join([*shown, read_text(content, response.get("Content-Type", ""))]))


def read_text(content: bytes, kind: str) -> str:
    """The words of a page, of a workbook or of a PDF."""
    if SPREADSHEET in kind:
        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)
    if kind.startswith(PDF):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return CHANGES_BY_ITSELF.sub("", content.decode(errors="replace"))
