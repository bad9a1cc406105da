"""Addresses of exchange."""

from django.urls import path

from smartschool.contexts.exchange import views

app_name = "exchange"

_IMPORTS = "schools/<str:school_code>/imports/"
_RUN = _IMPORTS + "run/<str:run_code>/"

urlpatterns = [
    path(_IMPORTS, views.index, name="index"),
    path(_RUN, views.show, name="run"),
    path(_RUN + "progress/", views.progress, name="progress"),
    path(_RUN + "columns/", views.columns, name="columns"),
    path(_RUN + "apply/", views.apply, name="apply"),
    path(_RUN + "discard/", views.discard, name="discard"),
    path(_RUN + "undo/", views.undo, name="undo"),
    path(_RUN + "errors.xlsx", views.errors_file, name="errors"),
    path(_IMPORTS + "<slug:kind>/", views.start, name="start"),
]
