"""Rows of directory as the frozen shapes that leave it."""

from datetime import date

from smartschool.contexts.directory.grades import class_name, grades_on
from smartschool.contexts.directory.models import HomeClass
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.kernel import clock

SCHOOL_KINDS = ("school", "campus", "teaching_point", "central_school")


def class_info(row: HomeClass, on: date | None = None) -> ClassInfo:
    """A class row as of a day (no query)."""
    day = on or clock.today()
    grades = grades_on(row.stage, [row.entry_year, *row.further_entry_years], day)
    return ClassInfo(
        row.pk,
        row.code,
        row.organisation_id,
        row.stage,
        row.entry_year,
        row.number,
        row.class_type,
        grades,
        class_name(row.stage, row.entry_year, row.number, grades),
    )
