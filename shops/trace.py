"""Which request, or which task, is being worked on in this thread: for the journal and for every line of a log."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID_LENGTH = 64
WELL_FORMED = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{7,{REQUEST_ID_LENGTH - 1}}}")

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_task_id: ContextVar[str] = ContextVar("task_id", default="")


def read_request_id() -> str:
    """Empty outside of a request."""
    return _request_id.get()


def read_task_id() -> str:
    """Empty outside of a task."""
    return _task_id.get()


@contextmanager
def within_request(request_id: str) -> Iterator[None]:
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


@contextmanager
def within_task(task_id: str) -> Iterator[None]:
    token = _task_id.set(task_id)
    try:
        yield
    finally:
        _task_id.reset(token)


def choose_request_id(offered: str) -> str:
    """What the caller or the proxy calls the request, if that is a plain word of 8 to 64 characters; or a new name."""
    return offered if WELL_FORMED.fullmatch(offered) else secrets.token_hex(16)
