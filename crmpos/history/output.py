"""Writes entries that come oldest first as a journal, which is newest first. Pure."""

import tempfile
from collections.abc import Iterable
from typing import BinaryIO

from shops.exchange_log import Entry, read_oldest_first, write_newest_first


def write_log(oldest_first: Iterable[Entry], output: BinaryIO) -> int:
    """Turns the order round by way of a temporary file, and returns how many entries there were.

    The reader goes through a file from its end, so that reading the wrong order gives the right one.
    """
    with tempfile.TemporaryFile() as spool:
        write_newest_first(oldest_first, spool)
        spool.flush()
        return write_newest_first(read_oldest_first(spool), output)
