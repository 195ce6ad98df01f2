"""Settings come from the environment: nothing set gives the embedded default, anything wrong is refused by name."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

from crmpos.secret_key import load_or_make_secret_key

ROOT = Path(__file__).resolve().parent.parent
SHOW = (
    "from django.conf import settings as s; from django.db import connection as c;"
    "print(c.vendor, c.settings_dict['NAME'], s.DEBUG, s.SECRET_KEY, s.CELERY_BROKER_URL, s.LANGUAGE_CODE, s.TIME_ZONE)"
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_with(tmp_path: Path) -> Run:
    """Runs a Python program with these variables and none of the settings that the tests run with."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}

    def run(program: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = kept | {"CRMPOS_DATA": str(tmp_path / "data"), "DJANGO_SETTINGS_MODULE": "crmpos.settings"}
        return subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {program}"],
            cwd=ROOT,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_nothing_set_gives_the_embedded_default(run_with: Run, tmp_path: Path) -> None:
    first, second = run_with(SHOW), run_with(SHOW)
    assert first.stderr == ""
    vendor, name, debug, key, broker, language, time_zone = first.stdout.split()
    assert (vendor, name) == ("sqlite", str(tmp_path / "data" / "crmpos.sqlite3"))
    assert (debug, broker, language, time_zone) == ("False", "memory://localhost/", "ru", "Europe/Moscow")
    assert len(key) >= 50
    assert second.stdout == first.stdout, "the key is made once"
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_everything_set_writes_nothing(run_with: Run, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a key from a file\n")
    done = run_with(
        SHOW,
        SECRET_KEY_FILE=str(secret),
        DATABASE_URL="postgresql://crmpos:word@db.example/books",
        CELERY_BROKER_URL="redis://broker.example/0",
        DEBUG="TRUE",
        LANGUAGE_CODE="en",
        TIME_ZONE="UTC",
    )
    assert done.stdout.strip() == "postgresql books True a key from a file redis://broker.example/0 en UTC"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("variables", "cache"),
    [
        ({}, "LocMemCache"),
        ({"CELERY_BROKER_URL": "redis://broker.example/0"}, "RedisCache redis://broker.example/0"),
        ({"CACHE_URL": "rediss://cache.example/1"}, "RedisCache rediss://cache.example/1"),
        (
            {"CACHE_URL": "redis://cache.example/1", "CELERY_BROKER_URL": "redis://broker.example/0"},
            "RedisCache redis://cache.example/1",
        ),
    ],
)
def test_calls_are_counted_in_redis_where_there_is_one(run_with: Run, variables: dict[str, str], cache: str) -> None:
    show = (
        "from django.conf import settings as s; c = s.CACHES['default'];"
        "print(c['BACKEND'].split('.')[-1], c.get('LOCATION', ''))"
    )
    done = run_with(show, **variables)
    assert (done.stderr, done.stdout.strip()) == ("", cache)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", "localhost 25 False False"),
        ("smtp://mail.example", "mail.example 25 False False"),
        ("smtp://a%40b.example:p%2Fw@mail.example:587?tls=true", "mail.example 587 a@b.example p/w True False"),
        ("smtps://books:word@mail.example", "mail.example 465 books word False True"),
    ],
)
def test_the_mail_server_is_read_from_its_url(run_with: Run, url: str, server: str) -> None:
    show = (
        "from django.conf import settings as s;"
        "names = ('HOST', 'PORT', 'HOST_USER', 'HOST_PASSWORD', 'USE_TLS', 'USE_SSL');"
        "shown = [getattr(s, f'EMAIL_{name}') for name in names];"
        "print(*(part for part in shown if part != ''))"
    )
    done = run_with(show, EMAIL_URL=url)
    assert (done.stderr, done.stdout.strip()) == ("", server)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("DEBUG", "flase", "true, false, 1 or 0"),
        ("DEBUG", "yes", "true, false, 1 or 0"),
        ("HTTPS", "2", "true, false, 1 or 0"),
        ("TASK_TIME_LIMIT_SECONDS", "ten", "a whole number from 1 to 3000"),
        ("TASK_TIME_LIMIT_SECONDS", "1_0", "a whole number from 1 to 3000"),
        ("TASK_TIME_LIMIT_SECONDS", "0", "a whole number from 1 to 3000"),
        ("TASK_TIME_LIMIT_SECONDS", "3001", "a whole number from 1 to 3000"),
        ("API_RATE_OFFICE", "0", "a whole number from 1 to 1000000"),
        ("LOGIN_FAILURE_LIMIT", "0", "a whole number from 1 to 1000"),
        ("LOGIN_LOCK_MINUTES", "none", "a whole number from 1 to 1440"),
        ("PROXY_COUNT", "-1", "a whole number from 0 to 10"),
        ("ALLOWED_HOSTS", "a.example,,b.example", "values separated by single commas, none of them empty"),
        ("LANGUAGE_CODE", "de", "ru or en"),
        ("LOG_LEVEL", "loud", "DEBUG or INFO or WARNING or ERROR"),
        ("TIME_ZONE", "Moscow", "the name of a time zone, as Europe/Moscow"),
        ("SECRET_KEY_FILE", "/nowhere/key", "a readable text file"),
        ("SITE_URL", "books.example", "the address of the site, as https://books.example"),
        ("SITE_URL", "https://", "the address of the site, as https://books.example"),
    ],
)
def test_a_wrong_value_is_refused_by_name(run_with: Run, variable: str, value: str, allowed: str) -> None:
    done = run_with(SHOW, **{variable: value})
    assert done.returncode != 0
    assert f"ImproperlyConfigured: {variable} is {value!r}; allowed: {allowed}" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "shown"),
    [
        ("DATABASE_URL", "mysql://books:s3cret@db.example/books", "mysql://..."),
        ("DATABASE_URL", "postgresql://books:s3cret@db.example:port/books", "postgresql://..."),
        ("CELERY_BROKER_URL", "amqp://books:s3cret@broker.example", "amqp://..."),
        ("CELERY_BROKER_URL", "s3cret", "..."),
        ("CACHE_URL", "memcached://books:s3cret@cache.example", "memcached://..."),
        ("EMAIL_URL", "mail://books:s3cret@mail.example", "mail://..."),
        ("EMAIL_URL", "smtp://books:s3cret@", "smtp://..."),
        ("EMAIL_URL", "smtp://books:s3cret@mail.example:port", "smtp://..."),
        ("EMAIL_URL", "smtp://books:s3cret@mail.example?tls=yes", "smtp://..."),
        ("EMAIL_URL", "smtps://books:s3cret@mail.example?tls=true", "smtps://..."),
    ],
)
def test_a_wrong_address_is_refused_without_its_password(run_with: Run, variable: str, value: str, shown: str) -> None:
    done = run_with(SHOW, **{variable: value})
    refusal = done.stderr.strip().splitlines()[-1]
    assert f"{variable} is {shown!r}; allowed: " in refusal
    assert "s3cret" not in done.stderr


def test_a_secret_given_twice_is_refused(run_with: Run) -> None:
    done = run_with(SHOW, SECRET_KEY="a", SECRET_KEY_FILE="b")
    assert "SECRET_KEY and SECRET_KEY_FILE are both set: set one of them." in done.stderr


def test_processes_that_start_together_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_make_secret_key, [path] * 32))
    assert len(keys) == 1
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"], "no draft is left behind"


def list_own_checks() -> list[str]:
    found = {str(message.id) for message in run_checks(include_deployment_checks=True)}
    return sorted(name for name in found if name.startswith("crmpos."))


def test_a_deployment_without_its_settings_is_told(settings: Settings, tmp_path: Path) -> None:
    settings.SECRET_KEY_IS_GIVEN = False
    settings.TASKS_RUN_IN_PROCESS = True
    settings.ALLOWED_HOSTS = ["*"]
    settings.STATIC_ROOT = tmp_path
    settings.DEBUG = True
    settings.MAIL_SERVER_IS_SET = False
    errors = ["crmpos.E001", "crmpos.E002", "crmpos.E003", "crmpos.E004"]
    assert list_own_checks() == [*errors, "crmpos.W001", "crmpos.W002"]


def test_a_complete_deployment_is_content(settings: Settings) -> None:
    settings.SECRET_KEY_IS_GIVEN = True
    settings.TASKS_RUN_IN_PROCESS = False
    settings.ALLOWED_HOSTS = ["books.example"]
    settings.STATIC_ROOT = None
    settings.DEBUG = False
    settings.MAIL_SERVER_IS_SET = settings.EMAIL_FROM_IS_GIVEN = True
    settings.SITE_URL = "https://books.example"
    assert list_own_checks() == []


def test_letters_without_a_sender_and_without_links_are_told(settings: Settings) -> None:
    settings.MAIL_SERVER_IS_SET = True
    settings.EMAIL_FROM_IS_GIVEN, settings.SITE_URL = False, ""
    said = [message.msg for message in run_checks(include_deployment_checks=True) if message.id == "crmpos.W003"]
    assert said == ["EMAIL_URL is set, and EMAIL_FROM is not.", "EMAIL_URL is set, and SITE_URL is not."]


@pytest.mark.parametrize(("https", "count", "told"), [(True, 0, ["crmpos.W005"]), (True, 1, []), (False, 0, [])])
def test_a_proxy_that_is_not_counted_is_told(settings: Settings, https: bool, count: int, told: list[str]) -> None:
    settings.HTTPS, settings.PROXY_COUNT = https, count
    assert [name for name in list_own_checks() if name == "crmpos.W005"] == told


@pytest.mark.django_db
def test_the_embedded_database_is_safe_under_several_writers() -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            answers = [cursor.execute(f"PRAGMA {name}").fetchone() for name in ("journal_mode", "busy_timeout")]
        assert answers == [("wal",), (20000,)]
        assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    else:
        assert connection.settings_dict["CONN_HEALTH_CHECKS"]
