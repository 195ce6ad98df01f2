"""Databases that are made for one benchmark and dropped after it. Used by `manage.py benchmark`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.db import connection
from psycopg import sql

from tests.faults.servers import NO_POSTGRESQL, PostgreSQL, find_postgresql

SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class PostgreSQLServer:
    url: str
    is_postgresql = True

    @contextmanager
    def open_database(self, name: str) -> Iterator[str]:
        database = f"crmpos_benchmark_{name.replace('-', '_')}"
        self._drop(database)
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        try:
            yield urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))
        finally:
            self._drop(database)

    def _drop(self, database: str) -> None:
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@dataclass(frozen=True, slots=True)
class SQLiteFolder:
    is_postgresql = False

    @contextmanager
    def open_database(self, name: str) -> Iterator[str]:
        folder = Path(tempfile.mkdtemp(prefix="crmpos-benchmark-"))
        try:
            yield f"sqlite:///{folder / 'db.sqlite3'}"
        finally:
            shutil.rmtree(folder)


@contextmanager
def open_server(url: str | None) -> Iterator[PostgreSQLServer | SQLiteFolder]:
    """Where databases are made: the server at `url`, SQLite for `sqlite`, or a server that is started for this.

    The one that is started writes durably (`fsync`), as one in use does.
    """
    if url is not None:
        yield SQLiteFolder() if url.startswith(SQLITE) else PostgreSQLServer(url)
        return
    programs = find_postgresql()
    assert programs is not None, NO_POSTGRESQL
    server = PostgreSQL(programs, fsync="on", max_connections="200", shared_buffers="1GB", max_wal_size="8GB")
    try:
        server.start()
        yield PostgreSQLServer(server.url("postgres"))
    finally:
        server.remove()


def settle() -> None:
    """After filling the database: its statistics are right, and PostgreSQL has nothing left to write.

    What it spread over the next minutes would slow down whoever writes too, and nobody who only reads.
    """
    with connection.cursor() as cursor:
        for statement in ("VACUUM ANALYZE", "CHECKPOINT") if connection.vendor == "postgresql" else ("ANALYZE",):
            cursor.execute(statement)
