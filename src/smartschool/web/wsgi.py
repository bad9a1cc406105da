"""WSGI entry point of the pages."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
