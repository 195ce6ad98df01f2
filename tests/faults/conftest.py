"""Databases and a broker that a test may stop, kill and fill up."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.faults.servers import NO_POSTGRESQL, Books, PostgreSQL, Redis, find_postgresql, make_books

TEMPLATE = "template_books"


@pytest.fixture(scope="session")
def template(postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The keys of books on PostgreSQL that others are copied from."""
    postgresql.execute(f"CREATE DATABASE {TEMPLATE}")
    return make_books(postgresql.url(TEMPLATE), tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of these tests' own. Whoever stops it starts it again."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip(NO_POSTGRESQL)
    server = PostgreSQL(programs)
    server.start()
    yield server
    server.remove()


_numbers = count(1)


@pytest.fixture
def books(postgresql: PostgreSQL, template: dict[str, str]) -> Iterator[Books]:
    """Books on PostgreSQL."""
    name = f"books_{next(_numbers)}"
    postgresql.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield Books(postgresql.url(name), template)
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def embedded_template(tmp_path_factory: pytest.TempPathFactory) -> Books:
    folder = tmp_path_factory.mktemp("embedded")
    url = f"sqlite:///{folder / 'crmpos.sqlite3'}"
    return Books(url, make_books(url, folder))


@pytest.fixture
def embedded_books(embedded_template: Books, tmp_path: Path) -> Books:
    """Books on SQLite."""
    file = tmp_path / "crmpos.sqlite3"
    shutil.copy(embedded_template.url.removeprefix("sqlite:///"), file)
    return Books(f"sqlite:///{file}", embedded_template.secrets)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of this test's own. Whoever stops it starts it again."""
    redis = Redis(tmp_path)
    yield redis
    redis.stop()
