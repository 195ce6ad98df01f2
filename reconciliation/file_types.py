"""What kind of file some bytes are, judged by the bytes and never by the name. Only kinds that accountants exchange.

Imports the standard library only. No kind can carry a script that a browser would run: HTML and SVG are none of them.
"""

import re
import zipfile
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from io import BytesIO

OPENXML = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class FileType:
    content_type: str
    suffixes: tuple[str, ...]  # the first is given to a name that has none of them


PDF = FileType("application/pdf", (".pdf",))
PNG = FileType("image/png", (".png",))
JPEG = FileType("image/jpeg", (".jpg", ".jpeg"))
XLSX = FileType(f"{OPENXML}.spreadsheetml.sheet", (".xlsx",))
DOCX = FileType(f"{OPENXML}.wordprocessingml.document", (".docx",))
LETTER = FileType("message/rfc822", (".eml",))
TEXT = FileType("text/plain", (".txt", ".csv", ".tsv", ".log"))
FILE_TYPES = (PDF, PNG, JPEG, XLSX, DOCX, LETTER, TEXT)

_BEGINNINGS = ((b"%PDF-", PDF), (b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG))
_ZIP = b"PK\x03\x04"
_MAIN_PARTS = (("xl/workbook.xml", XLSX), ("word/document.xml", DOCX))
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(rb"\s*<[!?a-zA-Z]")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:[ \t]")


def find_file_type(content: bytes) -> FileType | None:
    """The kind of file; None for one of any other kind."""
    for beginning, file_type in _BEGINNINGS:
        if content.startswith(beginning):
            return file_type
    if content.startswith(_ZIP):
        return _find_office_type(content)
    if _CONTROL_CHARACTERS.search(content) or _MARKUP.match(content.removeprefix(_BYTE_ORDER_MARK)):
        return None
    return LETTER if _is_letter(content) else TEXT


def name_by_type(name: str, file_type: FileType) -> str:
    """The name with a suffix of the type, so that what is downloaded opens as what it is."""
    return name if name.lower().endswith(file_type.suffixes) else name + file_type.suffixes[0]


def _find_office_type(content: bytes) -> FileType | None:
    """A workbook or a document; None for any other archive, and for one with macros."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = set(archive.namelist())
    except zipfile.BadZipFile:
        return None
    if "[Content_Types].xml" not in parts or any(part.endswith("vbaProject.bin") for part in parts):
        return None
    return next((file_type for part, file_type in _MAIN_PARTS if part in parts), None)


def _is_letter(content: bytes) -> bool:
    """Whether the text begins with the headers of a letter."""
    if not _HEADER.match(content):
        return False
    headers = BytesHeaderParser().parsebytes(content)
    return "from" in headers and any(name in headers for name in ("date", "message-id", "received"))
