"""Owns the root of the URL tree: the house's own pages, the rooms' urls, and the error pages."""

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

from smartschool.web import licences, today

_own = [
    path("schools/<str:school_code>/today/", today.school_today, name="school_today"),
    path("district/today/", today.district_today, name="district_today"),
    path("me/today/", today.own_today, name="own_today"),
    path("menu/", today.menu, name="menu"),
    path("licences/", licences.licences, name="licences"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((_own, "web")))]

# A room that has pages has urls.py; installing the room is all it takes to serve them.
for _config in apps.get_app_configs():
    if _config.name.startswith("smartschool.contexts.") and find_spec(f"{_config.name}.urls"):
        urlpatterns.append(path("", include(f"{_config.name}.urls")))

handler400 = "smartschool.web.errors.bad_request"
handler403 = "smartschool.web.errors.not_allowed"
handler404 = "smartschool.web.errors.not_found"
handler500 = "smartschool.web.errors.server_error"
