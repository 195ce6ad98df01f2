#!/usr/bin/env python
"""The command line of crmpos: `uv run manage.py COMMAND`."""

import os
import sys

from django.core.management import execute_from_command_line

INTERRUPTED = 130  # as a shell has it: 128 and the number of the signal


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")
    try:
        execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        # Every command works in transactions: what was begun is undone, and doing it again completes it.
        sys.stderr.write("\n")
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
