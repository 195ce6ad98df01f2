"""Where a journal's text comes from: a plain file, a compressed one, a pipe, standard input.

Pure: the standard library only; anyone may import it. A journal is read backwards, so what cannot be read backwards
(a pipe, a compressed file) is first copied into an unnamed temporary file, which vanishes with the process.
"""

import sys
import tempfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

STANDARD_INPUT = "-"
BLOCK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW_BITS = 31  # zlib's way of saying: expect a gzip header and check the sum at the end


class LogSource:
    """An open journal: `file` is seekable plain text of `size_bytes`.

    Compression is known by the content, not by the name. A compressed journal that is cut off or spoilt gives
    everything that comes before the fault; then `truncated` is true.
    """

    def __init__(self, path: str | Path, *, standard_input: BinaryIO | None = None) -> None:
        """Raises OSError when the file cannot be opened. `standard_input` takes the place of the process's own."""
        self.path = path
        self.truncated = False
        if str(path) == STANDARD_INPUT:
            self.file = self._spool(standard_input or sys.stdin.buffer)
        else:
            self.file = self._open_seekable(Path(path))
        self.size_bytes = self.file.seek(0, 2)
        self.file.seek(0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.file.close()

    def _open_seekable(self, path: Path) -> BinaryIO:
        file = path.open("rb", buffering=0)
        if file.seekable():
            magic = file.read(len(GZIP_MAGIC))
            file.seek(0)
            if magic != GZIP_MAGIC:
                return file
        with file:
            return self._spool(file)

    def _spool(self, incoming: BinaryIO) -> BinaryIO:
        spool = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        try:
            block = _read_block(incoming)
            if block.startswith(GZIP_MAGIC):
                self.truncated = not _decompress(block, incoming, spool)
            else:
                while block:
                    spool.write(block)
                    block = _read_block(incoming)
            spool.flush()
        except BaseException:
            spool.close()
            raise
        return spool


def _read_block(incoming: BinaryIO) -> bytes:
    """A pipe gives less than it is asked for: the first block must be long enough to show what it is."""
    parts = []
    missing = BLOCK_BYTES
    while missing and (part := incoming.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _decompress(block: bytes, incoming: BinaryIO, output: BinaryIO) -> bool:
    """Whether all of it could be decompressed. Several compressed files in a row are one, as gzip has it."""
    member = zlib.decompressobj(GZIP_WINDOW_BITS)
    while block:
        if member.eof:
            block = block.lstrip(b"\0")  # tapes and some writers pad the end with zeros
            if not block:
                block = _read_block(incoming)
                continue
            member = zlib.decompressobj(GZIP_WINDOW_BITS)
        try:
            plain = member.decompress(block, BLOCK_BYTES)
            output.write(plain)
            while len(plain) == BLOCK_BYTES and not member.eof:
                plain = member.decompress(member.unconsumed_tail, BLOCK_BYTES)
                output.write(plain)
        except zlib.error:
            return False
        block = member.unused_data or _read_block(incoming)
    return member.eof
