"""Addresses of diagnosis."""

from django.urls import path

from smartschool.contexts.diagnosis.views import class_report

_SCHOOL = "schools/<str:school_code>/analysis/"
_CLASS = _SCHOOL + "<str:paper_code>/<str:class_code>/"

urlpatterns = [
    path(_SCHOOL, class_report.reports, name="analysis"),
    path(_CLASS, class_report.report, name="class-report"),
    path(_CLASS + "cast/", class_report.cast, name="class-report-cast"),
    path(_CLASS + "items/<int:place>/", class_report.item, name="item-report"),
]
