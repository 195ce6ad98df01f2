"""Makes and keeps the secret key of an installation that was not given one. Used by crmpos.settings only."""

import os
import secrets
from pathlib import Path

KEY_BYTES = 50


def load_or_make_secret_key(path: Path) -> str:
    """The key in the file, which is made on first use and readable by its owner only."""
    if not path.exists():
        _make(path)
    return path.read_text(encoding="ascii").strip()


def _make(path: Path) -> None:
    # Two processes may start at once. Each writes a file of its own, and linking it to the final
    # name succeeds for one of them only; nobody ever reads a file that is half written.
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(KEY_BYTES) + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass  # Another process was first: its key counts.
    finally:
        draft.unlink()
