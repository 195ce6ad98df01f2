"""What every test may use: a database in a file, a Redis server, a browser; and the word about what was left out."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import redis
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections, models
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

REDIS_START_SECONDS = 60
# As in an installation that has worked for years: a key of four digits and more is written with spaces where a page
# shows it as a figure, and must never be where a form sends it back.
FIRST_KEY = 1_000_001
DATABASE_FIXTURES = frozenset({"db", "django_db_setup", "live_server"})
NO_REDIS = "no Redis: CELERY_BROKER_URL names none, and redis-server is not installed"
NO_CHROMIUM = "no Chromium: the package is not installed"

hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--heavy", action="store_true", help="tests/faults at their full length: half an hour")
    parser.addoption(
        "--only",
        choices=("database", "rest"),
        help="tests that reach the configured database, or the rest: what they prove is the same on every database",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever asks for no database is kept from it by pytest-django, or starts one of its own."""
    only = config.getoption("--only")
    if only:
        left_out = [item for item in items if reaches_database(item) != (only == "database")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if reaches_database(item) == (only == "database")]


def reaches_database(item: pytest.Item) -> bool:
    """Of its class, by its marker or by its fixtures, as pytest-django decides it."""
    of_class = getattr(item, "cls", None)
    if of_class is not None and issubclass(of_class, TransactionTestCase):
        return True
    asked_for = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not DATABASE_FIXTURES.isdisjoint(asked_for)


@pytest.fixture
def heavy(request: pytest.FixtureRequest) -> bool:
    """Whether a test is to take its time."""
    return bool(request.config.getoption("--heavy"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file, not memory: WAL, locks and second processes work as they do outside of tests."""
    connection = connections["default"]
    if connection.vendor != "sqlite":
        return
    connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    # A test's database need not outlive a power cut.
    options = connection.settings_dict["OPTIONS"]
    connection.settings_dict["OPTIONS"] = options | {
        "init_command": options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Rows that tests make have the keys of an old installation, whichever test comes first."""
    with django_db_blocker.unblock():
        begin_keys_at(FIRST_KEY)


def begin_keys_at(first: int) -> None:
    connection = connections["default"]
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            key = model._meta.pk
            if not isinstance(key, models.AutoField | models.BigAutoField):
                continue
            table = model._meta.db_table
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)", [table, key.column, first])
            else:
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, first - 1])


@pytest.fixture(scope="session", autouse=True)
def passwords_cost_little() -> Iterator[None]:
    """Hashes of the usual kind, which other processes read too, without the time and the memory that each one takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2PasswordHasher, "time_cost", 1)
        patch.setattr(Argon2PasswordHasher, "memory_cost", 8 * Argon2PasswordHasher.parallelism)
        yield


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Redis server: the broker that is configured, or one that lives as long as the tests."""
    if not django_settings.TASKS_RUN_IN_PROCESS:
        yield django_settings.CELERY_BROKER_URL
        return
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(NO_REDIS)
    port = find_free_port()
    folder = tmp_path_factory.mktemp("redis")
    with start_redis(program, port, folder) as server:
        url = f"redis://127.0.0.1:{port}/0"
        wait_for_redis(url)
        yield url
        server.terminate()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that Playwright is told to start (`executable_path`)."""
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    return path


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_redis(program: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )


def wait_for_redis(url: str) -> None:
    deadline = time.monotonic() + REDIS_START_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def pytest_configure() -> None:
    """What a script starts beside itself ignores Ctrl-C, and so would every process that a test interrupts."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what this run did not try, for a green run hides it."""
    left_out = []
    only = terminalreporter.config.getoption("--only")
    if only:
        left_out.append(f"every test that --only={only} does not name")
    if connections["default"].vendor != "postgresql":
        left_out.append("PostgreSQL: DATABASE_URL names none, so everything ran on SQLite")
    if django_settings.TASKS_RUN_IN_PROCESS and shutil.which("redis-server") is None:
        left_out.append(NO_REDIS)
    if find_chromium() is None:
        left_out.append(NO_CHROMIUM)
    terminalreporter.section("left out of this run")
    for reason in left_out or ["nothing"]:
        terminalreporter.write_line(reason)
