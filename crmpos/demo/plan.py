"""What this installation's demonstration consists of, kept in a file beside the database (CRMPOS_DATA).

The history must be the same at every start, and it ends on the day of the first one: that day has to be
remembered. Whether all of it is in the database is not: the database itself says so.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from django.conf import settings

SEED = 40
SHOPS = 5
DAYS = 90


@dataclass(slots=True)
class DemoPlan:
    """The history to load, and the passwords that were made for the logins."""

    bills: int
    end: datetime  # naive, in Moscow time, as the history has it
    entries: int | None = None  # how many journal entries the history has; None until it was played to its end
    passwords: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """Replaces the file at once, so that it is never half written; readable by its owner only."""
        path = find_plan_file()
        draft = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self) | {"end": self.end.isoformat()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def find_plan_file() -> Path:
    folder: Path = settings.DATA_DIR
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "demo.json"


def load_plan() -> DemoPlan | None:
    """The plan of an earlier start, if there was one."""
    try:
        content = json.loads(find_plan_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return DemoPlan(**content | {"end": datetime.fromisoformat(content["end"])})
