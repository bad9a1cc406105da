"""Words and thresholds that reports share: how a share is written, when an item needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from edumetrics.results import Estimate, Outcome
from smartschool.contexts.assessment.public.contracts import NO_ANSWER
from smartschool.contexts.diagnosis.figures import ItemFigures

LOW_FACILITY = 0.60
LOW_DISCRIMINATION = 0.20
SMALL_CLASS = 25  # below: no groups, no curves, counts and the grid instead
FOCUS_BELOW = 0.75  # a point above this share is no place to begin with
NOTICEABLE = 0.05  # differences below five points of a share are not worth a sentence
CAST_LEAST = 5  # 投屏 gives no count under this
MINUS = "−"
NOT_CHOSEN = "未选或多选"


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a sentence; `strong` pieces carry the message. `private` pieces stay out of 投屏."""

    text: str
    strong: bool = False
    private: bool = False


Sentence = tuple[Words, ...]


def say(*pieces: str | Words) -> Sentence:
    """Build a sentence; ``**text**`` is not parsed, strong pieces are given as `Words`."""
    return tuple(piece if isinstance(piece, Words) else Words(piece) for piece in pieces if piece)


def strong(text: str, *, private: bool = False) -> Words:
    """A piece that carries the message."""
    return Words(text, strong=True, private=private)


def plain(sentence: Iterable[Words]) -> str:
    """The sentence as text."""
    return "".join(piece.text for piece in sentence)


def rounded(value: float, digits: int = 0) -> Decimal:
    """Half away from zero, as people round; 0.7645 × 100 is 76.45, whatever binary says."""
    return Decimal(repr(round(float(value), 9))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def percent(share: float) -> str:
    """``48%``; nothing short of all is 100 %, nothing above none 0 %."""
    whole = int(rounded(share * 100))
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole}%"


def share_and_range(outcome: Outcome) -> tuple[str, str]:
    """``("72%", "63–81%")``; without a figure that says anything ``("", why)``.

    An interval from none to all is no evidence: its middle would be read as a result.
    """
    if not isinstance(outcome, Estimate):
        return "", "人数或学校太少，不显示"
    if outcome.low <= 0 and outcome.high >= 1:
        return "", "学校太少，说不准"
    return percent(outcome.value), f"{percent(outcome.low).removesuffix('%')}–{percent(outcome.high)}"


def points_100(share: float) -> str:
    """A share on the scale of 100 with one decimal, ``76.4``; a whole number stays whole."""
    value = rounded(share * 100, 1)
    return str(int(value)) if value == value.to_integral_value() else str(value)


def mean_100(share: float) -> str:
    """A mean on the scale of 100, always with one decimal: ``45.0``."""
    return str(rounded(share * 100, 1))


def mark(value: float) -> str:
    """A mark: ``10``, ``7.5``."""
    text = f"{rounded(value, 2):.2f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def value_of(outcome: Outcome) -> float | None:
    """Point estimate, or None where there is not enough evidence."""
    return outcome.value if isinstance(outcome, Estimate) else None


def gap(own: Outcome, other: Outcome | None) -> float | None:
    """Difference of two shares, or None where one of them is unknown."""
    mine, theirs = value_of(own), None if other is None else value_of(other)
    return None if mine is None or theirs is None else mine - theirs


def clear_gap(own: Outcome, other: Outcome | None) -> float | None:
    """The difference, only where it is noticeable and the own interval does not hold the other value."""
    difference, theirs = gap(own, other), None if other is None else value_of(other)
    if difference is None or theirs is None or not isinstance(own, Estimate):
        return None
    if abs(difference) < NOTICEABLE or own.low <= theirs <= own.high:
        return None
    return difference


def signed_points(difference: float) -> str:
    """``+4`` or ``−12`` percentage points."""
    whole = int(rounded(difference * 100))
    return f"+{whole}" if whole > 0 else f"{MINUS}{-whole}" if whole < 0 else "0"


def key_in_doubt(item: ItemFigures) -> bool:
    """Whether the answers speak against the key."""
    return bool(item.rival)


def weak_discrimination(item: ItemFigures) -> bool:
    """Known and below 0.20."""
    value = value_of(item.discrimination)
    return value is not None and value < LOW_DISCRIMINATION


def needs_review(item: ItemFigures) -> bool:
    """The item itself, not the pupils, must be looked at first."""
    facility = value_of(item.facility)
    # A very easy item cannot discriminate: that is no fault of the item.
    return key_in_doubt(item) or (weak_discrimination(item) and (facility is None or facility < 0.90))


def option_name(label: str) -> str:
    """An option as it is written: ``B``; where nothing valid was chosen, that."""
    return NOT_CHOSEN if label == NO_ANSWER else label


def public_error(item: ItemFigures) -> str:
    """The wrong options that at least five chose, or the blanks: what may be said before everybody."""
    wrong = sorted((o for o in item.options if not o.key and o.n >= CAST_LEAST), key=lambda o: -o.n)
    if wrong:
        return " · ".join(f"{option_name(option.label)} {option.n}" for option in wrong[:2])
    return f"空白 {item.blank}" if item.blank >= CAST_LEAST else ""


def join_numbers(numbers: Sequence[str]) -> str:
    """``第 9、14 题``."""
    return f"第 {'、'.join(numbers)} 题"
