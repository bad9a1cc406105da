"""Addresses of directory."""

from django.urls import path

from smartschool.contexts.directory import views

app_name = "directory"

_SCHOOL = "schools/<str:school_code>/"
_PUPIL = _SCHOOL + "pupils/<str:pupil_code>/"

urlpatterns = [
    path(_SCHOOL + "classes/", views.classes, name="classes"),
    path(_SCHOOL + "classes/<str:class_code>/", views.home_class, name="class"),
    path(_SCHOOL + "staff/", views.staff, name="staff"),
    path(_PUPIL, views.pupil, name="pupil"),
    path(_PUPIL + "reveal/", views.reveal, name="reveal"),
    path(_PUPIL + "move/", views.move, name="move"),
    path("district/schools/", views.schools, name="schools"),
]
