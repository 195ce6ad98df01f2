"""A filter is kept under a name: its owner's, or everybody's; and only what the queue understands."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reconciliation.models import SavedView
from tests.factories import make_accountant, make_person
from tests.queue.conftest import QUEUE

pytestmark = pytest.mark.django_db


def save(client: Client, name: str, query: str, **more: str) -> tuple[str, list[str]]:
    """Where it leads, and what is said."""
    answer = client.post(f"{QUEUE}views/save/", {"name": name, "query": query, **more}, follow=True)
    assert answer.status_code == 200
    return answer.redirect_chain[-1][0], [str(message) for message in answer.context["messages"]]


def list_names(client: Client) -> list[str]:
    return [entry["view"].name for entry in client.get(QUEUE).context["views"]]


def test_a_filter_is_saved_shown_and_removed(client: Client, accountant: User) -> None:
    where, said = save(client, "Крупные", "amount_to=-1000&who=nobody&payment=")
    assert (where, said) == (f"{QUEUE}?amount_to=-1000&who=nobody", ["Фильтр «Крупные» сохранён."])
    view = SavedView.objects.get()
    assert (view.owner, view.query, view.is_shared) == (accountant, "amount_to=-1000&who=nobody", False)
    page = client.get(where)
    assert 'href="?amount_to=-1000&amp;who=nobody" class="active"' in page.content.decode()
    assert client.post(f"{QUEUE}views/{view.pk}/remove/").status_code == 302
    assert list_names(client) == []


def test_the_same_name_again_replaces_the_filter(client: Client, accountant: User) -> None:
    save(client, "Мои", "who=mine")
    save(client, "Мои", "who=mine&shop=1")
    assert SavedView.objects.get().query == "who=mine&shop=1"


def test_colleagues_see_what_is_shared_and_cannot_remove_it(client: Client, accountant: User) -> None:
    save(client, "Общий", "who=nobody", is_shared="on")
    save(client, "Личный", "who=mine")
    client.force_login(make_accountant("colleague"))
    assert list_names(client) == ["Общий"]
    for view in SavedView.objects.all():
        assert client.post(f"{QUEUE}views/{view.pk}/remove/").status_code == 403
    assert SavedView.objects.count() == 2
    assert "views/" not in client.get(QUEUE).content.decode()


@pytest.mark.parametrize(
    ("name", "query", "complaint"),
    [
        ("Пароль", "assignee__password__startswith=a", "assignee__password__startswith"),
        ("Чужой", "next=https://example.org", "next"),
        (" ", "who=mine", "Назовите фильтр"),
        ("д" * 61, "who=mine", "Назовите фильтр"),
        ("Длинный", "q=" + "1" * 1000, "слишком длинный"),
    ],
)
def test_what_the_queue_does_not_understand_is_not_kept(
    client: Client, accountant: User, name: str, query: str, complaint: str
) -> None:
    _, (said,) = save(client, name, query)
    assert complaint in said
    assert not SavedView.objects.exists()


def test_nobody_keeps_more_than_thirty(client: Client, accountant: User) -> None:
    for number in range(31):
        save(client, f"Фильтр {number}", f"shop={number}")
    assert SavedView.objects.count() == 30
    save(client, "Фильтр 3", "shop=4")
    assert SavedView.objects.get(name="Фильтр 3").query == "shop=4"


def test_viewers_keep_filters_for_themselves_only(client: Client) -> None:
    client.force_login(make_person("viewer", "Viewers"))
    save(client, "Мой", "who=nobody")
    assert list_names(client) == ["Мой"]
    assert "is_shared" not in client.get(QUEUE, {"who": "nobody"}).content.decode()
    forged = {"name": "Всем", "query": "who=nobody", "is_shared": "on"}
    assert client.post(f"{QUEUE}views/save/", forged).status_code == 403
    assert SavedView.objects.count() == 1


def test_strangers_keep_nothing(client: Client) -> None:
    client.force_login(make_person("stranger"))
    assert client.post(f"{QUEUE}views/save/", {"name": "a", "query": "who=mine"}).status_code == 403
    assert client.post(f"{QUEUE}views/1/remove/").status_code == 403


def test_a_filter_is_saved_by_post_and_with_a_token(accountant: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(accountant)
    assert client.get(f"{QUEUE}views/save/").status_code == 405
    assert client.post(f"{QUEUE}views/save/", {"name": "a", "query": "who=mine"}).status_code == 403
