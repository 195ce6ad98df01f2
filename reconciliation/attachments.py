"""Files beside comments: which are accepted, why one is not, how they are kept and given out."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from reconciliation.file_types import FileType, find_file_type, name_by_type
from reconciliation.models import Attachment, DiscrepancyStep

MEGABYTE = 1 << 20
SIZE_LIMIT_BYTES = 10 * MEGABYTE
FILES_LIMIT = 5
NAME_LENGTH_LIMIT = 200

_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # and what turns the direction of writing


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be attached."""

    name: str
    content_type: str
    content: bytes


class FileRefused(Exception):
    """A file that is not attached; says which and why."""


def check_files(uploads: Iterable["UploadedFile[Any]"]) -> tuple[list[CheckedFile], list[FileRefused]]:
    """The files that may be attached, and why the others may not."""
    accepted: list[CheckedFile] = []
    refused: list[FileRefused] = []
    for upload in uploads:
        try:
            if len(accepted) == FILES_LIMIT:
                raise FileRefused(_("a comment has at most %(count)d files") % {"count": FILES_LIMIT})
            accepted.append(_check_file(upload))
        except FileRefused as refusal:
            name = _clean_name(upload.name or "")
            text = _("“%(name)s” is not attached: %(reason)s.") % {"name": name, "reason": refusal}
            refused.append(FileRefused(text))
    return accepted, refused


def attach(step: DiscrepancyStep, files: Sequence[CheckedFile]) -> None:
    """Keeps the files beside the step, within the caller's transaction."""
    Attachment.objects.bulk_create(
        Attachment(
            step=step,
            name=file.name,
            content_type=file.content_type,
            size_bytes=len(file.content),
            sha256=hashlib.sha256(file.content).hexdigest(),
            content=file.content,
        )
        for file in files
    )


def send_file(attachment: Attachment) -> HttpResponse:
    """A file to be kept on the reader's disk: no browser is to show what somebody has uploaded here."""
    return HttpResponse(
        bytes(attachment.content),
        content_type=attachment.content_type,
        headers={
            "Content-Disposition": content_disposition_header(True, attachment.name) or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )


def _check_file(upload: "UploadedFile[Any]") -> CheckedFile:
    # By the size, before anything of it is read.
    if (upload.size or 0) > SIZE_LIMIT_BYTES:
        raise FileRefused(_("it is larger than %(limit)d MB") % {"limit": SIZE_LIMIT_BYTES // MEGABYTE})
    content = upload.read()
    if not content:
        raise FileRefused(_("it is empty"))
    file_type: FileType | None = find_file_type(content)
    if file_type is None:
        raise FileRefused(_("by its contents it is none of PDF, PNG, JPEG, XLSX, DOCX, text, CSV and EML"))
    return CheckedFile(name_by_type(_clean_name(upload.name or ""), file_type), file_type.content_type, content)


def _clean_name(name: str) -> str:
    """The name without folders and what cannot be seen; its end, with the suffix, is kept where it is too long."""
    cleaned = _UNPRINTABLE.sub("", _FOLDERS.sub("", name)).strip()
    return cleaned[-NAME_LENGTH_LIMIT:] or _("file")
