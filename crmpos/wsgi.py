"""The door for web servers: `gunicorn crmpos.wsgi`, and what `runserver` uses too."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")

application = get_wsgi_application()

# Only now are the applications loaded, which the tasks need.
from crmpos.in_process import start_unless_broker  # noqa: E402

start_unless_broker()
