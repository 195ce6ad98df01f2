"""The step of .ci/run that asks for known vulnerabilities: what fails it, and what it must not hide."""

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from tests.processes import ROOT


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name: str, *faults: str) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [{"id": fault, "fix_versions": ["1.1"]} for fault in faults]}


def test_a_known_vulnerability_fails(audit: ModuleType) -> None:
    status, said = audit.judge({"dependencies": [package("django", "PYSEC-1"), package("celery")]}, "")
    assert (status, said) == (
        1,
        ["2 packages audited, 1 known vulnerabilities.", "django 1.0: PYSEC-1, mended in 1.1"],
    )


def test_none_passes(audit: ModuleType) -> None:
    assert audit.judge({"dependencies": [package("django")]}, "") == (
        0,
        ["1 packages audited, 0 known vulnerabilities."],
    )


def test_what_nobody_knows_is_said(audit: ModuleType) -> None:
    unknown = {"name": "django", "skip_reason": "Dependency not found"}
    status, said = audit.judge({"dependencies": [unknown]}, "")
    assert status == 0
    assert said[-1] == "NOT AUDITED, for the index tells nothing of them: django."


@pytest.mark.parametrize(
    "errors", ["ERROR:pip_audit: Could not connect to PyPI's vulnerability feed", "Max retries exceeded with url"]
)
def test_without_a_network_nothing_fails_and_it_is_said(audit: ModuleType, errors: str) -> None:
    assert audit.judge(None, errors) == (0, ["NOT AUDITED: there is no network."])


def test_an_audit_that_breaks_fails(audit: ModuleType) -> None:
    assert audit.judge(None, "usage: pip-audit")[0] == 1
