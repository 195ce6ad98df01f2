"""Real processes beside a test: the environment that they share with it. Used by tests."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent

WAIT_SECONDS = 180
WAITS_FOR_ME = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"

Environment = dict[str, str]


def share_database(**more: str) -> Environment:
    """The variables of a process that works on this test's database (which must be a `transactional_db`)."""
    return dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "crmpos.settings", "DATABASE_URL": name_database()} | more


def bare_environment(**more: str) -> Environment:
    """The variables of a process of a new user, who has configured nothing but `more`."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CELERY_BROKER_URL")}
    return kept | {"DJANGO_SETTINGS_MODULE": "crmpos.settings"} | more


def name_database() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    host, port = database["HOST"] or "localhost", database["PORT"] or 5432
    return f"postgresql://{database['USER']}{password}@{host}:{port}/{database['NAME']}"


def start_command(*command: str) -> "subprocess.Popen[str]":
    """`manage.py` with a command, in English."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=share_database(LANGUAGE_CODE="en"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """How a process ended, and what it wrote."""
    output, errors = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, output, errors


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.01)


def is_waited_for() -> bool:
    """Whether another connection to PostgreSQL waits for a lock of this one."""
    with connection.cursor() as cursor:
        cursor.execute(WAITS_FOR_ME)
        (count,) = cursor.fetchone()
    return bool(count)
