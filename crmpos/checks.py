"""System checks of the configuration as a whole; a single bad value is refused by crmpos.environment.

E: the program must not run so. W: it runs, and somebody should know. With `check --deploy`, what
is bearable on one's own machine becomes an error.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.utils import timezone

from shops.partitions import find_missing_partitions

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
POSTGRESQL_MINIMUM = 150000

AppConfigs = Sequence[AppConfig] | None


@register(Tags.security)
def check_debug(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    outside = sorted(set(settings.ALLOWED_HOSTS) - LOOPBACK_HOSTS - {"testserver"})
    if not (settings.DEBUG and outside):
        return []
    return [
        Error(
            f"DEBUG is on, and ALLOWED_HOSTS lets others in: {', '.join(outside)}.",
            hint="An error page shows settings and data. Set DEBUG=false, or take those hosts out.",
            id="crmpos.E001",
        )
    ]


@register(Tags.security, deploy=True)
def check_secret_key(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    if settings.SECRET_KEY_IS_GIVEN:
        return []
    return [
        Error(
            "SECRET_KEY is not set; a key made on this machine is used.",
            hint="Every process on every machine needs the same key. Set SECRET_KEY or SECRET_KEY_FILE.",
            id="crmpos.E002",
        )
    ]


@register(Tags.security, deploy=True)
def check_allowed_hosts(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        Error(
            "ALLOWED_HOSTS has '*': a request can name any host.",
            hint="List the names that this site is reached by, separated by commas.",
            id="crmpos.E003",
        )
    ]


@register(deploy=True)
def check_broker(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    if not settings.TASKS_RUN_IN_PROCESS:
        return []
    return [
        Warning(
            "CELERY_BROKER_URL is not set; each web process runs its own tasks.",
            hint="Set CELERY_BROKER_URL to a Redis server and run `celery -A crmpos.celery worker` and `beat`.",
            id="crmpos.W001",
        )
    ]


@register(deploy=True)
def check_mail(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    if not settings.MAIL_SERVER_IS_SET:
        return [
            Warning(
                "EMAIL_URL is not set; digests and other letters to people are written and wait.",
                hint="Set EMAIL_URL or EMAIL_URL_FILE to a mail server, as smtp://user:password@host:587?tls=true.",
                id="crmpos.W002",
            )
        ]
    missing = [
        name
        for name, is_given in (("EMAIL_FROM", settings.EMAIL_FROM_IS_GIVEN), ("SITE_URL", bool(settings.SITE_URL)))
        if not is_given
    ]
    return [
        Warning(
            f"EMAIL_URL is set, and {name} is not.",
            hint="Letters need a sender that their receivers' servers accept, and the address of the site for links.",
            id="crmpos.W003",
        )
        for name in missing
    ]


@register(Tags.security, deploy=True)
def check_proxies(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    """HTTPS means that a proxy is in front; not counted, it is taken for whoever calls through it."""
    if not settings.HTTPS or settings.PROXY_COUNT:
        return []
    return [
        Warning(
            "HTTPS is on, and PROXY_COUNT is 0: every caller has the address of the proxy.",
            hint="Then one caller's failed log-ins lock out all others. Set PROXY_COUNT to the number of proxies in "
            "front that write X-Forwarded-For, or leave it out for one.",
            id="crmpos.W005",
        )
    ]


@register(deploy=True)
def check_static_files(app_configs: AppConfigs, **kwargs: Any) -> list[CheckMessage]:
    folder = settings.STATIC_ROOT
    if folder is None or (Path(folder) / "staticfiles.json").exists():
        return []
    return [
        Error(
            f"STATIC_ROOT is {str(folder)!r}, and no static files have been collected there.",
            hint="Run `manage.py collectstatic` after every update, or leave STATIC_ROOT out.",
            id="crmpos.E004",
        )
    ]


@register(Tags.database)
def check_postgresql_version(
    app_configs: AppConfigs, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        if connection.vendor != "postgresql":
            continue
        connection.ensure_connection()
        version = connection.connection.info.server_version
        if version < POSTGRESQL_MINIMUM:
            found.append(
                Error(
                    f"The PostgreSQL server of {alias!r} is version {version // 10000}; at least 15 is needed.",
                    hint="Update the server, or let DATABASE_URL name a newer one.",
                    id="crmpos.E005",
                )
            )
    return found


@register(Tags.database)
def check_partitions(
    app_configs: AppConfigs, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the journal is divided into the months to come, once it is divided at all."""
    missing = find_missing_partitions(timezone.now()) if "default" in (databases or ()) else []
    if not missing:
        return []
    return [
        Warning(
            f"The journal has no partition for {', '.join(f'{month:%Y-%m}' for month in missing)}.",
            hint="Nothing is lost: texts go into the default one. Run beat, or once `manage.py retention --prepare`.",
            id="crmpos.W004",
        )
    ]
