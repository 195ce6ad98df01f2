"""The README says what is so: its tables name exactly the settings, commands and kinds that there are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciliation.rules.kinds import KINDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_COMMAND = "pip install uv && uv run manage.py demo"
TEST_COMMAND = "pip install uv && uv run pytest"
WITH_FILE = ("read_secret", "read_database", "read_broker", "read_cache", "read_mail_server")


def read_section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def list_first_column(title: str) -> list[str]:
    return re.findall(r"^\| (`[^|]*?) \|", read_section(title), re.MULTILINE)


def list_settings_read() -> Iterator[tuple[str, bool]]:
    """Every variable that the settings read, and whether a file may hold its value."""
    for node in ast.walk(ast.parse((ROOT / "crmpos" / "settings.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.startswith("read_"):
            name = node.args[0]
            assert isinstance(name, ast.Constant)
            yield str(name.value), node.func.id in WITH_FILE


def test_every_setting_is_in_the_table_and_no_other() -> None:
    told = {cell.strip("`* "): cell.endswith("*") for cell in list_first_column("Settings")}
    assert told == dict(list_settings_read())


def test_every_command_is_in_the_table_and_no_other() -> None:
    commands = {
        path.stem
        for app in ("crmpos", "reconciliation", "shops")
        for path in (ROOT / app / "management" / "commands").glob("[!_]*.py")
    }
    assert {cell.strip("`") for cell in list_first_column("Commands")} == commands


def test_every_kind_is_in_the_tables_in_the_order_of_the_program() -> None:
    assert [cell.strip("`") for cell in list_first_column("Kinds of discrepancy")] == [kind.value for kind in KINDS]


@pytest.mark.parametrize("command", [FIRST_COMMAND, TEST_COMMAND])
def test_a_fresh_machine_needs_two_commands(command: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", read_section("Start"), re.DOTALL)
    assert len(blocks) == 2
    assert f"{command}\n" in blocks


def test_every_path_that_it_names_is_there() -> None:
    named = set(re.findall(r"(?<![/\w])((?:crmpos|shops|reconciliation|tests|templates)/[\w./-]*)", README))
    assert [path for path in named if not (ROOT / path).exists()] == []
