"""Tells Django about the composition root, and loads what has to be there before anything runs."""

from django.apps import AppConfig
from django.conf import settings

from crmpos.operating.error_reports import start_reporting


class CrmposConfig(AppConfig):
    name = "crmpos"
    verbose_name = "crmpos"

    def ready(self) -> None:
        if settings.SENTRY_DSN:
            start_reporting(settings.SENTRY_DSN)
        # Imported for their effect: shared tasks bind to the Celery application, checks register.
        from crmpos import celery, checks  # noqa: F401
