"""Finds the header of a sheet and which of its columns an importer knows.

A header may stand below titles and notes, may take two lines (成员1 over 姓名、关系 …), and may use other
words. What is recognised by its official name or a known synonym is `known`; by the mapping that the
school saved, `saved`; a unique resemblance is only `guessed`, and the page asks to look at it.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from smartschool.contexts.exchange.reading.workbook import RawSheet
from smartschool.kernel.cells import as_text, narrow
from smartschool.kernel.tabular import Cell, Column

LINES_SEARCHED = 40
# A line that matches fewer columns is a title or a note.
FEWEST_MATCHES = 2
_HINT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_NOISE = re.compile(r"[\s*＊:：_、,，]+")
# A figure about a class (班级均分), a place among others or a count of times is no class.
_FIGURE = re.compile(r"均分|平均|最高|最低|等级|排|[次比率]$")
NOT_IMPORTED = ""
# Whose column it is: 母亲身份证号 is not the pupil's, though it has the word.
_SOMEBODY = re.compile("父|母|家长|监护|班主任|校长|[爷奶]|成员")


def claims_nothing(text: str) -> bool:
    """No header beside those of the columns."""
    return False


_WHOLE = {float(number): str(number) for number in range(1000)}


@dataclass(frozen=True, slots=True)
class Heading:
    """One column of the sheet: where, what its header says, which column it is and how sure we are."""

    place: int
    text: str
    key: str | None
    how: str  # known | saved | guessed | ""


@dataclass(slots=True)
class Header:
    """The header of a sheet: zero-based line of its last row, and all its headings."""

    line: int
    headings: list[Heading]
    duplicates: list[str] = field(default_factory=list)

    @property
    def sure(self) -> set[str]:
        """Keys that are known or saved. What must be there may not rest on a guess: a staff list has
        names and 任教班级, and is no list of pupils."""
        return {heading.key for heading in self.headings if heading.key and heading.how != "guessed"}

    @property
    def keys(self) -> set[str]:
        return {heading.key for heading in self.headings if heading.key}


class Words:
    """Every word under which the columns of an importer are known, in a comparable form."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.exact: dict[str, tuple[str, int]] = {}
        for column in columns:
            for rank, word in enumerate((column.name, *column.synonyms)):
                self.exact.setdefault(comparable(word), (column.key, rank))

    def find(self, text: str) -> tuple[str, int] | None:
        """(key, rank) of an exact word; rank 0 is the official name."""
        found = self.exact.get(comparable(text))
        if found is not None or text.isalnum():  # no hint in brackets to take away
            return found
        return self.exact.get(comparable(_HINT.sub("", text)))

    def resembling(self, text: str) -> str | None:
        """The only column whose longest word is part of the text (学生姓名拼写 is 姓名)."""
        form = comparable(_HINT.sub("", text))
        if not 2 <= len(form) <= 16 or _FIGURE.search(form):
            return None
        inside = {word: key for word, (key, _) in self.exact.items() if len(word) >= 2 and word in form}
        if not inside:
            return None
        longest = max(map(len, inside))
        if any(_SOMEBODY.search(form.replace(word, "")) for word in inside if len(word) == longest):
            return None
        keys = {key for word, key in inside.items() if len(word) == longest}
        return keys.pop() if len(keys) == 1 and 2 * longest >= len(form) else None


@lru_cache(maxsize=16384)  # the first lines of a sheet are looked at again and again
def comparable(text: str) -> str:
    """Header text without spaces, stars, colons and case; full-width narrowed."""
    if text.isascii() and text.isalnum():
        return text.lower()
    return _NOISE.sub("", narrow(text)).lower()


def header_text(cell: Cell) -> str:
    """Text of a header cell; line breaks inside become nothing."""
    if type(cell) is float:  # a sheet of marks has little else
        known = _WHOLE.get(cell)
        if known is not None:
            return known
    elif type(cell) is str and cell.isalnum():
        return cell
    found = as_text(cell)
    return "".join(found.split()) if isinstance(found, str) else ""


def find_header(
    sheet: RawSheet,
    columns: Sequence[Column],
    saved: Mapping[str, str] | None = None,
    claims: Callable[[str], bool] = claims_nothing,
) -> Header | None:
    """The best header line of a sheet, or None where the sheet holds no table of this kind.

    `saved` maps comparable header texts to column keys ("" means: do not import). `claims` knows headers
    beside those of the columns (the items of an exam): two of them make a header of a line with one column.
    """
    words = Words(columns)
    saved = saved or {}
    keys = _Keys(words, saved)
    best: tuple[tuple[int, bool, int, int], list[str], int] | None = None
    lines = [[header_text(cell) for cell in row] for row in sheet.rows[: LINES_SEARCHED + 2]]
    merged_at = {top for (top, _), (bottom, _) in sheet.merged if top == bottom}
    parted = {
        line: texts
        for line, (upper, lower) in enumerate(pairwise(lines))
        if (line in merged_at or any(text and not above for above, text in zip(upper, lower, strict=True)))
        and (texts := _parted(_spans(sheet, line, upper, lower), upper, lower, claims)) is not None
    }
    for line, single in enumerate(lines[:LINES_SEARCHED]):
        options = [(single, line, 1)]
        if line + 1 < len(lines):
            options.append((_two_lines(sheet, line, single, lines[line + 1], keys, claims), line + 1, 0))
        if line in parted:
            options.append((parted[line], line + 1, 2))
        if line + 1 in parted:
            three = _two_lines(sheet, line, single, parted[line + 1], keys, claims)
            options.append((three, line + 2, 2))
        for texts, last, simple in options:
            distinct = set(texts)
            found = {*map(keys.__getitem__, distinct)} - {None}
            if simple == 1 and found and line + 1 < len(lines):
                below = lines[line + 1]
                spans = _spans(sheet, line, single, below)
                found -= {keys[single[at]] for at, own in spans.items() if _gathers(own, below, claims)}
            matches = len(found)
            if not matches:
                continue
            unknown = [text for text in distinct if text and not keys[text]]
            heads = simple or _all_differ(lines[last]) or _only_gather(single, lines[last], claims)
            claimed = sum(map(claims, unknown)) if heads else 0
            if matches == FEWEST_MATCHES - 1:
                matches += claimed >= FEWEST_MATCHES or any(words.resembling(text) for text in unknown)
            if matches < FEWEST_MATCHES:
                continue
            score = (matches, claimed >= FEWEST_MATCHES, simple, -line)
            if best is None or score > best[0]:
                best = (score, texts, last)
    if best is None:
        return None
    return _assign(best[1], best[2], words, saved)


class _Keys(dict[str, str | None]):
    """Header text → the column it names, each looked up once: lines of figures repeat the same few texts."""

    def __init__(self, words: Words, saved: Mapping[str, str]) -> None:
        super().__init__({"": None})
        self._words, self._saved = words, saved

    def __missing__(self, text: str) -> str | None:
        form = comparable(text)
        if form in self._saved:
            key = self._saved[form] or None
        else:
            found = self._words.find(text)
            key = found[0] if found else None
        self[text] = key
        return key


def _all_differ(texts: list[str]) -> bool:
    """Headers differ; a line of full marks or of figures repeats some."""
    filled = [text for text in texts if text]
    return len(set(filled)) == len(filled)


def _only_gather(upper: list[str], lower: list[str], claims: Callable[[str], bool]) -> bool:
    """Texts of the upper line are no columns by themselves: 选择题 over 1, 2 and 填空题 over 1, 2, but not
    items over their full marks."""
    return not any(claims(above) for above, below in zip(upper, lower, strict=True) if above and below)


def _spans(sheet: RawSheet, line: int, upper: list[str], lower: list[str]) -> dict[int, list[int]]:
    """Texts of the upper line with the columns below them that have a text: a merged range, else up to the
    next text of the line."""
    found: dict[int, list[int]] = {}
    owner = {
        place: left
        for (top, left), (bottom, right) in sheet.merged
        if top == line == bottom
        for place in range(left, min(right + 1, len(upper)))
    }
    last = None
    for place, text in enumerate(upper):
        if text or not lower[place]:
            last = place if text else None
        at = owner.get(place, place if text else None if sheet.merged else last)
        if at is not None and lower[place] and upper[at]:
            found.setdefault(at, []).append(place)
    return found


def _gathers(below: Sequence[int], lower: list[str], claims: Callable[[str], bool]) -> bool:
    """Whether a text stands over two items or more: 题号 over 1, 2, 3 is no column."""
    return sum(claims(lower[place]) for place in below) >= FEWEST_MATCHES


def _parted(
    spans: Mapping[int, Sequence[int]], upper: list[str], lower: list[str], claims: Callable[[str], bool]
) -> list[str] | None:
    """Items over their parts (13 over （1）, （2）) as one line; None where the lines are no such.

    Below every other column the lower line is blank: that of full marks or of a pupil is not.
    """
    inside = {place: at for at, below in spans.items() if len(below) > 1 for place in below}
    if not inside or any(text and place not in inside for place, text in enumerate(lower)):
        return None
    joined = list(upper)
    for place, at in inside.items():
        mark = "-" if lower[place].isalnum() and not lower[place].startswith("第") else ""
        joined[place] = f"{upper[at]}{mark}{lower[place]}"
    named = {upper[at] for at in inside.values()} | {joined[place] for place in inside}
    return joined if all(map(claims, named)) else None


def _two_lines(
    sheet: RawSheet,
    line: int,
    single: list[str],
    lower: list[str],
    keys: Mapping[str, str | None],
    claims: Callable[[str], bool],
) -> list[str]:
    """Header texts of two lines read as one: a merged parent speaks for all columns below it.

    A CSV has lost its merges: there a parent speaks up to the next text of its line. A parent that only
    gathers columns (学生基本信息) is left away where the lower text alone is a column, and the only one of
    its kind: 姓名 below 监护人 is not the pupil's.
    """
    upper = single.copy()
    for (top, left), (bottom, right) in sheet.merged:
        if top == line == bottom and right < len(upper):
            for place in range(left, right + 1):
                upper[place] = upper[left]
    if not sheet.merged:
        for place in range(1, len(upper)):
            parent = upper[place - 1]
            if parent and not upper[place] and lower[place - 1] and lower[place]:
                column = keys[parent] and not (keys[parent + lower[place - 1]] or keys[parent + lower[place]])
                upper[place] = "" if column or claims(parent) else parent
    joined = [
        above if not below else below if not above else above + below
        for above, below in zip(upper, lower, strict=True)
    ]
    if any(map(keys.__getitem__, upper)):  # a line of figures gathers nothing
        _leave_away(joined, upper, lower, keys, claims)
    below = list(map(keys.__getitem__, lower))
    if not any(below):
        return joined
    taken = {*map(keys.__getitem__, joined)}
    alone = {
        place: key
        for place, key in enumerate(below)
        if key and upper[place] and not keys[joined[place]] and key not in taken
    }
    often = Counter(alone.values())
    for place, key in alone.items():
        if often[key] == 1:
            joined[place] = lower[place]
    return joined


def _leave_away(
    joined: list[str],
    upper: list[str],
    lower: list[str],
    keys: Mapping[str, str | None],
    claims: Callable[[str], bool],
) -> None:
    """Parents of items that say nothing of their numbers (阅读 over 7, 8) are left away where the items
    differ without them. One of them at least gathers several."""
    apart = [
        place
        for place, text in enumerate(joined)
        if upper[place] and claims(lower[place]) and not claims(text) and not keys[text]
    ]
    if all(number == 1 for number in Counter(upper[place] for place in apart).values()):
        return
    items = [lower[place] if place in apart else text for place, text in enumerate(joined)]
    if _all_differ([text for text in items if claims(text)]):
        joined[:] = items


def _assign(texts: list[str], line: int, words: Words, saved: Mapping[str, str]) -> Header:
    """Give each column at most one heading: saved before known before guessed, better words first."""
    claims: dict[str, list[tuple[int, int]]] = {}
    how: dict[int, str] = {}
    free: list[int] = []
    for place, text in enumerate(texts):
        if not text:
            continue
        form = comparable(text)
        if form in saved:
            if saved[form]:
                claims.setdefault(saved[form], []).append((-1, place))
                how[place] = "saved"
            continue
        found = words.find(text)
        if found:
            claims.setdefault(found[0], []).append((found[1], place))
            how[place] = "known"
        else:
            free.append(place)
    key_at: dict[int, str] = {}
    duplicates = []
    for key, places in claims.items():
        places.sort()
        key_at[places[0][1]] = key
        if len(places) > 1 and places[1][0] == places[0][0]:
            duplicates.append(texts[places[1][1]])
    taken = set(key_at.values())
    for place in free:
        guess = words.resembling(texts[place])
        if guess and guess not in taken:
            taken.add(guess)
            key_at[place] = guess
            how[place] = "guessed"
    headings = [
        Heading(place, text, key_at.get(place), how.get(place, "") if place in key_at else "")
        for place, text in enumerate(texts)
        if text
    ]
    return Header(line, headings, duplicates)


def likely_header(
    sheet: RawSheet, columns: Sequence[Column], saved: Mapping[str, str] | None = None
) -> Header | None:
    """The line that looks most like a header (most texts) where none was recognised, for mapping by hand."""
    best, most = None, 1
    for line in range(min(len(sheet.rows), LINES_SEARCHED)):
        texts = sum(isinstance(cell, str) and bool(cell.strip()) for cell in sheet.rows[line])
        if texts > most:
            best, most = line, texts
    if best is None:
        return None
    texts_there = [header_text(cell) for cell in sheet.rows[best]]
    return _assign(texts_there, best, Words(columns), saved or {})
