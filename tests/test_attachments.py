"""Files beside a comment: what is accepted is judged by its content, kept as it was, and never shown by a browser."""

import hashlib
import io
import zipfile

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from reconciliation.file_types import DOCX, JPEG, LETTER, PDF, PNG, TEXT, XLSX, find_file_type
from reconciliation.models import Attachment, Discrepancy
from tests.factories import make_accountant, make_one_of_everything, make_person

QUEUE = "/admin/reconciliation/discrepancy/"
PDF_FILE = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
PNG_FILE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG_FILE = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
CSV_FILE = "Дата;Сумма\n25.03.2026;31 690,00\n".encode("cp1251")
LETTER_FILE = "From: ada@example.org\r\nDate: Wed, 25 Mar 2026 17:24:56 +0300\r\nSubject: Чек\r\n\r\nДа".encode()


def make_archive(*parts: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for part in parts:
            archive.writestr(part, "<x/>")
    return content.getvalue()


def make_workbook() -> bytes:
    content = io.BytesIO()
    with Workbook(content) as workbook:
        workbook.add_worksheet().write("A1", "31 690")
    return content.getvalue()


DOCUMENT_FILE = make_archive("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("content", "file_type"),
    [
        (PDF_FILE, PDF),
        (PNG_FILE, PNG),
        (JPEG_FILE, JPEG),
        (make_workbook(), XLSX),
        (DOCUMENT_FILE, DOCX),
        (LETTER_FILE, LETTER),
        (CSV_FILE, TEXT),
        ("\ufeffДата;Сумма".encode(), TEXT),
        (b"From the shop: nothing came", TEXT),
    ],
)
def test_a_file_is_what_its_content_is(content: bytes, file_type: object) -> None:
    assert find_file_type(content) is file_type


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"\xef\xbb\xbf \n<html>",
        b'<?xml version="1.0"?><svg onload="alert(1)"/>',
        b"<svg onload='alert(1)'/>",
        b"MZ\x90\x00\x03",
        b"PK\x03\x04 and no archive",
        make_archive("run.exe"),
        make_archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"),
        b"GIF89a\x01\x00",
    ],
)
def test_any_other_content_is_of_no_type(content: bytes) -> None:
    assert find_file_type(content) is None


@given(st.binary(max_size=200))
def test_no_bytes_confuse_it(content: bytes) -> None:
    for beginning in (b"", b"PK\x03\x04", b"From: a\nDate: b\n"):
        find_file_type(beginning + content)


# --- through the page ----------------------------------------------------------------------------------------


@pytest.fixture
def accountant(client: Client, db: None) -> User:
    accountant = make_accountant()
    client.force_login(accountant)
    return accountant


@pytest.fixture
def discrepancy(db: None) -> Discrepancy:
    return make_one_of_everything(1)


def comment(client: Client, discrepancy: Discrepancy, *files: tuple[str, bytes], text: str = "Акт в деле") -> list[str]:
    """Comments on the page; gives what the page then says."""
    uploads = [SimpleUploadedFile(name, content, content_type="text/html") for name, content in files]
    data = {"comment-comment": text, "comment-attachments": uploads}
    answer = client.post(f"{QUEUE}{discrepancy.pk}/work/comment/", data, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_files_are_kept_beside_the_comment_and_given_back_byte_for_byte(
    client: Client, accountant: User, discrepancy: Discrepancy
) -> None:
    assert comment(client, discrepancy, ("Акт.pdf", PDF_FILE), ("выписка.CSV", CSV_FILE)) == ["Комментарий добавлен."]
    step = discrepancy.steps.latest("pk")
    act, statement = step.attachments.all()
    assert (step.comment, step.actor) == ("Акт в деле", accountant)
    assert (act.name, act.content_type, act.size_bytes) == ("Акт.pdf", "application/pdf", len(PDF_FILE))
    assert act.sha256 == hashlib.sha256(PDF_FILE).hexdigest()
    assert (statement.name, statement.content_type) == ("выписка.CSV", "text/plain")
    page = client.get(f"{QUEUE}{discrepancy.pk}/change/").content.decode()
    address = f"{QUEUE}{discrepancy.pk}/attachments/{act.pk}/"
    assert f'href="{address}" download>Акт.pdf</a>' in page
    answer = client.get(address)
    assert answer.content == PDF_FILE
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''%D0%90")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("страница.pdf", b"<html><script>alert(1)</script>", "по содержимому это не PDF"),
        ("пусто.txt", b"", "он пуст"),
        ("велик.pdf", PDF_FILE + b"0" * (10 << 20), "он больше 10"),
    ],
)
def test_a_file_that_is_refused_is_named_and_the_comment_and_the_others_are_kept(
    client: Client, accountant: User, discrepancy: Discrepancy, name: str, content: bytes, why: str
) -> None:
    refusal, done = comment(client, discrepancy, (name, content), ("Акт.pdf", PDF_FILE))
    assert f"«{name}» не приложен: {why}" in refusal
    assert done == "Комментарий добавлен."
    step = discrepancy.steps.latest("pk")
    assert step.comment == "Акт в деле"
    assert [attachment.name for attachment in step.attachments.all()] == ["Акт.pdf"]


def test_ten_megabytes_are_accepted_and_of_six_files_five(
    client: Client, accountant: User, discrepancy: Discrepancy
) -> None:
    comment(client, discrepancy, ("велик.pdf", PDF_FILE + b"0" * ((10 << 20) - len(PDF_FILE))))
    assert Attachment.objects.get().size_bytes == 10 << 20
    (refusal, _) = comment(client, discrepancy, *((f"{number}.pdf", PDF_FILE) for number in range(6)))
    assert refusal.startswith("«5.pdf» не приложен: к комментарию можно приложить не больше 5")
    assert discrepancy.steps.latest("pk").attachments.count() == 5


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("счёт.pdf.exe", "счёт.pdf.exe.pdf"),
        ("..\\..\\акт.pdf", "акт.pdf"),
        ("акт\u202efdp.exe.pdf", "актfdp.exe.pdf"),
        ("без имени", "без имени.pdf"),
    ],
)
def test_a_name_says_what_the_file_is(
    client: Client, accountant: User, discrepancy: Discrepancy, name: str, kept: str
) -> None:
    comment(client, discrepancy, (name, PDF_FILE))
    assert Attachment.objects.get().name == kept


def test_files_without_a_comment_are_not_taken(client: Client, accountant: User, discrepancy: Discrepancy) -> None:
    assert comment(client, discrepancy, ("Акт.pdf", PDF_FILE), text=" ") == ["Комментарий: Обязательное поле."]
    assert not Attachment.objects.exists()


def test_whoever_may_see_the_discrepancy_may_see_its_files_and_nobody_else(
    client: Client, accountant: User, discrepancy: Discrepancy
) -> None:
    comment(client, discrepancy, ("Акт.pdf", PDF_FILE))
    address = f"{QUEUE}{discrepancy.pk}/attachments/{Attachment.objects.get().pk}/"
    other = make_one_of_everything(2)
    assert client.get(f"{QUEUE}{other.pk}/attachments/{Attachment.objects.get().pk}/").status_code == 404
    client.force_login(make_person("viewer", "Viewers"))
    assert client.get(address).status_code == 200
    client.force_login(make_person("stranger"))
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
