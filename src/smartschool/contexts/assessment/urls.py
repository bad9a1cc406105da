"""Addresses of assessment."""

from django.urls import path

from smartschool.contexts.assessment.views import blueprint, corrections, entry, exams, imports, requests

app_name = "assessment"
_SCHOOL = "schools/<str:school_code>/"
_PAPER = _SCHOOL + "papers/<str:paper_code>/"
_ENTRY = _PAPER + "entry/<str:class_code>/"

urlpatterns = [
    path(_SCHOOL + "exams/", exams.exams, name="exams"),
    path(_SCHOOL + "exams/new/", exams.new_exam, name="new_exam"),
    path(_SCHOOL + "exams/<str:exam_code>/import/", imports.import_exam, name="import_exam"),
    path(_PAPER, exams.paper, name="paper"),
    path(_PAPER + "blueprint/", blueprint.edit_blueprint, name="blueprint"),
    path(_PAPER + "import/", imports.import_marks, name="import_marks"),
    path(_PAPER + "points/", blueprint.points, name="points"),
    path(_PAPER + "corrections/", corrections.corrections, name="corrections"),
    path(_ENTRY, entry.entry, name="entry"),
    path(_ENTRY + "save/", entry.entry_save, name="entry_save"),
    path(_ENTRY + "hand-in/", entry.entry_hand_in, name="entry_hand_in"),
    path("district/exam-requests/", requests.exam_requests, name="exam_requests"),
]
