"""Addresses of directory."""

from django.urls import path

from smartschool.contexts.directory.views import (
    calendar,
    classes,
    office,
    organisations,
    people,
    posts,
    staff,
    teaching,
)

app_name = "directory"

_SCHOOL = "schools/<str:school_code>/"
_CLASS = _SCHOOL + "classes/<str:class_code>/"
_PUPIL = _SCHOOL + "classes/pupils/<str:pupil_code>/"
_TEACHING = _SCHOOL + "teaching/"
_POSTS = _TEACHING + "posts/"
_STAFF = _TEACHING + "staff/"
_UNITS = "district/schools/"
_UNIT = _UNITS + "<str:unit_code>/"

urlpatterns = [
    path(_SCHOOL + "profile/", people.profile, name="profile"),
    path(_SCHOOL + "classes/", people.classes, name="classes"),
    path(_SCHOOL + "classes/new/", classes.add, name="class_add"),
    path(_SCHOOL + "classes/first-grade/", classes.first_grade, name="first_grade"),
    path(_SCHOOL + "classes/withdraw/", classes.withdraw, name="classes_withdraw"),
    path(_PUPIL, people.pupil, name="pupil"),
    path(_PUPIL + "reveal/", people.reveal, name="reveal"),
    path(_PUPIL + "move/", people.move, name="move"),
    path(_CLASS, people.home_class, name="class"),
    path(_CLASS + "edit/", classes.edit, name="class_edit"),
    path(_CLASS + "close/", classes.close, name="class_close"),
    path(_CLASS + "reopen/", classes.reopen, name="class_reopen"),
    path(_CLASS + "move/", classes.move, name="class_move"),
    path(_CLASS + "list.pdf", classes.print_list, name="class_list"),
    path(_STAFF, people.staff, name="staff"),
    path(_STAFF + "new/", staff.add, name="staff_add"),
    path(_STAFF + "<str:staff_code>/leave/", staff.leave, name="staff_leave"),
    path(_STAFF + "<str:staff_code>/readmit/", staff.readmit, name="staff_readmit"),
    path(_TEACHING, teaching.grid, name="teaching"),
    path(_POSTS, posts.posts, name="posts"),
    path(_POSTS + "new/", posts.add, name="post_add"),
    path(_POSTS + "<int:post>/end/", posts.end, name="post_end"),
    path(_POSTS + "<int:post>/restore/", posts.restore, name="post_restore"),
    path(_TEACHING + "copy/", teaching.copy, name="teaching_copy"),
    path(_TEACHING + "copy/withdraw/", teaching.withdraw, name="teaching_withdraw"),
    path(_TEACHING + "<str:class_code>/form-teacher/", teaching.form_teacher, name="form_teacher"),
    path(_TEACHING + "<str:class_code>/<str:subject>/", teaching.cell, name="teaching_cell"),
    path("district/terms/", calendar.school_years, name="school_years"),
    path("district/terms/<int:year>/", calendar.school_year, name="school_year"),
    path(_UNITS, organisations.schools, name="schools"),
    path(_UNITS + "new/", organisations.add, name="unit_add"),
    path(_UNIT, organisations.unit, name="unit"),
    path(_UNIT + "edit/", organisations.edit, name="unit_edit"),
    path(_UNIT + "move/", organisations.move, name="unit_move"),
    path(_UNIT + "close/", organisations.close, name="unit_close"),
    path(_UNIT + "office/", office.office, name="unit_office"),
    path(_UNIT + "reopen/", organisations.reopen, name="unit_reopen"),
]
