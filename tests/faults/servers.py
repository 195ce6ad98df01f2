"""Servers of a test's own, which it may kill: PostgreSQL, Redis, gunicorn, Celery's worker and beat. Used by tests."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.conftest import NO_REDIS, find_free_port, start_redis, wait_for_redis
from tests.processes import ROOT, Environment, bare_environment, wait_until

STOP_SECONDS = 45  # gunicorn gives its workers 30, as the production configuration has it
START_SECONDS = 60
NO_POSTGRESQL = "no PostgreSQL: the server's programs are not installed"
SMALL_SHOP, BIG_SHOP = 7, 8

MAKE_BOOKS = f"""
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone
from shops.access import create_key
from shops.models import Shop
call_command("migrate", verbosity=0)
secrets = {{}}
for number in ({SMALL_SHOP}, {BIG_SHOP}):
    shop = Shop.objects.create(number=number)
    for role in ("register", "crm"):
        secrets[f"{{role}} {{number}}"] = create_key(shop, role, now=timezone.now()).secret
print(json.dumps(secrets))
"""


class Server:
    """A process that is stopped, killed and started again, always with the same command; it writes one log."""

    def __init__(
        self, command: Sequence[str], log: Path, *, environment: Environment | None = None, user: str | None = None
    ) -> None:
        self.command, self.log, self.environment, self.user = command, log, environment, user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        as_user: dict[str, Any] = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd="/" if self.user else ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **as_user,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def list_children(self) -> list[int]:
        """The processes that it has started itself."""
        return list_children(self.pid)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(with_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None

    def kill(self) -> None:
        """Ends it and its children at once, as a power cut would."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def list_children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return []
    return [int(word) for word in text.split()]


# --- databases ---------------------------------------------------------------------------------------------


class PostgreSQL:
    """A server on a free port, in a folder that its own user may enter; `more` are settings of it."""

    def __init__(self, programs: Path, **more: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="crmpos-faults-"))
        self.folder.chmod(0o755)
        self.user = "postgres" if os.getuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user, self.user)
        self.port = find_free_port()
        data = self.folder / "data"
        as_user: dict[str, Any] = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        subprocess.run(
            [programs / "initdb", "--no-sync", "--auth=trust", "--username=crmpos", "--encoding=UTF8", "-D", data],
            cwd="/",
            check=True,
            capture_output=True,
            **as_user,
        )
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            # The processes die, the machine does not: what was handed to the system survives.
            "fsync": "off",
            "max_connections": "60",
        } | more
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.server = Server(
            [str(programs / "postgres"), "-D", str(data), "-p", str(self.port), *options],
            self.folder / "log",
            user=self.user,
        )
        if self.user:
            self.server.log.touch()
            shutil.chown(self.server.log, self.user, self.user)

    def url(self, name: str) -> str:
        return f"postgresql://crmpos@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        self.server.start()
        wait_until(self._answers)

    def stop(self) -> None:
        """Ends all connections and stops, as an administrator would."""
        self.server.stop(signal.SIGINT)

    def crash(self) -> None:
        """Stops without a checkpoint; it recovers when it is started again."""
        self.server.stop(signal.SIGQUIT)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def remove(self) -> None:
        self.server.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def find_postgresql() -> Path | None:
    """The folder with the programs of the newest PostgreSQL server; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


@dataclass
class Books:
    """A database with two shops and a key for each role; what is in it is asked in SQL."""

    url: str
    secrets: dict[str, str]

    def query(self, statement: str) -> list[Any]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(urlsplit(self.url).path, timeout=30)) as connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()

    def count(self, statement: str) -> int:
        number: int = self.query(f"SELECT count(*) FROM {statement}")[0][0]
        return number

    def count_waiting(self) -> int:
        """What is still to be judged, requests left out whose answer may still come."""
        waits = "WHERE unjudged_since IS NOT NULL"
        return sum(self.count(f"shops_{table} {waits}") for table in ("bill", "receipt", "shift"))


def make_books(url: str, folder: Path) -> dict[str, str]:
    """Fills an empty database; the keys by role and shop."""
    done = subprocess.run(
        [sys.executable, "-c", MAKE_BOOKS],
        cwd=ROOT,
        env=bare_environment(DATABASE_URL=url, CRMPOS_DATA=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    secrets: dict[str, str] = json.loads(done.stdout)
    return secrets


# --- Redis -------------------------------------------------------------------------------------------------


class Redis:
    """A server that keeps nothing: started again, it is empty."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip(NO_REDIS)
        self.program, self.folder, self.port = program, folder, find_free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        self.process = start_redis(self.program, self.port, self.folder)
        wait_for_redis(self.url)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """It accepts connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


# --- the program -------------------------------------------------------------------------------------------


@dataclass
class System:
    """crmpos as it runs in production: its processes over some books and, if there is one, a broker."""

    books: Books
    folder: Path
    broker_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)
    port: int = 0

    @property
    def environment(self) -> Environment:
        return bare_environment(
            DATABASE_URL=self.books.url,
            CELERY_BROKER_URL=self.broker_url,
            CRMPOS_DATA=str(self.folder),
            LANGUAGE_CODE="en",
            **self.settings,
        )

    def start_web(self, *, workers: int = 3) -> Server:
        """Gunicorn. With a broker it loads the program once and forks, so that a killed worker is replaced at once."""
        self.port = self.port or find_free_port()
        command = [sys.executable, "-m", "gunicorn", "-c", "crmpos/deploy/gunicorn.conf.py"]
        command += ["--workers", str(workers), "--threads", "4"]
        preload = ["--preload"] if self.broker_url else []
        server = self._start([*command, *preload, "--bind", f"127.0.0.1:{self.port}", "crmpos.wsgi"], "web")
        wait_until(lambda: _is_served(self.port))
        return server

    def start_worker(self, *arguments: str, concurrency: int = 1, name: str = "worker") -> Server:
        command = [sys.executable, "-m", "celery", "-A", "crmpos.celery", "worker", "--concurrency", str(concurrency)]
        server = self._start([*command, "--hostname", f"{name}@here", *arguments], name)
        wait_until(lambda: "ready." in server.read_log())
        return server

    def start_beat(self) -> Server:
        return self._start([sys.executable, "-m", "celery", "-A", "crmpos.celery", "beat"], "beat")

    def run(self, program: str, *arguments: str) -> str:
        """What a program in Python prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def stop(self) -> None:
        for server in reversed(self.servers):
            if server.process is not None:
                server.stop()

    def _start(self, command: list[str], name: str) -> Server:
        server = Server(command, self.folder / f"{name}.log", environment=self.environment)
        server.start()
        self.servers.append(server)
        return server


@contextmanager
def running(books: Books, folder: Path, broker_url: str = "", **settings: str) -> Iterator[System]:
    """A system whose processes are gone afterwards, whatever becomes of the test."""
    system = System(books, folder, broker_url, settings)
    try:
        yield system
    finally:
        try:
            system.stop()
        finally:
            for server in system.servers:
                if server.process is not None:
                    server.kill()


def _is_served(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)) as connection:
            connection.request("GET", "/api/v2/list")
            return connection.getresponse().status == 401
    except OSError:
        return False
