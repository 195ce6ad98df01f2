"""The Celery application, `celery -A crmpos.celery worker`. Tasks themselves live in the apps, as shared tasks."""

import os
from typing import Any

from celery import Celery
from celery.contrib.django.task import DjangoTask

from shops.trace import within_task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")


class TracedTask(DjangoTask):  # type: ignore[type-arg]
    """A task whose name stands in every line of the log that it writes."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with within_task(self.request.id or ""):
            return super().__call__(*args, **kwargs)


app = Celery("crmpos", task_cls=TracedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()
