"""Whether a sheet agrees with itself: 考试状态 and stated totals beside the marks of the items."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartschool.contexts.assessment.marks_import import layouts, rows
from smartschool.contexts.assessment.marks_import.cells import MarkColumn
from smartschool.contexts.assessment.public.contracts import (
    AttemptStatus,
    MarkState,
)
from smartschool.kernel.tabular import Checked


def say_totals(
    sheet: layouts.SheetMarks, stated: MarkColumn, gone: set[tuple[int, str]], first_of: Sequence[int]
) -> None:
    """Totals beside item marks, NaN where the file holds none; 缺考 is often written there alone."""
    stated.marks[[index for index, column in gone if column == rows.TOTAL]] = np.nan
    sheet.totals, away = stated.marks[first_of], stated.away[first_of]
    sheet.away = np.where(sheet.away > 0, sheet.away, away)


def statuses_of(checked: Checked, sheet: layouts.SheetMarks, first_of: Sequence[int]) -> np.ndarray:
    """考试状态: what the column says, else what the cells of marks say, else a remark."""
    said, remarked = (
        np.array([int(status) if isinstance(status := column[i], int) else 0 for i in first_of], np.int8)
        for column in (checked.column("status"), checked.column("remark"))
    )
    marked = np.isfinite(sheet.marks).any(axis=1) if sheet.marks.shape[1] else np.isfinite(sheet.totals)
    remarked = np.where(marked, 0, remarked)  # 请假 beside marks: the pupil was there
    statuses = np.where(said > 0, said, np.where(sheet.away > 0, sheet.away, remarked)).astype(np.int8)
    for place in np.flatnonzero((statuses > 0) & marked).tolist():
        index = first_of[place]
        zh = AttemptStatus(int(statuses[place])).zh
        message = f"状态是{zh}，却有得分。没考就清空得分，考了就把状态改成正常。"
        checked.add(index, "考试状态", "absent_with_marks", message)
    return statuses


def compare_totals(
    checked: Checked, sheet: layouts.SheetMarks, statuses: np.ndarray, first_of: Sequence[int]
) -> None:
    """Totals are recomputed from items; differences are listed, blanks are named. Nothing is filled in."""
    if not sheet.marks.shape[1]:
        return
    entered: NDArray[np.bool_] = np.not_equal(sheet.states, MarkState.NOT_ENTERED)
    blank: NDArray[np.bool_] = np.equal(sheet.states, MarkState.BLANK)
    sums = np.nansum(sheet.marks, axis=1)
    marked: NDArray[np.bool_] = np.asarray(np.isfinite(sheet.marks).any(axis=1))
    some_blank = marked & np.asarray(blank.any(axis=1))
    none_marked = ~marked & np.asarray(entered.any(axis=1))
    differs = np.abs(sheet.totals - sums) > 0.005  # never where no total is stated
    differs &= marked & ~some_blank & entered.all(axis=1)
    for place in np.flatnonzero((some_blank | none_marked | differs) & (statuses == 0)).tolist():
        index = first_of[place]
        if index in checked.bad:
            continue
        if some_blank[place]:
            labels = "、".join(sheet.items[i].label for i in np.flatnonzero(blank[place])[:8])
            first = sheet.items[int(np.flatnonzero(blank[place])[0])].label
            message = f"第 {labels} 题空着，记为没有得分，不算 0 分。"
            checked.warn(index, first, "blank_item", message)
        elif none_marked[place]:
            checked.warn(index, "姓名", "no_mark_at_all", "一题得分也没有。没参加考试的请写缺考。")
        else:
            stated, total = sheet.totals[place], sums[place]
            message = f"总分写的是 {stated:g}，各题合计 {total:g}，按各题合计记。"
            checked.warn(index, "总分", "total_differs", message)
