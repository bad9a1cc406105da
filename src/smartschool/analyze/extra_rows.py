"""Rows and columns of an answer sheet beside the marks: full marks, sums, signatures, stated totals."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import FloatArray
from smartschool.analyze.answers import Note
from smartschool.analyze.cells import kind_of, mark
from smartschool.analyze.columns import PUPIL_NAME_TITLES, bare, plain
from smartschool.analyze.faults import Fault, Refused
from smartschool.analyze.papers import Item
from smartschool.analyze.tables import Table, half_width
from smartschool.kernel.row_kinds import is_closing_row, is_full_mark_word, is_summary_word

TOTAL_TITLES = ("总分", "total", "总成绩", "总得分", "合计")
MOST_NAMED = 5
_PLAIN_ID = re.compile(r"[0-9A-Za-z._-]+")
_MOST_OF_A_NOTE = 12

Columns = list[tuple[Item, int | None]]


def without_extra_rows(
    table: Table, words_at: Collection[int], marks_at: Collection[int], notes: list[Note]
) -> tuple[Table, list[str] | None, int]:
    """The table with pupils only, and the row of full marks with its number where there is one.

    `words_at` are the columns that say who a row is: the student and what comes along (姓名, 班级);
    `marks_at` those of the items.
    """
    full: list[str] | None = None
    full_at = 0
    left: list[tuple[int, str]] = []
    lone = _lone_cells(table, marks_at)
    kept: list[int] = []
    for place, row in enumerate(table.rows):
        words = [text for at in words_at if (text := row[at]) and _PLAIN_ID.fullmatch(text) is None]
        known = any(row[at] for at in words_at)
        if _repeats_header(table, row, words_at):
            left.append((table.numbers[place], "表头"))
        elif full is None and any(map(is_full_mark_word, words)):
            full, full_at = row, table.numbers[place]
        elif full is None and place == 0 and not known and _tops(table, marks_at):
            full, full_at = row, table.numbers[place]
            text = f"第 {full_at} 行没有写是谁，各题的数都不低于任何学生的得分，当作满分读。"
            notes.append(Note("full_marks_row", text))
        elif place in lone:
            left.append((table.numbers[place], lone[place]))
        elif (words or not known) and (word := _extra(row, words)):
            left.append((table.numbers[place], word))
        else:
            kept.append(place)
    if left:
        named = "、".join(f"第 {number} 行（{word[:10]}）" for number, word in left[:MOST_NAMED])
        more = f"等 {len(left)} 行" if len(left) > MOST_NAMED else ""
        notes.append(Note("rows_left_out", f"{named}{more}不是学生，没有计入。"))
    if len(kept) == len(table.rows):
        return table, None, 0
    rows, numbers = [table.rows[place] for place in kept], [table.numbers[place] for place in kept]
    return replace(table, rows=rows, numbers=numbers), full, full_at


def _repeats_header(table: Table, row: list[str], words_at: Collection[int]) -> bool:
    """Whether the header stands here again, as it does on every page of some sheets."""
    if not any(row[at] and plain(row[at]) == plain(table.header[at]) for at in words_at):
        return False
    filled = [at for at, cell in enumerate(row) if cell]
    return 2 * sum(plain(row[at]) == plain(table.header[at]) for at in filled) > len(filled)


def _lone_cells(table: Table, marks_at: Collection[int]) -> dict[int, str]:
    """Rows with a single cell, and that no pupil's: a line of text among ids of figures (以上为一班), or a
    number without the name that all the others have."""
    names = [at for at, title in enumerate(table.header) if plain(title) in PUPIL_NAME_TITLES]
    single = {
        place: filled[0]
        for place, row in enumerate(table.rows)
        if len(filled := [at for at, cell in enumerate(row) if cell]) == 1
    }
    rest = [row for place, row in enumerate(table.rows) if place not in single]
    if not rest:
        return {}
    found = {}
    for place, at in single.items():
        text = table.rows[place][at]
        others = [row[at] for row in rest]
        if at in marks_at or len(text) > _MOST_OF_A_NOTE:
            continue
        wordy = not _PLAIN_ID.fullmatch(text) and kind_of(text) is None
        if wordy and all(_PLAIN_ID.fullmatch(other) for other in others):
            found[place] = text
        elif not wordy and any(all(row[by] for row in rest) for by in names if by != at):
            found[place] = f"只有 {text}"
    return found


def _tops(table: Table, marks_at: Collection[int]) -> bool:
    """Whether the first row has figures at most items, and no pupil has a mark above them."""
    filled = [at for at in marks_at if table.rows[0][at]]
    for at in filled:
        first, *others = (mark(half_width(text)) for text in table.column(at))
        if not first > 0 or any(other > first for other in others):
            return False
    return len(filled) > 1 and 2 * len(filled) > len(marks_at)


def _extra(row: list[str], words: list[str]) -> str:
    """The word by which a row is no pupil's: 合计, 平均分, 制表人：…; "" for a pupil."""
    if len(words) <= 2 and (found := next(filter(is_summary_word, words), "")):
        return found
    filled = [cell for cell in row if cell]
    return filled[0] if len(filled) <= _MOST_OF_A_NOTE and is_closing_row(row) else ""


def with_full_marks(
    table: Table, columns: Columns, row: list[str], number: int, *, described: bool
) -> Columns:
    """Items with the full marks of the row 满分; items.csv, or else the titles, must not say otherwise."""
    faults: list[Fault] = []
    found: Columns = []
    for item, at in columns:
        text = half_width(row[at]).strip("()[]").removesuffix("分") if at is not None else ""
        value = mark(text) if text else None
        if value is None:
            found.append((item, at))
            continue
        title = item.code
        if not value > 0:
            faults.append(Fault("bad_full_mark", f"满分“{text}”不是大于 0 的数。", table.name, number, title))
        elif item.full is not None and abs(item.full - value) > 1e-9:
            where = "items.csv 里" if described else "列名里"
            message = f"这里满分 {value:g}，{where}是 {item.full:g}，请核对哪一个对。"
            faults.append(Fault("full_differs", message, table.name, number, title))
        found.append((replace(item, full=value), at))
    if faults:
        raise Refused(faults)
    return found


def stated_totals(table: Table, items: Collection[str]) -> FloatArray | None:
    """Totals as the sheet states them, NaN where there is none; None without such a column."""
    titles = [bare(title) for title in table.header]
    at = next((titles.index(t) for t in TOTAL_TITLES if t in titles and t not in items), None)
    if at is None:
        return None
    return np.array([mark(half_width(text)) if text else np.nan for text in table.column(at)])


def compare_totals(table: Table, matrix: ResponseMatrix, items: Collection[str], notes: list[Note]) -> None:
    """Totals are summed up again; where the sheet states others, the user must know."""
    stated = stated_totals(table, items)
    if stated is None:
        return
    sums = matrix.marks.sum(axis=1)  # NaN where a mark is missing: then nothing can be compared
    differs = np.flatnonzero(np.abs(stated - sums) > 0.005)
    if differs.size:
        named = "；".join(
            f"第 {table.numbers[i]} 行写 {stated[i]:g}，各题合计 {sums[i]:g}" for i in differs[:MOST_NAMED]
        )
        text = f"{differs.size} 名学生的总分和各题合计不同（{named}），按各题合计。"
        notes.append(Note("totals_differ", text))
