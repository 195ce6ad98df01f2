"""A caller that calls too often is told to wait; another one is not."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.conftest import find_free_port


@pytest.mark.django_db
def test_each_caller_has_a_limit_of_its_own(
    settings: Settings, office: Client, neighbour: Client, accountant: Client, viewer: Client
) -> None:
    settings.API_RATE_OFFICE = 2
    for client in (office, neighbour, accountant, viewer):
        answers = [client.get("/api/office/bills/") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[-1]["Retry-After"]) <= 60
        assert list(answers[-1].json()) == ["detail"]


@pytest.mark.django_db
def test_a_cache_that_is_down_stops_nobody(settings: Settings, office: Client) -> None:
    settings.API_RATE_OFFICE = 1
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{find_free_port()}/0",
        }
    }
    assert [office.get("/api/office/bills/").status_code for _ in range(2)] == [200, 200]


@pytest.mark.django_db
def test_calls_are_counted_in_redis(settings: Settings, office: Client, redis_url: str) -> None:
    settings.API_RATE_OFFICE = 1
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "crmpos-test",
        }
    }
    assert [office.get("/api/office/bills/").status_code for _ in range(2)] == [200, 429]
