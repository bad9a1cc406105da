"""Grades turn over on 1 September; the names follow."""

from datetime import date

import pytest

from smartschool.contexts.directory.grades import class_name, entry_year_of, grade_on, grades_on


@pytest.mark.parametrize(
    ("stage", "entry", "day", "grade"),
    [
        ("primary", 2026, date(2026, 9, 1), 1),
        ("primary", 2026, date(2026, 8, 20), 1),
        ("primary", 2021, date(2026, 11, 25), 6),
        ("primary", 2020, date(2026, 8, 31), 6),
        ("primary", 2020, date(2026, 9, 1), None),
        ("junior", 2026, date(2027, 6, 30), 7),
        ("junior", 2024, date(2026, 11, 25), 9),
        ("junior", 2023, date(2026, 11, 25), None),
    ],
)
def test_grade(stage: str, entry: int, day: date, grade: int | None) -> None:
    assert grade_on(stage, entry, day) == grade
    if grade is not None and day.month != 8:
        assert entry_year_of(grade, day) == (stage, entry)


def test_names() -> None:
    day = date(2026, 11, 25)
    assert class_name("junior", 2026, 2, grades_on("junior", [2026], day)) == "七（2）班"
    assert class_name("primary", 2025, 1, grades_on("primary", [2025, 2023], day)) == "二、四年级复式班"
    assert class_name("primary", 2019, 3, grades_on("primary", [2019], day)) == "2019 级（3）班"
