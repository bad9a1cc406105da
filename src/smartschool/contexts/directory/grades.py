"""Grade and display name of a class on a day: both change every September, the class's id never does."""

from collections.abc import Iterable
from datetime import date

# 九年制义务教育，六三学制（义务教育课程方案 2022）.
FIRST_GRADE = {"primary": 1, "junior": 7}
LAST_GRADE = {"primary": 6, "junior": 9}
_DIGITS = "零一二三四五六七八九"


def school_year_start(day: date) -> int:
    """Calendar year in which the running school year began (1 September)."""
    return day.year if day.month >= 9 else day.year - 1


def grade_on(stage: str, entry_year: int, day: date) -> int | None:
    """Grade 1–9; a class made in August counts as its first grade; None after the last grade."""
    years = max(0, school_year_start(day) - entry_year)
    grade = FIRST_GRADE[stage] + years
    return grade if grade <= LAST_GRADE[stage] else None


def entry_year_of(grade: int, day: date) -> tuple[str, int]:
    """(stage, entry year) of who sits in `grade` on a day."""
    stage = "primary" if grade <= LAST_GRADE["primary"] else "junior"
    return stage, school_year_start(day) - (grade - FIRST_GRADE[stage])


def grades_on(stage: str, entry_years: Iterable[int], day: date) -> tuple[int, ...]:
    """Grades of all entry years that sit in one room, ascending."""
    found = {grade_on(stage, year, day) for year in entry_years}
    return tuple(sorted(grade for grade in found if grade is not None))


def class_name(stage: str, entry_year: int, number: int, grades: tuple[int, ...]) -> str:
    """``七（2）班``; ``一、三年级复式班``; a class that has left is named by its entry year."""
    if not grades:
        return f"{entry_year} 级（{number}）班"
    if len(grades) > 1:
        words = "、".join(_DIGITS[grade] for grade in grades)
        return f"{words}年级复式{'' if number == 1 else f'（{number}）'}班"
    return f"{_DIGITS[grades[0]]}（{number}）班"


def grade_name(grade: int) -> str:
    """``七年级``."""
    return f"{_DIGITS[grade]}年级"
