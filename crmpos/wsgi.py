"""The door for web servers: `gunicorn crmpos.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crmpos.settings")

application = get_wsgi_application()
