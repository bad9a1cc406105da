"""Classes and schools of the pupils: which columns name them, and the order in which people list them."""

from __future__ import annotations

import re

from smartschool.analyze.answers import Note
from smartschool.analyze.tables import Table, half_width

KINDS = {
    "class": ("班级", "班", "班级名称", "行政班", "class"),
    "school": ("学校", "学校名称", "校名", "school"),
}
NAMES = {"class": "班级", "school": "学校"}
_NUMBER = re.compile(r"\d{1,4}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]")
_WHOLE = re.compile(r"^(\d+)\.0+$")
_NUMERALS = {numeral: place for place, numeral in enumerate("〇一二三四五六七八九十")}


def kind_of(title: str) -> str | None:
    """ "class" or "school" for the title of a column that names them."""
    plain = half_width(title).lower()
    return next((kind for kind, titles in KINDS.items() if plain in titles), None)


def read_homes(
    table: Table, items: set[str], covariates: dict[str, list[str]], notes: list[Note]
) -> dict[str, list[str]]:
    """Label of each pupil by kind, from the answer sheet, else from groups.csv; "" where there is none.

    A class is named together with its school where both are known: every school has a class 1.
    """
    found: dict[str, list[str]] = {}
    columns = [(title, list(table.column(index))) for index, title in enumerate(table.header)]
    for title, labels in [*((t, c) for t, c in columns if t not in items), *covariates.items()]:
        kind = kind_of(title)
        if kind is not None and kind not in found and any(labels):
            found[kind] = one_spelling(labels)
    if {"class", "school"} <= set(found):
        found["class"] = [
            f"{school} {home}" if school and home else ""
            for school, home in zip(found["school"], found["class"], strict=True)
        ]
    for kind, labels in found.items():
        without = sum(not label for label in labels)
        if without:
            notes.append(
                Note(f"{kind}_missing", f"有 {without} 名学生没有写{NAMES[kind]}，不在{NAMES[kind]}表里。")
            )
    return dict(sorted(found.items(), reverse=True))


def one_spelling(labels: list[str]) -> list[str]:
    """Labels with the first spelling of each: "1 班", "01" and "1.0" are "一班" where that came first.

    >>> one_spelling(["一班", "一 班", "１班", "1.0", "01", "七(1)班", "七（1）班", ""])
    ['一班', '一班', '一班', '一班', '一班', '七(1)班', '七(1)班', '']
    """
    first: dict[str, str] = {}
    found = []
    for label in labels:
        spelled = _WHOLE.sub(r"\1", label)
        key = "".join(half_width(spelled).lower().split())
        bare = key.removesuffix("班")
        if _NUMBER.fullmatch(bare):
            key = f"{_number(bare)}班"
        found.append(first.setdefault(key, spelled))
    return found


def natural(labels: list[str]) -> list[str]:
    """Labels once each, as people list them: numbers by size, 二班 before 十班, otherwise as they come."""
    return sorted(dict.fromkeys(label for label in labels if label), key=_key)


def _key(label: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.findall(r"\d+|[〇一二三四五六七八九十]+|[^\d〇一二三四五六七八九十]+", half_width(label))
    return tuple(
        (0, number, "") if (number := _number(piece)) is not None else (1, 0, piece) for piece in pieces
    )


def _number(piece: str) -> int | None:
    if piece.isdigit():
        return int(piece)
    if piece[0] not in _NUMERALS:
        return None
    tens, ten, ones = piece.rpartition("十")
    if not ten:
        return int("".join(str(_NUMERALS[one]) for one in piece))
    return 10 * (_NUMERALS[tens[-1]] if tens else 1) + (_NUMERALS[ones[0]] if ones else 0)
