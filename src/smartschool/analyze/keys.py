"""Keys of items.csv as people write them, and what may stand in a column beside a key."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from smartschool.analyze.cells import mark
from smartschool.analyze.tables import half_width
from smartschool.kernel.judgements import judgement

# What reading machines print for two bubbles where one was asked (an answer, and a wrong one), and for none.
DOUBLE_MARKED = frozenset(("多涂", "重涂", "*", "#"))
NO_BUBBLE = "0"
# Items that pupils write an answer to: what stands as key is a text, and marks come from a marker.
_WRITTEN = re.compile(
    "填空|解答|主观|非选择|简答|计算|应用|作文|写作|证明|作图|操作|实验|论述|问答|材料分析|默写|翻译"
)
_OR = re.compile(r"或者?|(?<![A-Za-z])(?i:or)(?![A-Za-z])|(?<=[A-Z])or(?=[A-Z])")
_ALTERNATIVES = re.compile(r"[/|]")
_SEPARATORS = re.compile(r"[;,、\s+&]+")
# Brackets, quotes, and dots that are no decimal point say nothing.
_AROUND = re.compile(r"[()\[\]{}【】〔〕「」\"'“”‘’。]|\.(?!\d)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def is_written(kind: str) -> bool:
    """Whether the type of an item says that pupils write the answer: 填空题, 解答题."""
    return _WRITTEN.search(kind) is not None


def options_in(text: str) -> str:
    """Letters of the options that an answer names, as capitals without anything between; "" for all else.

    Examples
    --------
    >>> options_in("Ｂ。"), options_in("a、c"), options_in("(B)")
    ('B', 'AC', 'B')
    >>> options_in("B?"), options_in("病房"), options_in("TRUE"), options_in("2")
    ('', '', '', '')
    """
    plain = _SEPARATORS.sub("", _bare(text)).upper()
    if not (plain.isascii() and plain.isalpha() and len(set(plain)) == len(plain)):
        return ""
    return "" if len(plain) > 1 and judgement(plain, letters=True) is not None else plain


def read_key(text: str) -> str | None:
    """A key as the numeric core reads it; None where it names no letters, figures or judgement.

    Examples
    --------
    >>> read_key("(B)"), read_key("A 或 B"), read_key("AorB"), read_key("A;C"), read_key("√")
    ('B', 'A/B', 'A/B', 'A;C', '√')
    >>> read_key("略"), read_key("-"), read_key("见解析")
    (None, None, None)
    """
    parts = [_bare(part) for part in _ALTERNATIVES.split(_OR.sub("/", half_width(text)))]
    parts = [part for part in parts if part]
    return "/".join(parts) if parts and all(map(_names_something, parts)) else None


def may_stand_beside(key: str, answer: str) -> bool:
    """Whether an answer is one that a pupil can have given at an item with a key of letters or judgements."""
    if options_in(answer) or answer in DOUBLE_MARKED:
        return True
    judged = all(judgement(part, letters=True) is not None for part in _ALTERNATIVES.split(key))
    return judged and judgement(answer, letters=True) is not None


def has_figures(key: str) -> bool:
    """Whether options of the item are called by figures, so that figures in its column may be choices."""
    return any(letter.isdigit() for letter in key)


def came_as_marks(key: str, kind: str, full: float, answers: Sequence[str], pupils: Sequence[int]) -> bool:
    """Whether an item with a key was handed in as marks and not as what pupils chose.

    Figures are no options of a key of letters, so they are marks, unless no more pupils have them than
    letters; beside letters a 0 may also be no bubble. Beside a key of figures they are marks where none is
    above the full mark and somebody got 0.

    Parameters
    ----------
    answers, pupils
        The different answers, and how many pupils have each.

    Examples
    --------
    >>> came_as_marks("B", "", 2.0, ["2", "1"], [30, 2]), came_as_marks("2", "", 4.0, ["2", "1"], [30, 2])
    (True, False)
    """
    values = [mark(answer) for answer in answers if answer]
    if not has_figures(key):
        given = list(zip(answers, pupils, strict=True))
        letters = sum(n for text, n in given if options_in(text))
        marks = [(text, n) for text, n in given if text and not math.isnan(mark(text))]
        return sum(n for text, n in marks if not (letters and text == NO_BUBBLE)) > letters
    if not values or not all(0 <= value <= full for value in values):
        return False
    return 0.0 in values or is_written(kind)


def _bare(text: str) -> str:
    """Width folded, brackets and dots taken off, nothing but the answer at both ends."""
    return _AROUND.sub(" ", half_width(text)).strip(" \t;,、+&")


def _names_something(part: str) -> bool:
    if options_in(part) or judgement(part, letters=True) is not None:
        return True
    return all(_NUMBER.fullmatch(piece) for piece in _SEPARATORS.split(part))
