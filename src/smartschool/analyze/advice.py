"""What to do about a cell that is no mark, by what stands in it; and shares that pass for marks."""

from __future__ import annotations

import re

import numpy as np

from edumetrics.results import FloatArray
from smartschool.analyze.cells import NOT_WORKED_OUT
from smartschool.analyze.columns import is_date
from smartschool.kernel.judgements import judgement

_SHARE = re.compile(r"\d+(?:\.\d+)?%")
_FRACTION = re.compile(r"\d+(?:\.\d+)?/\d+(?:\.\d+)?")
_OPTIONS = re.compile(r"[A-Ha-h]{1,6}")
_STEP = 0.25  # marks go by halves, some by quarters; shares such as 0.67 do not


def why_no_mark(text: str) -> str:
    """A sentence with a place for the cell."""
    if text == NOT_WORKED_OUT:
        return "这一格是公式，还没有算出结果（{}）。请在 Excel 里打开这个文件，保存一次，再分析。"
    if is_date(text):
        return "“{}”是日期，多半是 3-5 这样的内容被 Excel 改成的。请把这一列设为数字，重新填写得分。"
    if _SHARE.fullmatch(text):
        return "“{}”是百分比，不是分数。请填得分。"
    if _FRACTION.fullmatch(text):
        return "“{}”不是分数。请只填得分，满分写在 items.csv 里或表头下面的“满分”行。"
    if judgement(text, letters=False) is not None:
        return "“{}”不是分数。批改的记号请换成得分；填的是学生的判断，要在 items.csv 的 key 列写 √ 或 ×。"
    if _OPTIONS.fullmatch(text):
        return "“{}”不是分数。如果填的是选项，要在 items.csv 的 key 列写答案。"
    return "“{}”不是分数。没有成绩就留空，缺考写“缺考”。"


def are_shares(marks: FloatArray) -> bool:
    """Whether the marks of an item are shares of its full mark: none above 1, and most of no step of marking.

    >>> are_shares(np.array([0.67, 1, 0.33, 0])), are_shares(np.array([0.5, 1, 0, 1]))
    (True, False)
    """
    some = marks[np.isfinite(marks) & (marks > 0)]
    inside = some[some < 1]
    if not inside.size or some.max() > 1:
        return False
    steps = inside / _STEP
    return bool(np.mean(np.abs(steps - np.round(steps)) > 1e-6) > 0.5)
