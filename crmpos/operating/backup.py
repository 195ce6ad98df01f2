"""A copy of the embedded database while the program works on. PostgreSQL brings its own: `pg_dump`."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connection

COPYING_SUFFIX = ".copying"


class NotEmbedded(Exception):
    """The database is a server's."""


class DamagedCopy(Exception):
    """SQLite finds the copy damaged; says what it finds."""


def back_up(target: Path) -> int:
    """Writes the database as it is at one moment into the file, which is there whole or not at all; its bytes.

    Who writes meanwhile is not kept waiting. Raises NotEmbedded, FileExistsError, DamagedCopy.
    """
    if connection.vendor != "sqlite":
        raise NotEmbedded
    if target.exists():
        raise FileExistsError(target)
    copying = target.with_name(target.name + COPYING_SUFFIX)
    copying.unlink(missing_ok=True)
    try:
        # It may hold what an office must not lose sight of: nobody else reads it.
        copying.touch(mode=0o600)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copying)])
        _examine(copying)
        _write_through(copying)
        # Not `replace`: another backup may have taken the name meanwhile.
        os.link(copying, target)
        _write_through(target.parent)
    finally:
        copying.unlink(missing_ok=True)
    return target.stat().st_size


def _examine(file: Path) -> None:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise DamagedCopy(found)


def _write_through(path: Path) -> None:
    """A power cut after this takes nothing of it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
