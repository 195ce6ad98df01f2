"""Rows that stand for all tests of a module: made once, as many tests change them, taken back when the last is done."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from pytest_django import DjangoDbBlocker


@contextmanager
def standing(blocker: DjangoDbBlocker) -> Iterator[None]:
    """What is made inside is there until the end. A test's own transaction lies in this one and is taken back alone.

    For a fixture of a module, which needs `django_db_setup` first; every test of the module sees the rows.
    """
    outer = transaction.atomic()
    outer._from_testcase = True  # type: ignore[attr-defined]
    with blocker.unblock(), outer:
        yield
        transaction.set_rollback(True)
