"""Chosen options of objective items: reading keys and answers, one choice or several, and scoring them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edumetrics.errors import BadKey, ShapeMismatch
from edumetrics.results import BoolArray, FloatArray

NO_CHOICE = -1
# So many answers are worth loading compiled loops; fewer are read sooner than these are there.
COMPILED_FROM = 200_000
_SEPARATORS = re.compile(r"[;,、，；\s+&]+")
_ALTERNATIVES = re.compile(r"[/|]")

Key = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class OptionResponses:
    """What pupils chose.

    Attributes
    ----------
    codes : int16 array, pupils × items
        Index into `patterns[item]`; -1 where nothing was chosen.
    patterns : tuple (item) of tuple of frozenset of str
        Different choices seen at the item. A pattern is a set of options, because an item may ask for
        several.
    labels : tuple (item) of tuple of str
        All options of the item (seen or in the key), in natural order.
    keys : tuple (item) of Key
        Accepted answers; an empty tuple where the item has no key.
    """

    codes: NDArray[np.int16]
    patterns: tuple[tuple[frozenset[str], ...], ...]
    labels: tuple[tuple[str, ...], ...]
    keys: tuple[Key, ...]

    def multiple(self, item: int) -> bool:
        """Whether the item asks for several options at once."""
        return any(len(accepted) > 1 for accepted in self.keys[item])

    def membership(self, item: int) -> BoolArray:
        """Which options (columns, as `labels`) each pattern (rows) contains."""
        labels = self.labels[item]
        table = [[label in pattern for label in labels] for pattern in self.patterns[item]]
        return np.array(table, dtype=bool).reshape(len(self.patterns[item]), len(labels))

    def in_key(self, item: int) -> BoolArray:
        """Options that belong to an accepted answer."""
        accepted = frozenset().union(*self.keys[item]) if self.keys[item] else frozenset()
        return np.array([label in accepted for label in self.labels[item]], dtype=bool)

    def take(self, rows: NDArray[np.int64] | slice, columns: NDArray[np.int64] | slice) -> OptionResponses:
        """Part of the table."""
        codes = self.codes[rows][:, columns]
        codes.flags.writeable = False
        chosen = (
            range(self.codes.shape[1])[columns] if isinstance(columns, slice) else [int(j) for j in columns]
        )
        return OptionResponses(
            codes,
            tuple(self.patterns[j] for j in chosen),
            tuple(self.labels[j] for j in chosen),
            tuple(self.keys[j] for j in chosen),
        )


@lru_cache(maxsize=4096)
def parse_choice(text: str) -> frozenset[str]:
    """Read one answer or one accepted key.

    Full-width letters become half-width, small letters capitals. ``"AC"``, ``"A;C"`` and ``"a、c"`` are
    the set {A, C}; text that is not a run of different capitals (``"10"``, ``"甲"``) is one option.

    Examples
    --------
    >>> sorted(parse_choice("ｃa")), sorted(parse_choice("A;C")), sorted(parse_choice("甲"))
    (['A', 'C'], ['A', 'C'], ['甲'])
    """
    clean = unicodedata.normalize("NFKC", text).strip().upper()
    parts = [part for part in _SEPARATORS.split(clean) if part]
    letters: list[str] = []
    for part in parts:
        run = part.isascii() and part.isalpha() and len(set(part)) == len(part)
        letters.extend(part if run else [part])
    return frozenset(letters)


def parse_key(text: str) -> Key:
    """Read a key: ``"B"``, several options ``"AC"`` or ``"A;C"``, alternatives ``"A/C"`` (either is right).

    Examples
    --------
    >>> [sorted(accepted) for accepted in parse_key("A/BC")]
    [['A'], ['B', 'C']]
    """
    accepted = tuple(parse_choice(part) for part in _ALTERNATIVES.split(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(part for part in accepted if part))


def option_responses(answers: Sequence[Sequence[str]], keys: Sequence[Key | str | None]) -> OptionResponses:
    """Encode answers.

    Parameters
    ----------
    answers : sequence (item) of sequence (pupil) of str
        One column per item; an empty string is no choice.
    keys : sequence (item)
        Key of each item as text or parsed; None where there is none.
    """
    if len(answers) != len(keys):
        raise ShapeMismatch(value=f"{len(answers)} items with answers, {len(keys)} keys")
    codes = np.empty((len(answers[0]) if len(answers) else 0, len(answers)), dtype=np.int16)
    patterns: list[tuple[frozenset[str], ...]] = []
    labels: list[tuple[str, ...]] = []
    parsed: list[Key] = []
    for position, (column, raw) in enumerate(zip(answers, keys, strict=True)):
        key = parse_key(raw) if isinstance(raw, str) else (raw or ())
        if isinstance(raw, str) and raw.strip() and not key:
            raise BadKey(item=str(position + 1), value=raw)
        given = np.asarray(column, dtype=np.str_)
        if given.shape != codes[:, position].shape:
            raise ShapeMismatch(value=f"{len(codes)} and {given.size} answers")
        texts, points, place = _distinct(given, many=codes.size >= COMPILED_FROM)
        choices = [parse_choice(text) for text in texts]
        seen = tuple(dict.fromkeys(choice for choice in choices if choice))
        index = {choice: code for code, choice in enumerate(seen)}
        lookup = np.array([index.get(choice, NO_CHOICE) for choice in choices], dtype=np.int16)
        if codes.size >= COMPILED_FROM:
            from edumetrics.ctt.loops import look_up

            look_up(lookup[place], points, codes[:, position])
        else:
            codes[:, position] = lookup[place][points]
        patterns.append(seen)
        labels.append(tuple(sorted(frozenset().union(*seen, *key), key=natural_order)))
        parsed.append(key)
    codes.flags.writeable = False
    return OptionResponses(codes, tuple(patterns), tuple(labels), tuple(parsed))


def _distinct(
    column: NDArray[np.str_], *, many: bool
) -> tuple[list[str], NDArray[np.integer], NDArray[np.integer]]:
    """Different texts, in order; what stands in each entry, and the place of that among the texts."""
    if column.dtype.itemsize == np.dtype("U1").itemsize and len(column):
        # Single letters are counted by their number, which is far quicker than sorting texts.
        points = np.ascontiguousarray(column).view(np.uint32)
        if many:
            from edumetrics.ctt.loops import seen as seen_in

            seen = seen_in(points)
        else:
            seen = np.bincount(points) > 0
        return [chr(point) if point else "" for point in np.flatnonzero(seen)], points, np.cumsum(seen) - 1
    texts, inverse = np.unique(column, return_inverse=True)
    return texts.tolist(), inverse.reshape(-1), np.arange(len(texts))


def score_options(options: OptionResponses, full: FloatArray, *, subset_share: float = 0.0) -> FloatArray:
    """Marks from chosen options: the full mark for an accepted answer, else 0; NaN without a choice or a key.

    Parameters
    ----------
    full : float array, items
    subset_share : float
        Share of the full mark for a multi-select answer that misses a right option but holds no wrong one
        (in many papers 漏选得一半: 0.5). 0 means all or nothing.
    """
    marks = np.full(options.codes.shape, np.nan)
    for j, (patterns, key) in enumerate(zip(options.patterns, options.keys, strict=True)):
        if not key:
            continue
        value = [
            1.0 if p in key else subset_share if any(p < accepted for accepted in key) else 0.0
            for p in patterns
        ]
        table = np.array([*value, np.nan]) * full[j]
        marks[:, j] = table[options.codes[:, j]]  # code -1 reads the last entry
    return marks


def natural_order(label: str) -> tuple[int, float, str]:
    """Sort key for options: numbers by size, then text."""
    return (0, float(label), label) if label.isdecimal() else (1, 0.0, label)
