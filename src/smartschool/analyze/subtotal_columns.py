"""What becomes of the columns that add up others: left out and told, or kept and told."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np

from edumetrics.results import FloatArray
from smartschool.analyze.answers import Note, some
from smartschool.analyze.cells import kind_of, mark
from smartschool.analyze.columns import is_part_companion, says_sum
from smartschool.analyze.extra_rows import Columns, stated_totals
from smartschool.analyze.papers import Item
from smartschool.analyze.subtotals import Subtotal, completes_total, find_subtotals
from smartschool.analyze.tables import Table, half_width
from smartschool.analyze.words import close_up, the_items

_MOST_ROWS = 5


def without_subtotals(table: Table, columns: Columns, notes: list[Note]) -> Columns:
    """Columns of a sheet without items.csv that are items, with those that the total says are items too."""
    stated = stated_totals(table, {item.code for item, _ in columns})
    used = [(item, at) for item, at in columns if at is not None and _has_marks(table, at)]
    titles = [item.code for item, _ in used]
    marks = np.column_stack([_marks(table, at) for _, at in used]) if used else np.zeros((len(table.rows), 0))
    columns = [*columns, *_parts_of_total(table, marks, stated, notes)]
    if len(used) < 2:
        return columns
    left_out = set()
    for one in find_subtotals(titles, marks, stated):
        notes.append(_told(table, titles, one))
        left_out |= {used[one.at][1]} if one.sure else set()
    added_up = {at for at in left_out if at is not None}
    for title, (_, at) in zip(titles, used, strict=True):
        if says_sum(title) and at not in added_up:
            text = (
                f"“{title}”像是几道题的合计，但和别的列加起来对不上，按一道题计入；如果是合计，请删去这一列。"
            )
            notes.append(Note("part_as_item", text))
    return [(item, at) for item, at in columns if at not in left_out]


def explained(table: Table, described: Columns, scored: FloatArray, undescribed: list[int]) -> list[Subtotal]:
    """Of columns that items.csv does not describe, those that add up items; `at` counts in `undescribed`.

    A column without a row in items.csv is left out only where it is surely the sum of others.
    """
    known = [at for at in undescribed if _has_marks(table, at)]
    if not known:
        return []
    titles = [item.code for item, _ in described] + [table.header[at] for at in known]
    marks = np.column_stack([scored, *(_marks(table, at) for at in known)])
    n = len(described)
    found = find_subtotals(titles, marks, stated_totals(table, set(titles)))
    return [
        Subtotal(undescribed.index(known[one.at - n]), one.parts, one.differing, one.sure)
        for one in found
        if one.at >= n and one.sure
    ]


def tell_of_described(table: Table, described: Columns, scored: FloatArray, notes: list[Note]) -> None:
    """An item of items.csv stays one, but where it surely adds up others the reader must know."""
    titles = [item.code for item, _ in described]
    for one in find_subtotals(titles, scored, stated_totals(table, set(titles))):
        if one.sure:
            parts = the_items(some([titles[j] for j in one.parts]))
            text = (
                f"“{titles[one.at]}”是{parts} 之和，items.csv 里写成了一道题，于是算了两次；"
                "如果是小计，请从 items.csv 里删去。"
            )
            notes.append(Note("subtotal_described", close_up(text)))


def told_of(table: Table, described: Columns, undescribed: list[int], found: list[Subtotal]) -> list[Note]:
    """A note for each column that `explained` found."""
    titles = [item.code for item, _ in described] + [table.header[at] for at in undescribed]
    n = len(described)
    return [_told(table, titles, Subtotal(n + one.at, one.parts, one.differing, one.sure)) for one in found]


def _told(table: Table, titles: list[str], one: Subtotal) -> Note:
    parts = the_items(some([titles[j] for j in one.parts]))
    title = titles[one.at]
    if not one.sure:
        text = (
            f"“{title}”每名学生都等于{parts} 之和：人数或分值太少，可能是碰巧，按一道题计入；"
            "如果是小计，请删去这一列。"
        )
        return Note("perhaps_subtotal", close_up(text))
    text = f"“{title}”是{parts} 之和，不是一道题，没有计入。"
    if one.differing:
        rows = "、".join(str(table.numbers[i]) for i in one.differing[:_MOST_ROWS])
        more = f"等 {len(one.differing)} 行" if len(one.differing) > _MOST_ROWS else "行"
        text += f"其中第 {rows} {more}和各题之和不同，请核对。"
    return Note("subtotals_ignored", close_up(text))


def _parts_of_total(table: Table, marks: FloatArray, stated: FloatArray | None, notes: list[Note]) -> Columns:
    """客观题得分 without its items in the sheet: the total holds it, so it is an item."""
    aside = [
        at for at, title in enumerate(table.header) if is_part_companion(title) and _has_marks(table, at)
    ]
    if stated is None:
        return []
    for chosen in chain.from_iterable(combinations(aside, size) for size in range(1, len(aside) + 1)):
        part = np.column_stack([_marks(table, at) for at in chosen])
        if completes_total(marks, part, stated):
            for at in chosen:
                text = f"“{table.header[at]}”算在总分里，表里又没有它的各题，按一道题计入。"
                notes.append(Note("part_as_item", text))
            return [(Item(table.header[at], "", None, ""), at) for at in chosen]
    return []


def _has_marks(table: Table, at: int) -> bool:
    """Whether the column holds marks and nothing else but words such as 缺考."""
    texts = set(table.column(at))
    values = [mark(half_width(text)) for text in texts if kind_of(text) is None]
    return bool(values) and bool(np.isfinite(values).all())


def _marks(table: Table, at: int) -> FloatArray:
    read = {text: mark(half_width(text)) for text in set(table.column(at))}
    return np.array([read[text] for text in table.column(at)])
