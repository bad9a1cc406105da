"""Addresses of diagnosis."""

from django.urls import path

from smartschool.contexts.diagnosis.views import class_report, files

_SCHOOL = "schools/<str:school_code>/analysis/"
_CLASS = _SCHOOL + "<str:paper_code>/<str:class_code>/"

urlpatterns = [
    path(_SCHOOL, class_report.reports, name="analysis"),
    path(_CLASS, class_report.report, name="class-report"),
    path(_CLASS + "cast/", class_report.cast, name="class-report-cast"),
    path(_CLASS + "items/<int:place>/", class_report.item, name="item-report"),
    path(_CLASS + "sheet.pdf", files.review, name="review-sheet"),
    path(_CLASS + "mistakes.pdf", files.mistakes, name="mistake-sheets"),
    path(_CLASS + "report.xlsx", files.report_workbook, name="report-workbook"),
]
