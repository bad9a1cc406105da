"""Addresses of diagnosis. Fixed words come before codes: codes are capitals and digits."""

from django.urls import path

from smartschool.contexts.diagnosis.views import (
    changes,
    class_report,
    district,
    families,
    files,
    levels,
    raw,
    releases,
)

_SCHOOL = "schools/<str:school_code>/analysis/"
_CLASS = _SCHOOL + "<str:paper_code>/<str:class_code>/"

urlpatterns = [
    path(_SCHOOL, class_report.reports, name="analysis"),
    path(_SCHOOL + "levels/", levels.levels, name="levels"),
    path(_SCHOOL + "releases/", releases.releases, name="releases"),
    path(_SCHOOL + "releases/preview/", releases.preview, name="release-preview"),
    path(_SCHOOL + "releases/release/", releases.release, name="release"),
    path(_SCHOOL + "releases/<str:paper_code>/withdraw/", releases.withdraw, name="withdraw"),
    path(_SCHOOL + "raw/", raw.requests, name="raw-exports"),
    path(_SCHOOL + "raw/<str:code>/decide/", raw.decide, name="raw-decide"),
    path(_SCHOOL + "raw/<str:code>/marks.xlsx", raw.fetch, name="raw-fetch"),
    path(_CLASS, class_report.report, name="class-report"),
    path(_CLASS + "cast/", class_report.cast, name="class-report-cast"),
    path(_CLASS + "changes/", changes.changes, name="class-changes"),
    path(_CLASS + "items/<int:place>/", class_report.item, name="item-report"),
    path(_CLASS + "sheet.pdf", files.review, name="review-sheet"),
    path(_CLASS + "mistakes.pdf", files.mistakes, name="mistake-sheets"),
    path(_CLASS + "report.xlsx", files.report_workbook, name="report-workbook"),
    path(_CLASS + "ask-marks/", raw.ask, name="raw-ask"),
    path("me/analysis/", families.reports, name="own-reports"),
    path("me/analysis/<str:paper_code>/<str:enrolment_code>/", families.report, name="own-report"),
    path("district/quality/", district.quality, name="quality"),
    path("district/quality/quality.xlsx", district.quality_workbook, name="quality-workbook"),
]
