"""Tells Django about the composition root, and loads what has to be there before anything runs."""

from django.apps import AppConfig


class CrmposConfig(AppConfig):
    name = "crmpos"
    verbose_name = "crmpos"

    def ready(self) -> None:
        # Imported for their effect: shared tasks bind to the Celery application, checks register.
        from crmpos import celery, checks  # noqa: F401
