"""The Celery application, `celery -A crmpos.celery worker`. Tasks themselves live in the apps, as shared tasks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")

app = Celery("crmpos")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.set_default()
