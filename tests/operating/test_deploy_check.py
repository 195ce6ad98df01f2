"""`check --deploy` has nothing to say of an installation that is set up as the README tells."""

import os
import subprocess
import sys
from pathlib import Path

from tests.processes import ROOT

ERROR, WARNING = "crmpos.E002", "security.W004"


def run_check(tmp_path: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LD_LIBRARY_PATH")}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=kept | {"CRMPOS_DATA": str(tmp_path), "LANGUAGE_CODE": "en"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_clean(tmp_path: Path) -> None:
    done = run_check(
        tmp_path,
        SECRET_KEY="k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz",
        DATABASE_URL="postgresql://crmpos:word@127.0.0.1:1/books",
        CELERY_BROKER_URL="redis://127.0.0.1:1/0",
        ALLOWED_HOSTS="books.example",
        SITE_URL="https://books.example",
        HTTPS="true",
        EMAIL_URL="smtps://books:word@mail.example",
        EMAIL_FROM="crmpos@books.example",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # One is silenced, and its reason stands beside it in the settings.
    assert done.stdout.strip() == "System check identified no issues (1 silenced)."


def test_a_laptop_is_not(tmp_path: Path) -> None:
    done = run_check(tmp_path)
    assert done.returncode == 1
    assert ERROR in done.stderr and WARNING in done.stderr
