"""Finds the header of a sheet and which of its columns an importer knows.

A header may stand below titles and notes, may take two lines (成员1 over 姓名、关系 …), and may use other
words. What is recognised by its official name or a known synonym is `known`; by the mapping that the
school saved, `saved`; a unique resemblance is only `guessed`, and the page asks to look at it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from smartschool.contexts.exchange.reading.header_lines import (
    FEWEST_MATCHES,
    all_differ,
    gathers,
    only_gather,
    parted,
    spans,
    two_lines,
)
from smartschool.contexts.exchange.reading.header_words import Keys, Words, comparable, header_text
from smartschool.contexts.exchange.reading.workbook import RawSheet
from smartschool.kernel.tabular import Column

LINES_SEARCHED = 40


def claims_nothing(text: str) -> bool:
    """No header beside those of the columns."""
    return False


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
    keys = Keys(words, saved)
    best: tuple[tuple[int, bool, int, int], list[str], int] | None = None
    lines = [[header_text(cell) for cell in row] for row in sheet.rows[: LINES_SEARCHED + 2]]
    merged_at = {top for (top, _), (bottom, _) in sheet.merged if top == bottom}
    in_parts = {
        line: texts
        for line, (upper, lower) in enumerate(pairwise(lines))
        if (line in merged_at or any(text and not above for above, text in zip(upper, lower, strict=True)))
        and (texts := parted(spans(sheet, line, upper, lower), upper, lower, claims)) is not None
    }
    for line, single in enumerate(lines[:LINES_SEARCHED]):
        options = [(single, line, 1)]
        if line + 1 < len(lines):
            options.append((two_lines(sheet, line, single, lines[line + 1], keys, claims), line + 1, 0))
        if line in in_parts:
            options.append((in_parts[line], line + 1, 2))
        if line + 1 in in_parts:
            three = two_lines(sheet, line, single, in_parts[line + 1], keys, claims)
            options.append((three, line + 2, 2))
        for texts, last, simple in options:
            distinct = set(texts)
            found = {*map(keys.__getitem__, distinct)} - {None}
            if simple == 1 and found and line + 1 < len(lines):
                below = lines[line + 1]
                under = spans(sheet, line, single, below)
                found -= {keys[single[at]] for at, own in under.items() if gathers(own, below, claims)}
            matches = len(found)
            if not matches:
                continue
            unknown = [text for text in distinct if text and not keys[text]]
            heads = simple or all_differ(lines[last]) or only_gather(single, lines[last], claims)
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
