"""Without a broker, a task runs in the process that sent it. Each test is a process with nothing configured."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 180

PREPARE = """
import threading
import django
django.setup()
from django.contrib.auth.models import Group
from django.db import transaction
from crmpos.celery import app
from crmpos.in_process import InProcessTasks

ran = threading.Event()

@app.task
def rename_group(pk):
    Group.objects.filter(pk=pk).update(name="renamed by the task")
    ran.set()

def record_group():
    ran.clear()
    with transaction.atomic():
        group = Group.objects.create(name="made by the request")
        rename_group.delay_on_commit(group.pk)
    return group

def show_and_delete(group):
    group.refresh_from_db()
    print(group.name)
    group.delete()
"""

START_AND_STOP_TWICE = """
before = threading.active_count()
for _ in range(2):
    with InProcessTasks():
        group = record_group()
        ran.wait(30)
    show_and_delete(group)
print(threading.active_count() - before, "threads left")
"""

WAIT_FOR_EACH_OTHER = """
is_released = threading.Event()

@app.task
def wait_for_release():
    is_released.wait(40)

@app.task
def release():
    is_released.set()

with InProcessTasks():
    wait_for_release.delay()
    release.delay()
    print("side by side" if is_released.wait(30) else "one after the other")
"""

STAY_A_WHILE = """
import time

with InProcessTasks():
    group = record_group()
    ran.wait(30)
    time.sleep(3)  # the shortest interval of the schedule is a second
show_and_delete(group)
"""

SERVE = """
import crmpos.wsgi
group = record_group()
ran.wait(30)
show_and_delete(group)
"""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables: the schedule begins its own tasks meanwhile. Only to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    run_python(folder, "manage.py", "migrate", "--verbosity", "0")
    return folder / "crmpos.sqlite3"


@pytest.fixture
def folder(migrated: Path, tmp_path: Path) -> Path:
    shutil.copy(migrated, tmp_path)
    return tmp_path


def run_program(program: str, folder: Path) -> str:
    return run_python(folder, "-c", PREPARE + program)


def run_python(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=kept | {"CRMPOS_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "crmpos.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def test_a_task_sent_on_commit_sees_what_was_committed_and_the_threads_end(folder: Path) -> None:
    shown = run_program(START_AND_STOP_TWICE, folder)
    assert shown == "renamed by the task\nrenamed by the task\n0 threads left\n"


def test_the_schedule_runs_beside_without_a_word(folder: Path) -> None:
    assert run_program(STAY_A_WHILE, folder) == "renamed by the task\n"


def test_a_task_that_waits_keeps_no_other_waiting(folder: Path) -> None:
    assert run_program(WAIT_FOR_EACH_OTHER, folder) == "side by side\n"


def test_a_web_server_runs_its_tasks_and_ends_cleanly(folder: Path) -> None:
    assert run_program(SERVE, folder) == "renamed by the task\n"
