"""What one cell says: a mark, an option, a word such as 缺考, or nothing."""

from __future__ import annotations

import math
import re

from edumetrics.arrays import State
from smartschool.analyze.tables import half_width

WORDS = {
    **dict.fromkeys(("缺考", "缺", "缺席", "旷考", "没考", "未到", "未参加", "没参加"), State.ABSENT),
    **dict.fromkeys(("病假", "事假", "请假", "公假", "absent"), State.ABSENT),
    "缓考": State.DEFERRED, "缓": State.DEFERRED, "deferred": State.DEFERRED,
    "免考": State.EXEMPT, "免": State.EXEMPT, "免修": State.EXEMPT, "exempt": State.EXEMPT,
    "未考": State.NOT_PRESENTED, "未发": State.NOT_PRESENTED,
}  # fmt: skip
_DECIMAL_COMMA = re.compile(r"^([+-]?\d+),(\d{1,2})$")
BLANK_WORDS = frozenset(("空", "空白", "未答", "未作答", "漏答", "未涂", "未填", "未选"))
# 缺考（病假） says the same as 缺考.
_REASON = re.compile(r"(?<=.)\([^()]*\)$")
# What stands for a formula without a result.
NOT_WORKED_OUT = "#未计算"
# What a spreadsheet shows where a formula failed.
FORMULA_ERROR = re.compile(
    r"(?i)#(?:div/0!|n/a|ref!|value!|name\?|num!|null!|spill!|calc!)|#未计算|(?:err|错误):\d{3}"
)
# Nobody chose these: they are what programs write for "nothing".
NOT_AN_OPTION = re.compile(r"(?i)^[+-]?(nan|na|n/a|#n/a|null|none|inf|infinity|-|/|\\|\?|\.|<na>|undefined)$")


def kind_of(text: str) -> int | None:
    """State that a word or an empty cell stands for; None for an answer."""
    if not text:
        return int(State.NOT_PRESENTED)
    word = _REASON.sub("", "".join(half_width(text).lower().split()))
    if word in WORDS:
        return int(WORDS[word])
    return int(State.BLANK) if word in BLANK_WORDS else None


def mark(text: str) -> float:
    """A mark; NaN for anything that is not a plain finite number (float() would take 'nan' and 'inf').

    3分 is 3. A comma before one or two digits is the decimal point of a spreadsheet set to another country.
    """
    text = _DECIMAL_COMMA.sub(r"\1.\2", text.removesuffix("分").rstrip())
    return float(text) if re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", text) else math.nan
