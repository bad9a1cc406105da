"""Where the header of a sheet is: below a title, or in two rows under merged cells."""

from __future__ import annotations

from collections.abc import Sequence

from smartschool.analyze.columns import HEADER_TITLES, is_companion, is_part_companion, item_code, plain

# Titles, notes and the name of the school take no more rows than these.
_MOST_ABOVE = 10


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Index of the header: the first row with any text, unless a title stands there, far narrower than a row
    below it that has a column known by name (学号, 题号).

    Examples
    --------
    >>> find_header([["期末考试小题分", "", ""], ["学号", "1", "2"], ["S1", "0", "1"]])
    1
    """
    first = next(place for place, row in enumerate(rows) if any(row))
    if _is_known(rows[first]):
        return first
    for place in range(first + 1, min(first + 1 + _MOST_ABOVE, len(rows))):
        wide = _filled(rows[place])
        if _is_known(rows[place]) and all(2 * _filled(row) < wide for row in rows[first:place]):
            return place
    return first


def second_header_row(first: Sequence[str], second: Sequence[str]) -> list[str] | None:
    """The titles of a header in two rows: 选择题 over 1 and 2. None where the second row is no header.

    It is one where it fills gaps that merged cells left in the first row, says nothing in the columns that
    tell who a pupil is, and stands under no item: below those are full marks.

    Examples
    --------
    >>> second_header_row(["学号", "选择题", "", "总分"], ["", "1", "2", ""])
    ['学号', '1', '2', '总分']
    >>> second_header_row(["学号", "1", ""], ["", "2", "4"])
    """
    width = max(len(first), len(second))
    above, below = ([*row, *[""] * (width - len(row))] for row in (first, second))
    gaps = [place for place, title in enumerate(above) if not title]
    who = [
        place
        for place, title in enumerate(above)
        # 客观题 over a gap names the items below it.
        if (plain(title) in HEADER_TITLES or is_companion(title))
        and not (is_part_companion(title) and place + 1 in gaps)
    ]
    if not any(below[place] for place in gaps) or not who or any(below[place] for place in who):
        return None
    if any(item_code(over)[:1].isdigit() for over, under in zip(above, below, strict=True) if under):
        return None
    titles = [under or over for over, under in zip(above, below, strict=True)]
    used = [title for title in titles if title]
    return titles if len(set(used)) == len(used) else None


def _is_known(row: Sequence[str]) -> bool:
    return any(plain(cell) in HEADER_TITLES for cell in row)


def _filled(row: Sequence[str]) -> int:
    return sum(map(bool, row))
