"""Ctrl-C ends a command without a traceback."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.processes import ROOT, bare_environment

START_SECONDS = 180


def test_a_command_that_is_interrupted_ends_without_a_traceback(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    wait = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep({START_SECONDS})"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", wait],
        cwd=ROOT,
        env=bare_environment(CRMPOS_DATA=str(tmp_path)),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=START_SECONDS)
    assert (process.returncode, errors.strip()) == (130, "")
