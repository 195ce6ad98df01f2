"""The door for web servers: `gunicorn crmpos.wsgi`, and what `runserver` uses too."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")

application = get_wsgi_application()

# Only now are the applications loaded, which the tasks and the views need. The views are loaded before the first call,
# which would wait some seconds for them in each process.
from django.urls import get_resolver  # noqa: E402

from crmpos.in_process import start_unless_broker  # noqa: E402

start_unless_broker()
get_resolver().url_patterns  # noqa: B018
