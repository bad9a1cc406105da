"""Addresses of exchange: the same wizard in a school and in the district, each behind its own policy."""

from django.urls import URLPattern, path

from smartschool.contexts.exchange import views
from smartschool.contexts.exchange.policies import import_district_files, import_files
from smartschool.kernel.policy import requires

app_name = "exchange"


def _wizard(root: str, policy_name: str, prefix: str = "") -> list[URLPattern]:
    guarded = requires(policy_name)
    run = root + "run/<str:run_code>/"
    return [
        path(root, guarded(views.index), name=prefix + "index"),
        path(run, guarded(views.show), name=prefix + "run"),
        path(run + "progress/", guarded(views.progress), name=prefix + "progress"),
        path(run + "columns/", guarded(views.columns), name=prefix + "columns"),
        path(run + "apply/", guarded(views.apply), name=prefix + "apply"),
        path(run + "discard/", guarded(views.discard), name=prefix + "discard"),
        path(run + "undo/", guarded(views.undo), name=prefix + "undo"),
        path(run + "errors.xlsx", guarded(views.errors_file), name=prefix + "errors"),
        path(root + "<slug:kind>/", guarded(views.start), name=prefix + "start"),
    ]


urlpatterns = [
    *_wizard("schools/<str:school_code>/imports/", import_files.name),
    *_wizard("district/imports/", import_district_files.name, "district_"),
]
