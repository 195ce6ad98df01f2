"""Where a journal's text comes from: files, compressed files, pipes."""

import gzip
import io
import os
import threading
from pathlib import Path

import pytest

from shops.log_source import LogSource

TEXT = "| 2026-03-25 10:00:01 | 40 | Ответ (RECEIPT) | |\n".encode() * 100_000


def read_all(source: LogSource) -> bytes:
    with source:
        return source.file.read()


def test_a_plain_file_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.gz"  # the name does not matter
    path.write_bytes(TEXT)
    source = LogSource(path)

    assert (source.size_bytes, source.truncated) == (len(TEXT), False)
    assert read_all(source) == TEXT


def test_a_compressed_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "journal.txt"
    path.write_bytes(gzip.compress(TEXT))
    source = LogSource(path)

    assert (source.size_bytes, source.truncated) == (len(TEXT), False)
    assert read_all(source) == TEXT


def test_compressed_files_in_a_row_and_padding_are_one_text(tmp_path: Path) -> None:
    path = tmp_path / "journal.gz"
    path.write_bytes(gzip.compress(TEXT) + gzip.compress(b"more") + b"\0" * 3_000_000)
    source = LogSource(path)

    assert not source.truncated
    assert read_all(source) == TEXT + b"more"


@pytest.mark.parametrize("missing_bytes", [1, 8, 9, 500])
def test_a_compressed_file_that_is_cut_off_gives_what_it_has_and_says_so(tmp_path: Path, missing_bytes: int) -> None:
    text = os.urandom(300_000).hex().encode()
    path = tmp_path / "journal.gz"
    path.write_bytes(gzip.compress(text)[:-missing_bytes])
    source = LogSource(path)
    content = read_all(source)

    assert source.truncated
    assert text.startswith(content)
    assert len(content) > len(text) - 2 * missing_bytes


def test_a_compressed_file_that_is_spoilt_gives_what_comes_before(tmp_path: Path) -> None:
    text = os.urandom(3_000_000).hex().encode()
    compressed = bytearray(gzip.compress(text))
    compressed[-1_000_000:-999_000] = b"\xff" * 1000
    path = tmp_path / "journal.gz"
    path.write_bytes(compressed)
    source = LogSource(path)

    assert source.truncated
    assert len(read_all(source)) > 1_000_000


@pytest.mark.parametrize("content", [TEXT, gzip.compress(TEXT)])
def test_standard_input_is_copied_and_may_be_compressed(content: bytes) -> None:
    source = LogSource("-", standard_input=io.BytesIO(content))

    assert source.size_bytes == len(TEXT)
    assert read_all(source) == TEXT


def test_a_pipe_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(TEXT,))
    writer.start()
    source = LogSource(path)
    writer.join()

    assert read_all(source) == TEXT


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "journal.txt"
    path.touch()

    assert read_all(LogSource(path)) == b""


def test_a_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LogSource(tmp_path / "nowhere")
