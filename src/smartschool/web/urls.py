"""Owns the root of the URL tree: composes the rooms' urls and names the error pages."""

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

# A room that has pages has urls.py; installing the room is all it takes to serve them.
for _config in apps.get_app_configs():
    if _config.name.startswith("smartschool.contexts.") and find_spec(f"{_config.name}.urls"):
        urlpatterns.append(path("", include(f"{_config.name}.urls")))

handler400 = "smartschool.web.errors.bad_request"
handler403 = "smartschool.web.errors.not_allowed"
handler404 = "smartschool.web.errors.not_found"
handler500 = "smartschool.web.errors.server_error"
