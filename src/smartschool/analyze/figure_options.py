"""Options called by figures on one side and by letters on the other (key B, answer 2): 1 is A."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from smartschool.analyze.answers import Note, some
from smartschool.analyze.cells import kind_of, mark
from smartschool.analyze.extra_rows import Columns
from smartschool.analyze.faults import Fault, Refused
from smartschool.analyze.keys import DOUBLE_MARKED, NO_BUBBLE, is_written, options_in
from smartschool.analyze.papers import Item
from smartschool.analyze.tables import Table, half_width
from smartschool.analyze.words import close_up, the_items
from smartschool.kernel.judgements import judgement

_LETTERS = "ABCDEFGH"
_PARTS = re.compile(r"[/|]")
_SEPARATORS = re.compile(r"[;,、\s+&]+")
_DIGITS = re.compile(r"[1-8]+")
# Wrong answers that say whether figures are marks: among marks of a choice item they are zeros.
_FEWEST_WRONG = 5
_FEWEST_OPTIONS = 4
_BEYOND_CHANCE = 3.0  # standard errors above guessing
_MOST_SHOWN = 4


@dataclass(frozen=True, slots=True)
class _Column:
    """A keyed item with a column: its different answers, half-width, and how many pupils gave each."""

    item: Item
    at: int
    given: Counter[str]

    def n_of(self, says: Callable[[str], bool]) -> int:
        return sum(n for text, n in self.given.items() if says(text))


def same_names(table: Table, columns: Columns, notes: list[Note]) -> tuple[Table, Columns]:
    """The table with letters where options were typed as figures beside keys of letters, and items with keys
    of letters where keys of figures stand beside answers of letters.

    That is believed where pupils agree with the keys clearly more often than by guessing; else `Refused` says
    what to do.
    """
    keyed = [
        _Column(item, at, _given(table, at))
        for item, at in columns
        if at is not None and item.key and not is_written(item.kind)
    ]
    faults = [fault for column in keyed if (fault := _judged_by_options(table, column)) is not None]
    figures = _as_figures([column for column in keyed if _is_letters(column.item.key)])
    letters = [c for c in keyed if _from_figures(c.item.key) and 2 * c.n_of(_is_option) > c.given.total()]
    for found, why in ((figures, _FIGURES), (letters, _FOR_LETTERS)):
        if found and not _agree(found):
            faults += [_fault(table, column, why) for column in found]
    if faults:
        raise Refused(faults)
    if figures:
        _tell(notes, figures, "答案是字母，填的是数字，按 1 是 A、2 是 B 这样读。")
        table = _translated(table, {column.at for column in figures})
    if letters:
        _tell(notes, letters, "答案是数字，填的是字母，按 1 是 A、2 是 B 这样读。")
    keys = {column.item.code: _from_figures(column.item.key) for column in letters}
    return table, [(replace(item, key=keys.get(item.code, item.key)), at) for item, at in columns]


_FIGURES = (
    "答案是字母“{key}”，填的却是数字（{shown}），看不出是选项还是分数。"
    "是选项，请改成字母（1 改 A、2 改 B……）；是分数，请删去 items.csv 里这题的答案，并核对满分。"
)
_FOR_LETTERS = (
    "答案是数字“{key}”，填的却是字母（{shown}），对不上。"
    "请把 items.csv 里这题的答案写成字母（1 写 A、2 写 B……）。"
)
_JUDGED = (
    "答案是“{key}”，填的却是{shown}，对不上。请把答案和作答写成一样的：都写 √ ×（或对 错），或都写选项字母。"
)

_ONES = (
    "答案是“{key}”，填的是 1 和 0，看不出是对错还是得分。是学生的判断，请写 √ ×；"
    "是得分，请核对 items.csv 里的满分（没有人得满分）。"
)


def _given(table: Table, at: int) -> Counter[str]:
    texts = Counter(table.column(at))
    found: Counter[str] = Counter()
    for text, n in texts.items():
        if kind_of(text) is None:
            found[half_width(text)] += n
    return found


def _is_option(text: str) -> bool:
    named = options_in(text)
    return bool(named) and set(named) <= set(_LETTERS)


def _is_letters(key: str) -> bool:
    return all(_is_option(part) for part in _PARTS.split(key))


def _letters(text: str) -> str:
    """ "13" and "1、3" as AC; "" for what names no options by figures."""
    digits = _SEPARATORS.sub("", text)
    if not _DIGITS.fullmatch(digits) or len(set(digits)) < len(digits):
        return ""
    return "".join(_LETTERS[int(digit) - 1] for digit in digits)


def _from_figures(key: str) -> str:
    parts = [_letters(part) for part in _PARTS.split(key)]
    return "/".join(parts) if all(parts) else ""


def _as_figures(columns: list[_Column]) -> list[_Column]:
    """Columns whose figures are options and no marks, with those that may be either unless more are marks."""
    kinds: dict[str, list[_Column]] = {"options": [], "marks": [], "either": []}
    for column in columns:
        if column.n_of(lambda text: not math.isnan(mark(text))) > column.n_of(_is_option):
            kinds[_kind(column)].append(column)
    if not kinds["options"]:
        return []
    more = kinds["either"] if len(kinds["options"]) > len(kinds["marks"]) else []
    return [column for column in columns if column in kinds["options"] or column in more]


def _kind(column: _Column) -> str:
    """Marks of a choice item are 0 or full, options are anything from 1 on."""
    full = column.item.full or 1.0
    figures = {text: n for text, n in column.given.items() if not math.isnan(mark(text))}
    if any(text != NO_BUBBLE and not _letters(text) for text in figures):
        return "marks"
    zeros = figures.get(NO_BUBBLE, 0)
    wrong = sum(n for text, n in figures.items() if mark(text) != full)
    if zeros and 2 * zeros >= wrong:
        return "marks"
    if any(mark(text) > full for text in figures):
        return "options"
    if any(len(part) > 1 for part in _PARTS.split(column.item.key)):
        return "either"  # part of the mark is given for part of the options
    return "options" if wrong >= _FEWEST_WRONG and 4 * zeros < wrong else "either"


def _agree(columns: list[_Column]) -> bool:
    """Whether answers agree with keys, figures read as letters, more often than by guessing."""
    right = n = 0
    most = _FEWEST_OPTIONS
    for column in columns:
        key = {frozenset(_named(part)) for part in _PARTS.split(column.item.key)}
        for text, pupils in column.given.items():
            named = _named(text)
            if named:
                n += pupils
                right += pupils * (frozenset(named) in key)
                most = max(most, *(1 + _LETTERS.index(letter) for letter in named))
    guess = 1 / most
    return right > n * guess + _BEYOND_CHANCE * math.sqrt(n * guess * (1 - guess))


def _named(text: str) -> str:
    named = options_in(text)
    return named if set(named) <= set(_LETTERS) and named else _letters(text)


def _judged_by_options(table: Table, column: _Column) -> Fault | None:
    """A key that judges beside answers of which none does: everybody would be wrong."""
    key, given = column.item.key, column.given
    if not given or any(judgement(part, letters=True) is None for part in _PARTS.split(key)):
        signs = column.n_of(lambda text: judgement(text, letters=False) is not None)
        return _fault(table, column, _JUDGED) if _from_figures(key) and 2 * signs > given.total() else None
    if _is_one_for_right(column):
        return _fault(table, column, _ONES)
    options = [text for text in given if _is_option(text) and judgement(text, letters=True) is None]
    judged = any(judgement(text, letters=True) is not None for text in given)
    alphabet = {part.upper() for part in _PARTS.split(key)}
    only = all(text in options or text in DOUBLE_MARKED or text == NO_BUBBLE for text in given)
    if judged or not options or not only or alphabet & set(_LETTERS):
        return None
    return _fault(table, column, _JUDGED)


def _is_one_for_right(column: _Column) -> bool:
    """Whether only 1 and 0 stand beside a judgement of more than one mark: what was said, or marks?"""
    full = column.item.full or 1.0
    return full > 1 and set(column.given) <= {"0", "1"} and column.given["1"] >= _FEWEST_WRONG


def _fault(table: Table, column: _Column, why: str) -> Fault:
    shown = sorted(column.given)
    named = "、".join(shown[:_MOST_SHOWN]) + ("……" if len(shown) > _MOST_SHOWN else "")
    text = why.format(key=column.item.key, shown=named)
    return Fault("key_of_another_kind", text, table.name, table.header_row, table.header[column.at])


def _tell(notes: list[Note], columns: list[_Column], how: str) -> None:
    items = the_items(some([column.item.code for column in columns]))
    notes.append(Note("options_renamed", close_up(f"{items} 的{how}")))


def _translated(table: Table, at: set[int]) -> Table:
    names: Mapping[int, Mapping[str, str]] = {
        index: {text: _letters(half_width(text)) or text for text in set(table.column(index))} for index in at
    }
    rows = [
        [names[index][cell] if index in names else cell for index, cell in enumerate(row)]
        for row in table.rows
    ]
    return replace(table, rows=rows)
