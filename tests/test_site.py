"""The site around the pages: languages, static files, what the admin is built from."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import Client, RequestFactory

from shops.admin_base import FactAdmin
from shops.models.shop import Shop


def read_login_page(client: Client, **headers: str) -> str:
    return client.get("/account/login/", headers=headers).content.decode()


def test_the_front_door_leads_to_the_admin(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/account/login/"


@pytest.mark.django_db
@pytest.mark.parametrize(("preferred", "language"), [("", "ru"), ("de", "ru"), ("ru", "ru"), ("en", "en")])
def test_the_page_speaks_russian_unless_english_is_preferred(client: Client, preferred: str, language: str) -> None:
    page = read_login_page(client, **{"Accept-Language": preferred})
    assert f'lang="{language}"' in page
    assert ("Пароль" in page) == (language == "ru")


@pytest.mark.django_db
def test_the_language_can_be_chosen(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "en"})
    assert "Password" in read_login_page(client, **{"Accept-Language": "ru"})


@pytest.mark.django_db
def test_a_page_loads_its_files_from_here_and_they_are_served(client: Client) -> None:
    page = read_login_page(client)
    addresses = re.findall(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"', page)
    assert "/static/crmpos/site.css" in addresses
    assert all(address.startswith("/static/") for address in addresses)
    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, len(b"".join(answer)) > 0) == (200, True), address


@pytest.mark.django_db
def test_pages_tell_browsers_to_be_careful(client: Client) -> None:
    headers = client.get("/account/login/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_whoever_logs_in_at_the_login_page_itself_is_let_in(client: Client, admin_user: User) -> None:
    response = client.post("/account/login/", {"username": "admin", "password": "password"}, follow=True)
    assert response.status_code == 200
    assert response.redirect_chain[-1][0].startswith("/admin/")


def test_nobody_edits_a_fact(rf: RequestFactory) -> None:
    request = rf.get("/")
    facts = FactAdmin(Shop, admin.site)
    request.user = User(is_superuser=True, is_active=True)
    assert facts.has_view_permission(request)
    assert not facts.has_add_permission(request)
    assert not facts.has_change_permission(request)
    assert not facts.has_delete_permission(request)
    assert facts.get_actions(request) == {}
    request.user = AnonymousUser()
    assert not facts.has_view_permission(request)


def test_an_administrator_sees_the_users(admin_client: Client, admin_user: User) -> None:
    for address in ("/admin/", "/admin/auth/user/", f"/admin/auth/user/{admin_user.pk}/change/", "/admin/auth/group/"):
        assert admin_client.get(address).status_code == 200, address


def test_the_side_bar_shows_what_a_person_may_see(admin_client: Client, client: Client) -> None:
    accountant = User.objects.create_user("accountant", password="accountant", is_staff=True)
    accountant.user_permissions.add(Permission.objects.get(codename="view_group"))
    client.force_login(accountant)
    assert list_side_bar(admin_client) >= {"/admin/auth/user/", "/admin/auth/group/"}
    assert list_side_bar(client) == {"/admin/auth/group/"}


def list_side_bar(client: Client) -> set[str]:
    page = client.get("/admin/").content.decode()
    side_bar = page[page.index('id="nav-sidebar-apps"') :]
    return set(re.findall(r'<li>\s*<a href="([^"]+)"', side_bar[: side_bar.index("</nav>")]))
