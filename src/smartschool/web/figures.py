"""Owns how numbers are written on a page: shares, estimates with intervals, marks, what cannot be known."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

MINUS = "−"
DASH = "–"

# Words for a reason that the numeric core gives as a code; a sentence in Chinese passes through unchanged.
REASONS = {
    "too_few_pupils": "人数太少",
    "too_few_items": "题太少",
    "too_few_marks": "得分太少",
    "no_responses": "没有作答",
    "constant_marks": "所有人得分相同",
    "constant_rest": "其余各题得分相同",
    "no_options": "没有选项数据",
    "no_key": "没有答案",
    "not_taught": "还没学",
    "no_common_pupils": "没有共同的学生",
    "not_identified": "这些题分不清",
    "not_converged": "算不稳",
    "not_comparable": "没有可比对象",
    "boundary": "得分都在边上",
    "near_edge": "几乎都是满分或零分，人数不够看出差别",
    "small_group": "人数太少，不显示",
}

MASTERY_WORDS = ("未学", "需巩固", "基本掌握", "已掌握")
MASTERY_CODES = {
    "not_learned": 0,
    "unlearned": 0,
    "needs_work": 1,
    "weak": 1,
    "basic": 2,
    "partial": 2,
    "mastered": 3,
}

# Lower bounds of the five diverging heat steps (design guide, knowledge table): below 40 %, 40, 60, 75, 88.
HEAT_BOUNDS = (0.40, 0.60, 0.75, 0.88)


def number(value: float, digits: int = 0, *, floor: bool = False, signed: bool = False) -> str:
    """Write a number with a real minus sign; halves go away from zero, as people round."""
    quantum = Decimal(1).scaleb(-digits)
    rounded = Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_FLOOR if floor else ROUND_HALF_UP)
    if rounded == 0:
        rounded = abs(rounded)
    text = f"{abs(rounded):.{digits}f}"
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if signed and rounded > 0 else text


def plain(value: float) -> str:
    """Write a mark or a full score: 10, 7.5, never 7.50."""
    text = number(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


def share(value: float, digits: int = 0, *, floor: bool = False) -> str:
    """Write a share 0…1 as per cent; nothing short of all is written 100 %, nothing above none 0 %."""
    percent = value * 100
    text = number(percent, digits, floor=floor)
    if 0 < value < 1 and digits == 0:
        if text == "100":
            return "99%"
        if text == "0":
            return "1%" if not floor else "0%"
    return f"{text}%"


def is_insufficient(result: Any) -> bool:
    """True for the numeric core's `Insufficient` (has `reason` and `n`, no estimate)."""
    return result is None or (hasattr(result, "reason") and not hasattr(result, "low"))


def reason(result: Any) -> str:
    """Say in Chinese why there is no figure."""
    if result is None:
        return "没有数据"
    code = str(getattr(result.reason, "value", result.reason))
    return REASONS.get(code, code if any("\u4e00" <= c <= "\u9fff" for c in code) else "数据不够")


def point(result: Any) -> float:
    """Return the point estimate of an `Estimate`, or the plain number itself."""
    if isinstance(result, int | float):
        return float(result)
    value = getattr(result, "value", None)
    return float(result.estimate if value is None else value)


def bounds(result: Any) -> tuple[float, float] | None:
    """Return (low, high) where the result has an interval."""
    low, high = getattr(result, "low", None), getattr(result, "high", None)
    return None if low is None or high is None else (float(low), float(high))


def heat_class(value: float, bounds_: Sequence[float] = HEAT_BOUNDS) -> str:
    """Return the class x1 (lowest) … x5 (highest) of a heat cell for a share 0…1."""
    return f"x{1 + sum(value >= bound for bound in bounds_)}"


def mastery_level(state: Any) -> int | None:
    """Return 0…3 for a state given as a number, a Chinese word, a code or an enum; None if unknown."""
    if state is None or is_insufficient(state):
        return None
    state = getattr(state, "value", state)
    if isinstance(state, int):
        return state if 0 <= state <= 3 else None
    if state in MASTERY_WORDS:
        return MASTERY_WORDS.index(state)
    return MASTERY_CODES.get(str(state))
