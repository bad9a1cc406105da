"""How people write a grade and a class: 三年级, 初一, 2023 级; 02, 2班, 三（2）班, 4年级2班."""

import re
from dataclasses import dataclass

from smartschool.contexts.directory.grades import FIRST_GRADE, LAST_GRADE
from smartschool.kernel.cells import as_text, narrow
from smartschool.kernel.tabular import Bad, Cell, Value

MOST_CLASSES = 60  # of one grade of a school
_DIGITS = {word: number for number, word in enumerate("零一二三四五六七八九")} | {"十": 10, "两": 2}
_NAMED = {
    **{f"{word}年级": grade for word, grade in zip("一二三四五六七八九", range(1, 10), strict=True)},
    **{f"小学{word}年级": grade for word, grade in zip("一二三四五六", range(1, 7), strict=True)},
    **{f"小{word}": grade for word, grade in zip("一二三四五六", range(1, 7), strict=True)},
    **{f"初{word}": grade for word, grade in zip("一二三", range(7, 10), strict=True)},
    **{f"初中{word}年级": grade for word, grade in zip("一二三", range(7, 10), strict=True)},
    **{f"{word}": grade for word, grade in zip("一二三四五六七八九", range(1, 10), strict=True)},
    **{f"{grade}年级": grade for grade in range(1, 10)},
    **{f"{grade}": grade for grade in range(1, 10)},
    **{f"0{grade}": grade for grade in range(1, 10)},
    # 年级编号 of the national fitness workbook: 11–16 primary, 21–23 junior.
    **{f"1{grade}": grade for grade in range(1, 7)},
    **{f"2{grade}": grade + 6 for grade in range(1, 4)},
}
_ENTRY = re.compile(r"(20\d{2})(?:级|届|年)?")
_GRADE_WORD = r"(?P<grade>小?[一二三四五六七八九]|初[一二三]|[1-9]|(?:20)\d{2}级)"
_CLASS = re.compile(
    rf"(?:{_GRADE_WORD}(?:年级|级)?[（(\[.．·\-]?)??"
    r"[（(\[]?(?P<number>\d{1,2}|[一二三四五六七八九]|十[一二三四五六七八九]?|二十[一二三四五六七八九]?)[）)\]]?班?"
)
_SEPARATED = re.compile(
    rf"{_GRADE_WORD}(?:年级|级|[（(\[.．·\-])|小?[一二三四五六七八九](?=\d)|初[一二三](?=\d)"
)
_THREE_DIGITS = re.compile(r"([1-9])(\d{2})班?")  # 302 is 三（2）班


@dataclass(frozen=True, slots=True)
class GradeCell:
    """A grade (1–9), or the year in which the pupils came."""

    grade: int | None = None
    entry_year: int | None = None


@dataclass(frozen=True, slots=True)
class ClassCell:
    """A class number, with the grade where the cell says it too."""

    number: int
    grade: int | None = None
    entry_year: int | None = None


def number_of(word: str) -> int:
    """Value of ``12``, ``二``, ``十二`` or ``二十一``."""
    if word.isdigit():
        return int(word)
    tens, mark, ones = word.partition("十")
    if not mark:
        return _DIGITS[tens]
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _plain(cell: Cell) -> str | Bad:
    text = as_text(cell)
    return text if isinstance(text, Bad) else "".join(narrow(text).split())


def grade_cell(cell: Cell) -> Value | Bad:
    """Cell check of 年级."""
    text = _plain(cell)
    if isinstance(text, Bad):
        return text
    if text in _NAMED:
        return GradeCell(grade=_NAMED[text])
    entry = _ENTRY.fullmatch(text)
    if entry:
        return GradeCell(entry_year=int(entry[1]))
    return Bad("unknown_grade", f"没有“{text[:12]}”这个年级。请写成 一年级 到 九年级。")


def class_cell(cell: Cell) -> Value | Bad:
    """Cell check of 班级号. 三二班 is refused: nobody can know whether it is 三（2）班 or 32 班."""
    text = _plain(cell)
    if isinstance(text, Bad):
        return text
    digits = _THREE_DIGITS.fullmatch(text)
    if digits and 1 <= int(digits[2]) <= MOST_CLASSES:
        return ClassCell(int(digits[2]), grade=int(digits[1]))
    match = _CLASS.fullmatch(text)
    wrong = Bad("unknown_class", f"认不出班级“{text[:12]}”。请写成 三（2）班，或者班级号 02。")
    if match is None:
        return wrong
    grade_word, number = match["grade"], number_of(match["number"])
    if not 1 <= number <= MOST_CLASSES:
        return wrong
    if grade_word is None:
        return ClassCell(number)
    if not _SEPARATED.match(text):
        return wrong
    if grade_word.endswith("级"):
        year = int(grade_word[:-1])
        return ClassCell(number, entry_year=year)
    return ClassCell(number, grade=_NAMED[grade_word])


def stage_of(grade: int) -> str:
    """Stage in which a grade sits, six and three years."""
    return "primary" if grade <= LAST_GRADE["primary"] else "junior"


def entry_year_of_grade(grade: int, school_year: int) -> int:
    """Year in which the pupils of `grade` entered their stage."""
    return school_year - (grade - FIRST_GRADE[stage_of(grade)])
