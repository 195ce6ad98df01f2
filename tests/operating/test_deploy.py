"""What stands in crmpos/deploy fits the program: settings, queues, packages, and no more rights than are needed."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.processes import ROOT
from tests.test_readme import list_settings_read

DEPLOY = ROOT / "crmpos" / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
# Read by gunicorn.conf.py, by the worker's unit and by compose.
NOT_OF_DJANGO = {"GUNICORN_BIND", "WEB_CONCURRENCY", "WORKER_CONCURRENCY"}


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def list_known_variables() -> set[str]:
    names = set()
    for name, can_be_file in list_settings_read():
        names |= {name, f"{name}_FILE"} if can_be_file else {name}
    return names | NOT_OF_DJANGO


def list_queues() -> set[str]:
    return {queue.name for queue in settings.CELERY_TASK_QUEUES}


# --- packages ----------------------------------------------------------------------------------------------


def read_lock() -> dict[str, Version]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", read("requirements.lock"), re.MULTILINE)
    return {canonicalize_name(name): Version(version) for name, version in lines}


def list_dependencies() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


@pytest.mark.parametrize("wanted", list_dependencies(), ids=lambda wanted: wanted.name)
def test_the_lock_has_what_the_project_asks_for(wanted: Requirement) -> None:
    assert wanted.specifier.contains(read_lock()[canonicalize_name(wanted.name)])


def test_the_lock_names_no_host_and_knows_every_file_by_its_hash() -> None:
    content = read("requirements.lock")
    assert "://" not in content and "index" not in content.replace("--no-emit-index-url", "")
    entries = re.split(r"\n(?=[A-Za-z0-9])", content.partition("requirements.lock\n")[2])
    assert len(entries) == len(read_lock()) > 40
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


# --- settings and queues -----------------------------------------------------------------------------------


def test_the_example_names_settings_that_there_are() -> None:
    names = re.findall(r"^([A-Z_]+)=", read("crmpos.env.example"), re.MULTILINE)
    assert len(names) > 10
    assert set(names) <= list_known_variables()


def read_compose() -> dict[str, Any]:
    composed: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return composed


def test_compose_names_settings_that_there_are() -> None:
    services = read_compose()["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "crmpos"}
    assert set(ours) == {"prepare", "migrate", "web", "judging", "messengers", "beat"}
    for service in ours.values():
        assert set(service["environment"]) <= list_known_variables()
        assert service["cap_drop"] == ["ALL"] and service["read_only"] is True


def test_the_workers_of_compose_take_from_every_queue_once() -> None:
    commands = [service.get("command", []) for service in read_compose()["services"].values()]
    queues = [name for command in commands if "-Q" in command for name in command[command.index("-Q") + 1].split(",")]
    assert sorted(queues) == sorted(list_queues())


def test_nothing_starts_before_the_database_is_migrated() -> None:
    services = read_compose()["services"]
    for name in ("web", "judging", "messengers", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name
    assert services["migrate"]["command"] == ["python", "manage.py", "migrate", "--no-input"]


def test_the_container_is_nobody_and_is_asked_whether_it_lives() -> None:
    content = read("Containerfile")
    stages = content.split("\nFROM ")[1:]
    assert len(stages) == 2
    assert "USER 10001" in stages[-1] and "HEALTHCHECK" in stages[-1] and "/healthz" in stages[-1]
    assert "collectstatic" in stages[0] and "--require-hashes" in stages[0]
    copied = re.findall(r"^COPY (?!--from)(\S+)", content, re.MULTILINE)
    assert [path for path in copied if not (ROOT / path).exists()] == []


# --- systemd -----------------------------------------------------------------------------------------------


def test_the_worker_of_systemd_names_the_queues_that_there_are() -> None:
    content = read("systemd/crmpos-worker@.service")
    assert set(re.findall(r"crmpos-worker@(\w+)", content)) == list_queues()


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_service_is_nobody_and_locked_up(unit: Path) -> None:
    content = unit.read_text(encoding="utf-8")
    wanted = (
        "User=crmpos",
        "NoNewPrivileges=true",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=\n",
        "Restart=always",
    )
    assert [line for line in wanted if line not in content] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    # The programs that they start are not installed here; that is not what is asked.
    for unit in UNITS:
        content = re.sub(r"/srv/crmpos/venv/bin/\w+", "/bin/true", unit.read_text(encoding="utf-8"))
        (tmp_path / unit.name).write_text(content, encoding="utf-8")
    instances = [tmp_path / unit.name.replace("@.", "@judging.") for unit in UNITS]
    for unit, instance in zip(UNITS, instances, strict=True):
        if instance.name != unit.name:
            instance.write_bytes((tmp_path / unit.name).read_bytes())
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, instances)], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "crmpos-" in line]
    assert told == []
