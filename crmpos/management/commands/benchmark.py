"""`manage.py benchmark [NAME ...]`: what crmpos does in a second, held against the limit, measured in turn.

The benchmarks are programs in tests/benchmarks. Each gets a database of its own, which is dropped afterwards, and runs
in a process of its own, so that none sees what another has left in memory.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

CATALOGUE, COMPARING, SERVERS = "tests.benchmarks.catalogue", "tests.benchmarks.comparing", "tests.benchmarks.databases"


def _read_numbers(text: str) -> list[int]:
    return [int(word.replace("_", "")) for word in text.split(",")]


class Command(BaseCommand):
    help = "Measures crmpos and its limit in turn, in one run, and prints a table and JSON."
    # A command for engineers, in English like the figures' names; what it needs stands in the tests.

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="all of them where none is named")
        parser.add_argument(
            "--database-url",
            help="a server of PostgreSQL, on which a database is made and dropped for each benchmark, or `sqlite`; "
            "without it a server is started from the installed programs",
        )
        parser.add_argument("--rounds", type=int, help="how often each side is measured")
        parser.add_argument(
            "--rows",
            type=_read_numbers,
            default=[None],
            help="how many rows the benchmarks stand on; several numbers, with commas between, give a curve",
        )
        parser.add_argument("--seconds", type=int, help="how long a measurement by time takes")
        parser.add_argument("--json", type=Path, metavar="FILE", help="where the JSON goes, instead of the output")
        parser.add_argument("--inside", help="(the command itself names the folder of one benchmark's run by it)")

    def handle(self, *args: Any, names: list[str], database_url: str | None, **options: Any) -> None:
        catalogue = self._load(CATALOGUE)
        unknown = [name for name in names if name not in catalogue.BENCHMARKS]
        if unknown:
            known = "\n".join(f"  {name}: {one.what}" for name, one in catalogue.BENCHMARKS.items())
            raise CommandError(f"no such benchmark: {', '.join(unknown)}. There are:\n{known}")
        if options["inside"]:
            return self._measure_here(catalogue, names[0], options)
        results = []
        with self._load(SERVERS).open_server(database_url) as server:
            for name in names or catalogue.BENCHMARKS:
                benchmark = catalogue.BENCHMARKS[name]
                if benchmark.needs_postgresql and not server.is_postgresql:
                    self.stdout.write(f"{name}: only on PostgreSQL, left out")
                    continue
                results += [self._measure(name, server, options | {"rows": rows}) for rows in options["rows"]]
        if len(options["rows"]) > 1:
            self.stdout.write(self._load(COMPARING).write_curves(results))
        self._tell(results, options["json"])

    def _measure(self, name: str, server: Any, options: dict[str, Any]) -> dict[str, Any]:
        """Runs one benchmark in a process of its own, on a database of its own."""
        self.stdout.write(f"{name} ..." if options["rows"] is None else f"{name} at {options['rows']:,} rows ...")
        self.stdout.flush()
        with self._folder() as folder, server.open_database(name) as url:
            environment = os.environ | {"DATABASE_URL": url, "CRMPOS_DATA": str(folder), "LOG_LEVEL": "WARNING"}
            environment.pop("CELERY_BROKER_URL", None)
            given = [f"--{key}={options[key]}" for key in ("rounds", "rows", "seconds") if options[key] is not None]
            command = [sys.executable, "manage.py", "benchmark", name, f"--inside={folder}", *given]
            code = subprocess.run(command, env=environment, check=False).returncode
            if code:
                raise CommandError(f"{name} has failed")
            result: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return result | {"of_rows": options["rows"]}

    def _measure_here(self, catalogue: Any, name: str, options: dict[str, Any]) -> None:
        comparing = self._load(COMPARING)
        folder = Path(options["inside"])
        call_command("migrate", verbosity=0)
        (rows_wanted,) = options["rows"]
        given = {"rounds": options["rounds"], "rows": rows_wanted, "seconds": options["seconds"]}
        given = {key: value for key, value in given.items() if value is not None}
        rows = catalogue.BENCHMARKS[name].load()(catalogue.Ground(os.environ["DATABASE_URL"], folder, **given))
        self.stdout.write(comparing.write_table(rows))
        if more := comparing.write_more(rows):
            self.stdout.write(more)
        result = {"name": name, "machine": comparing.describe_machine(), "rows": [row.as_json() for row in rows]}
        (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")

    def _tell(self, results: list[dict[str, Any]], file: Path | None) -> None:
        text = json.dumps(results, ensure_ascii=False, indent=2)
        if file is None:
            self.stdout.write(text)
        else:
            file.write_text(text + "\n", encoding="utf-8")

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="crmpos-benchmark-") as name:
            yield Path(name)

    def _load(self, module: str) -> Any:
        """A part of tests/benchmarks, which an installation without its tests does not have."""
        try:
            return importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise CommandError(f"the benchmarks need the source tree with its tests and tools: {error}") from None
