"""Rows of directory as the frozen shapes that leave it."""

from datetime import date

from smartschool.contexts.directory.grades import class_name, grades_on
from smartschool.contexts.directory.models import HomeClass
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.kernel import clock

SCHOOL_KINDS = ("school", "campus", "teaching_point", "central_school")


# What a class is made of, in the order of `class_of`.
CLASS_COLUMNS = (
    "pk", "code", "organisation_id", "stage", "entry_year", "number", "class_type", "further_entry_years",
)  # fmt: skip


def class_of(
    day: date,
    pk: int,
    code: str,
    organisation_id: int,
    stage: str,
    entry_year: int,
    number: int,
    class_type: str,
    further_entry_years: list[int],
) -> ClassInfo:
    """A class as of a day, from its columns."""
    grades = grades_on(stage, [entry_year, *further_entry_years], day)
    name = class_name(stage, entry_year, number, grades)
    return ClassInfo(pk, code, organisation_id, stage, entry_year, number, class_type, grades, name)


def class_info(row: HomeClass, on: date | None = None) -> ClassInfo:
    """A class row as of a day (no query)."""
    return class_of(on or clock.today(), *(getattr(row, name) for name in CLASS_COLUMNS))
