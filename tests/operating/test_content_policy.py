"""What browsers are told that a page may do, and that no template needs more."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
# Neither is a page: a letter is opened by a mail program, a report becomes a PDF.
NO_PAGES = ("templates/reconciliation/letters/letter.html", "templates/reconciliation/report.html")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)


def read_policy(client: Client, address: str) -> dict[str, str]:
    header = client.get(address, follow=True).headers["Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


@pytest.mark.django_db
def test_a_page_outside_the_admin_is_strict(client: Client) -> None:
    policy = read_policy(client, "/no-such-page/")
    assert policy == {
        "default-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_the_admin_may_do_what_its_theme_needs_and_runs_no_script_of_the_page(admin_client: Client) -> None:
    policy = read_policy(admin_client, "/admin/auth/user/")
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["default-src"] == "'self'"


def test_the_page_of_the_api_runs_no_script_of_the_page(client: Client) -> None:
    policy = read_policy(client, "/api/docs/")
    assert "script-src" not in policy and "style-src" not in policy
    assert INLINE.findall(client.get("/api/docs/").content.decode()) == []


@pytest.mark.django_db
def test_a_browser_is_told_what_pages_do_not_use(client: Client) -> None:
    headers = client.get("/admin/login/").headers
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_register_is_told_nothing_of_pages(client: Client) -> None:
    headers = client.get("/api/v2/list").headers
    assert "Content-Security-Policy" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_error_has_the_policy_too(admin_client: Client) -> None:
    assert read_policy(admin_client, "/admin/nowhere/")["script-src"] == "'self' 'unsafe-eval'"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR).as_posix())
def test_no_template_has_a_script_or_style_within(path: Path) -> None:
    if path.relative_to(settings.BASE_DIR).as_posix() not in NO_PAGES:
        assert INLINE.findall(path.read_text(encoding="utf-8")) == []
