"""Cells of the answers to a checked response matrix: marks, chosen options, blanks, words such as 缺考."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from edumetrics.arrays import MARK_TOLERANCE, ResponseMatrix, State, StateArray, response_matrix
from edumetrics.options import Key, option_responses, parse_key, score_options
from edumetrics.results import BoolArray, FloatArray, IntArray
from smartschool.analyze.advice import are_shares, why_no_mark
from smartschool.analyze.cells import FORMULA_ERROR, NOT_AN_OPTION, kind_of, mark
from smartschool.analyze.faults import MOST_KEPT, Fault, Refused
from smartschool.analyze.judged import one_spelling
from smartschool.analyze.keys import (
    DOUBLE_MARKED,
    NO_BUBBLE,
    came_as_marks,
    has_figures,
    may_stand_beside,
    options_in,
)
from smartschool.analyze.papers import Item
from smartschool.analyze.tables import Table, half_width
from smartschool.analyze.words import close_up, the_items

# Where so many have a mark, one that is far above all others is a slip of the keyboard rather than a feat.
_MANY = 10
# Fewer wrong answers say nothing about the key.
_FEW = 3


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader decided that the user must know."""

    code: str
    text: str


@dataclass(slots=True)
class _Column:
    """One item as read: everything per pupil, and what was odd about it.

    `chosen` and `key` stay empty for an item that came as marks.
    """

    states: StateArray
    empty: BoolArray
    marks: FloatArray
    full: float
    chosen: list[str] = field(default_factory=list)
    key: Key = ()
    guessed: bool = False
    lone: tuple[float, float] | None = None
    key_unused: bool = False
    doubled: int = 0
    faults: list[Fault] = field(default_factory=list)


def build_matrix(
    table: Table,
    pupils: list[str],
    columns: list[tuple[Item, int | None]],
    notes: list[Note],
    *,
    blank_is_zero: bool,
    subset_share: float,
) -> ResponseMatrix:
    """Matrix of all items; `Refused` with every cell at fault. What was decided is added to `notes`."""
    read = [_read_column(table, item, index) for item, index in columns]
    faults = [fault for column in read for fault in column.faults] or _shares(table, columns, read)
    if faults:
        raise Refused(sorted(faults, key=lambda fault: fault.row or 0)[:MOST_KEPT])
    marks = np.column_stack([column.marks for column in read])
    states = np.column_stack([column.states for column in read])
    empty = np.column_stack([column.empty for column in read])
    full = np.array([column.full for column in read])
    options = None
    if any(column.key for column in read):
        nobody = [""] * len(pupils)
        options = option_responses([column.chosen or nobody for column in read], [c.key for c in read])
        scores = score_options(options, full, subset_share=subset_share)
        marks = np.where(np.isfinite(scores), scores, marks)
        _tell_of_nobody_right(columns, read, scores, notes)
    there = np.array([index is not None for _, index in columns])
    _whole_paper_words(states, empty, there)
    _settle_blanks(marks, states, empty, there, notes, blank_is_zero=blank_is_zero)
    guessed = [item.code for (item, _), column in zip(columns, read, strict=True) if column.guessed]
    if guessed:
        whose = "各题" if len(guessed) == len(read) else f"{the_items(some(guessed))} 的"
        text = f"没有 items.csv：{whose}满分取了本次的最高得分。如果没有人得满分，得分率会偏高。"
        notes.append(Note("full_marks_guessed", close_up(text)))
    for (item, _), column in zip(columns, read, strict=True):
        if column.lone is not None:
            top, next_ = column.lone
            row = table.numbers[int(np.flatnonzero(column.marks == top)[0])]
            text = f"第 {row} 行“{item.code}”的 {top:g} 比其余最高的 {next_:g} 高一倍以上，请核对。"
            notes.append(Note("lone_top", text))
    unused = [item.code for (item, _), column in zip(columns, read, strict=True) if column.key_unused]
    if unused:
        text = f"{the_items(some(unused))} 有答案，但表里填的已经是分数，按分数计算。"
        notes.append(Note("key_not_used", close_up(text)))
    doubled = [(item.code, column.doubled) for (item, _), column in zip(columns, read, strict=True)]
    if any(n for _, n in doubled):
        where, n = the_items(some([code for code, n in doubled if n])), sum(n for _, n in doubled)
        notes.append(Note("double_marked", close_up(f"{where} 有 {n} 处多涂，按答错计。")))
    _tell_of_low_tops(columns, read, notes)
    _tell_of_zeros(table, marks, states, notes)
    codes = [item.code for item, _ in columns]
    return response_matrix(marks, full, pupils=pupils, items=codes, states=states, options=options)


def _tell_of_low_tops(columns: list[tuple[Item, int | None]], read: list[_Column], notes: list[Note]) -> None:
    """Where nobody of many has more than half of the full mark, that may be a slip (2 for 1)."""
    low = [
        item.code
        for (item, _), column in zip(columns, read, strict=True)
        if not column.guessed
        and np.isfinite(column.marks).sum() >= _MANY
        and 0 < np.nanmax(column.marks) <= column.full / 2
    ]
    if low:
        text = f"{the_items(some(low))} 没有人得分超过满分的一半，请核对满分。"
        notes.append(Note("low_tops", close_up(text)))


def _tell_of_zeros(table: Table, marks: FloatArray, states: StateArray, notes: list[Note]) -> None:
    """A pupil with a zero at every item was perhaps away."""
    answered = np.isfinite(marks).sum(axis=1)
    all_of_them = answered >= max(_FEW, marks.shape[1])
    zeros = np.flatnonzero(all_of_them & (np.nansum(marks, axis=1) == 0))
    if zeros.size:
        rows = some([str(table.numbers[i]) for i in zeros], "行") + ("" if zeros.size > 8 else " 行")
        text = f"{zeros.size} 名学生每题都是 0 分（第 {rows}），按 0 分计；如果是缺考，请写“缺考”。"
        notes.append(Note("all_zeros", text))


def _tell_of_nobody_right(
    columns: list[tuple[Item, int | None]], read: list[_Column], scores: FloatArray, notes: list[Note]
) -> None:
    """A key that nobody met is more often a slip of the key than of a whole class."""
    nobody = [
        item.code
        for (item, _), column, of_pupils in zip(columns, read, scores.T, strict=True)
        if column.key and sum(map(bool, column.chosen)) >= _FEW and not np.nan_to_num(of_pupils).any()
    ]
    if nobody:
        text = f"{the_items(some(nobody))} 没有一名学生答对，请先核对答案和它的写法。"
        notes.append(Note("nobody_right", close_up(text)))


def some(codes: list[str], measure: str = "题") -> str:
    """The first few of a list of items, or of what else is counted with `measure`."""
    return "、".join(codes[:8]) + (f" 等 {len(codes)} {measure}" if len(codes) > 8 else "")


def _read_column(table: Table, item: Item, index: int | None) -> _Column:
    n = len(table.rows)
    if index is None:
        nothing = np.full(n, int(State.NOT_PRESENTED), dtype=np.int8)
        return _Column(nothing, np.zeros(n, dtype=bool), np.full(n, np.nan), item.full or 1.0)
    cells = table.column(index)
    # Most cells repeat: each different text is read once.
    texts, codes = np.unique(np.array(cells, dtype=np.str_), return_inverse=True)
    codes = codes.reshape(-1)
    kinds = [kind_of(str(text)) for text in texts]
    answers = [half_width(str(text)) if kind is None else "" for text, kind in zip(texts, kinds, strict=True)]
    states = np.array([int(State.ANSWERED) if kind is None else kind for kind in kinds], dtype=np.int8)[codes]
    empty = np.array([not text for text in texts])[codes]
    column = _Column(states, empty, np.full(n, np.nan), item.full or 1.0)
    pupils = np.bincount(codes, minlength=len(texts)).tolist()
    if item.key and not came_as_marks(item.key, item.kind, column.full, answers, pupils):
        if not has_figures(item.key):
            no_bubble = np.array([text == NO_BUBBLE for text in answers])[codes]
            states[no_bubble] = int(State.BLANK)
            answers = ["" if text == NO_BUBBLE else text for text in answers]
        key, spelled = one_spelling(item.key, item.kind, answers, pupils)
        given = [options_in(text) or text for text in spelled]
        column.chosen, column.key = [given[code] for code in codes], parse_key(key)
        column.doubled = sum(n for text, n in zip(answers, pupils, strict=True) if text in DOUBLE_MARKED)
        bad = np.array([bool(text) and not _is_choice(key, text) for text in answers])[codes]
        why = "“{}”不是选项。没有作答就留空，缺考写“缺考”，多涂写“多涂”。"
        _name(column, bad, "not_an_option", why, table, item, cells)
        return column
    column.key_unused = bool(item.key) and any(answers)
    values = np.array([mark(answer) if answer else math.nan for answer in answers])
    column.marks = values[codes]
    if item.full is None:
        observed = values[np.isfinite(values)]
        column.full = float(observed.max()) if observed.size and observed.max() > 0 else 1.0
        column.guessed = True
        column.lone = _lone_top(observed, np.bincount(codes, minlength=len(values)), values)
    bad = np.array([bool(answer) for answer in answers])[codes] & np.isnan(column.marks)
    reasons = [why_no_mark(answer) for answer in answers]
    if column.key_unused:
        reasons = ["“{}”不是分数。这一列其余多是分数，请统一写分数。"] * len(answers)
    for reason in dict.fromkeys(reasons):
        here = np.array([other == reason for other in reasons])[codes]
        _name(column, bad & here, "not_a_number", reason, table, item, cells)
    with np.errstate(invalid="ignore"):
        low = column.marks < 0
        high = column.marks > column.full + MARK_TOLERANCE * max(1.0, column.full)
    _name(column, low, "negative_mark", "分数 {} 是负数，请改正。", table, item, cells)
    over = f"分数 {{}} 超过满分 {column.full:g}，请核对分数，或改 items.csv 里的满分。"
    _name(column, high, "mark_over_full", over, table, item, cells)
    return column


def _shares(table: Table, columns: list[tuple[Item, int | None]], read: list[_Column]) -> list[Fault]:
    """Shares of the full mark in place of marks, in half of the items or more: a sheet shows them as 67%."""
    came = [(item, c) for (item, at), c in zip(columns, read, strict=True) if at is not None and not c.key]
    found = [item for item, column in came if are_shares(column.marks)]
    if 2 * len(found) < len(came):
        return []
    text = "这一列像是得分率（百分比），不是得分。请填得分。"
    return [Fault("shares_not_marks", text, table.name, table.header_row, item.code) for item in found]


def _lone_top(observed: FloatArray, pupils: IntArray, values: FloatArray) -> tuple[float, float] | None:
    """The best mark and the next, where only one pupil of many has more than twice what the others have."""
    sizes = np.unique(observed)
    if len(sizes) < 3 or sizes[-1] <= 2 * sizes[-2] or sizes[-2] <= 0:
        return None
    alone = pupils[values == sizes[-1]].sum() == 1 and pupils[np.isfinite(values)].sum() >= _MANY
    return (float(sizes[-1]), float(sizes[-2])) if alone else None


def _is_choice(key: str, answer: str) -> bool:
    """Whether a pupil can have given this answer; where options are figures nearly all is one."""
    if has_figures(key):
        return NOT_AN_OPTION.match(answer) is None and FORMULA_ERROR.fullmatch(answer) is None
    return may_stand_beside(key, answer)


def _name(
    column: _Column, bad: BoolArray, code: str, message: str, table: Table, item: Item, cells: list[str]
) -> None:
    """One fault per cell."""
    for i in np.flatnonzero(bad)[:MOST_KEPT]:
        column.faults.append(Fault(code, message.format(cells[i]), table.name, table.numbers[i], item.code))


def _whole_paper_words(states: StateArray, empty: BoolArray, there: BoolArray) -> None:
    """缺考 in one cell and nothing else in the row stands for the whole paper."""
    for word in (State.ABSENT, State.DEFERRED, State.EXEMPT):
        said = states == word
        rows = said.any(axis=1) & (said | empty | ~there).all(axis=1)
        states[rows] = word
        empty[rows] = False


def _settle_blanks(
    marks: FloatArray,
    states: StateArray,
    empty: BoolArray,
    there: BoolArray,
    notes: list[Note],
    *,
    blank_is_zero: bool,
) -> None:
    """Explicit 空白 is an answer worth 0; an empty cell is missing, or 0 where the user says so."""
    marks[states == State.BLANK] = 0.0
    nothing = np.asarray((empty | ~there).all(axis=1))
    states[nothing] = State.ABSENT
    if nothing.any():
        notes.append(Note("empty_rows", f"{int(nothing.sum())} 名学生没有任何成绩，按缺考处理。"))
    cells = empty & ~nothing[:, None]
    if blank_is_zero:
        marks[cells], states[cells] = 0.0, State.BLANK
    if cells.any():
        share = cells.sum() / (int((~nothing).sum()) * int(there.sum()))
        part = "不到 1%" if share < 0.01 else f" {share * 100:.0f}%"
        how = "按 0 分计" if blank_is_zero else "按没有数据处理，不算 0 分"
        notes.append(Note("blank_cells", f"{int(cells.sum())} 个空格（占{part}）{how}。各题人数见 n。"))
