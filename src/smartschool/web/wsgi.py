"""The WSGI application that granian serves."""

import contextlib
import os

import psycopg
from django.core.wsgi import get_wsgi_application

from smartschool.runtime.roles import refuse_powerful_role
from smartschool.settings import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.prod")

# A process started past `smartschool up` must not serve past row security either. A database that is just
# away is no reason to refuse: pages say so until it is back.
with contextlib.suppress(psycopg.OperationalError):
    refuse_powerful_role(env.text("DATABASE_URL"))

application = get_wsgi_application()
