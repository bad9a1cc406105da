"""Pupils who were away as a column beside the marks says: 缺考 in 总分, 备注, 是否缺考, or behind a name."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from edumetrics.arrays import State
from smartschool.analyze.answers import Note
from smartschool.analyze.cells import kind_of, mark
from smartschool.analyze.columns import PUPIL_NAME_TITLES, bare, is_companion
from smartschool.analyze.homes import kind_of as home_kind
from smartschool.analyze.tables import Table, half_width

_AWAY = {int(State.ABSENT): "缺考", int(State.DEFERRED): "缓考", int(State.EXEMPT): "免考"}
_ASKS = "是否缺考"
_YES = frozenset(("是", "√", "1", "y", "yes", "true"))
# 上次缺考, 未缺考, 无缺考情况 are no absence from this exam.
_AWAY_NOW = re.compile(r"(?<![未无没不曾非])(?<!没有)(?<![上前]次)(?<!上回)(?<!学期)(?<!以前)缺考")
_BEHIND = re.compile(r"[(\[]([^()\[\]]+)[)\]]$")
_MOST_NAMED = 5


def with_absences(table: Table, items_at: Collection[int], notes: list[Note]) -> Table:
    """The table with the word at the items of a pupil who was away and has nothing but zeros there.

    Where such a pupil has marks, these stay, and the reader is told.
    """
    titles = {at: bare(title) for at, title in enumerate(table.header) if at not in items_at}
    beside = [
        at
        for at, title in titles.items()
        if title in PUPIL_NAME_TITLES or (is_companion(title) and home_kind(title) is None)
    ]
    rows, away, against = list(table.rows), [], []
    for place, row in enumerate(table.rows):
        word = next((said for at in beside if row[at] and (said := _word(titles[at], row[at]))), "")
        if not word:
            continue
        if not any(row[at] for at in items_at):
            rows[place] = [word if at in items_at else cell for at, cell in enumerate(row)]
            continue
        if any(kind_of(row[at]) is not None for at in items_at if row[at]):
            continue
        if any(mark(half_width(row[at])) != 0.0 for at in items_at if row[at]):
            against.append(table.numbers[place])
            continue
        away.append(table.numbers[place])
        rows[place] = [word if at in items_at else cell for at, cell in enumerate(row)]
    if away:
        text = f"{len(away)} 名学生（{_lines(away)}）写着缺考、缓考或免考，各题是 0，不算 0 分。"
        notes.append(Note("absent_by_remark", text))
    if against:
        who = f"{len(against)} 名学生（{_lines(against)}）写着缺考、缓考或免考"
        text = f"{who}，各题却有得分，按得分计入，请核对。"
        notes.append(Note("absent_with_marks", text))
    return replace(table, rows=rows)


def _word(title: str, cell: str) -> str:
    """缺考, 缓考 or 免考, as the cell of a column says; "" for anything else."""
    text = half_width(cell)
    if title in PUPIL_NAME_TITLES:
        behind = _BEHIND.search(text)
        text = behind[1] if behind else ""
    elif (title == _ASKS and text.lower() in _YES) or (title == "备注" and _AWAY_NOW.search(text)):
        return "缺考"
    state = kind_of(text) if text else None
    return _AWAY.get(state, "") if state is not None else ""


def _lines(numbers: list[int]) -> str:
    more = f"等 {len(numbers)} 行" if len(numbers) > _MOST_NAMED else "行"
    return f"第 {'、'.join(map(str, numbers[:_MOST_NAMED]))} {more}"
