"""Asks whether a package that production uses has a known vulnerability: `python .ci/audit.py`.

Fails where one has. Where nobody can be asked, as on a machine without a network, it says plainly that nothing was
audited, and does not fail: that is no fault of the program.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "crmpos" / "deploy" / "requirements.lock"
NO_NETWORK = re.compile(
    r"ConnectionError|Could not connect|Max retries|timed out|NameResolution|Temporary failure", re.I
)


def judge(report: dict[str, Any] | None, errors: str) -> tuple[int, list[str]]:
    """The status to end with, and what to say, of pip-audit's report (None where it wrote none) and its errors."""
    if report is None:
        if NO_NETWORK.search(errors):
            return 0, ["NOT AUDITED: there is no network."]
        return 1, ["The audit itself failed:", errors.strip()]
    packages = report["dependencies"]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", [])
    ]
    said = [f"{len(packages) - len(skipped)} packages audited, {len(found)} known vulnerabilities.", *found]
    if skipped:
        said.append(f"NOT AUDITED, for the index tells nothing of them: {', '.join(skipped)}.")
    return (1 if found else 0), said


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "report.json"
        asked = [
            sys.executable,
            "-m",
            "pip_audit",
            "--requirement",
            str(LOCK),
            "--disable-pip",
            "--progress-spinner=off",
        ]
        done = subprocess.run(
            [*asked, "--format=json", f"--output={output}"], capture_output=True, text=True, check=False
        )
        has_report = output.exists() and output.stat().st_size > 0
        report = json.loads(output.read_text(encoding="utf-8")) if has_report else None
    status, said = judge(report, done.stderr)
    print("\n".join(said))
    return status


if __name__ == "__main__":
    sys.exit(main())
