"""The first command of a new user, before anything was prepared."""

import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT, bare_environment

SAMPLE = ROOT / "crmpos" / "samples" / "exchange-log.txt"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = bare_environment(CRMPOS_DATA=str(folder))
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_an_embedded_database_is_made_by_the_first_command_that_needs_it(tmp_path: Path) -> None:
    done = run(tmp_path, "import_exchange_log", str(SAMPLE))
    assert done.returncode == 0, done.stderr
    assert run(tmp_path, "discrepancies", "--format", "json").stdout.strip() == "[]"


def test_a_database_that_is_not_up_to_date_is_left_to_its_administrator(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate", "shops", "0001", "--verbosity", "0").returncode == 0
    done = run(tmp_path, "discrepancies")
    assert done.returncode == 1
    assert "manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr
