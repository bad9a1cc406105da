"""What pupils chose: counts, shares by ability group, options nobody takes, keys that look wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from edumetrics.arrays import ResponseMatrix
from edumetrics.ctt.cells import Cells, Cuts, sums_by
from edumetrics.ctt.curves import GROUPS, groups_between
from edumetrics.ctt.items import MIN_PUPILS_CORRELATION, MIN_PUPILS_GROUPS, fisher_interval, wilson
from edumetrics.ctt.scores import TIE
from edumetrics.options import NO_CHOICE, OptionResponses
from edumetrics.results import BoolArray, Estimates, FloatArray, Insufficient, IntArray, Outcome, Reason

VERSION = "ctt-distractors/4"

TOP_SHARE = 0.27
# An option that fewer than 1 in 20 choose distracts nobody (Haladyna & Downing 1993).
NON_FUNCTIONING = 0.05
# Below this number the share of an option is too vague to call it non-functioning.
MIN_PUPILS_FUNCTION = 50
# How sure the data must be that another option beats the key: one-sided, and its normal quantile.
KEY_ERROR_TAIL, KEY_ERROR_Z = 0.05, 1.6448536269514722
# Fifths for the curves, then the best 27 % that a key is judged by.
CUTS = np.array([*np.linspace(0.0, 1.0, GROUPS + 1)[1:-1], 1.0 - TOP_SHARE])


@dataclass(frozen=True, slots=True, eq=False)
class OptionAnalysis:
    """Choices at one item.

    Attributes
    ----------
    item : str
    labels : tuple of str
    in_key : tuple of bool
        Options that belong to an accepted answer.
    counts : int array, options
        Pupils who chose the option (a multi-select answer counts for each of its options).
    shares : Estimates, options
        Of the pupils who chose anything.
    rest_correlation : Estimates, options
        Correlation of choosing the option with the rest score: positive for the key, negative for
        distractors.
    n, blank : int
        Pupils who chose something; pupils who left the item blank.
    curves : float array (options × 5) or Insufficient
        Share in each fifth of the pupils by rest score, weakest first.
    top : float array (options) or Insufficient
        Share in the best 27 %.
    non_functioning : tuple of str
        Distractors chosen by fewer than 5 %; empty below 50 pupils.
    key_error : KeySuspicion or None
        The option that seems to be right instead of the key.
    """

    item: str
    labels: tuple[str, ...]
    in_key: tuple[bool, ...]
    counts: IntArray
    shares: Estimates
    rest_correlation: Estimates
    n: int
    blank: int
    curves: FloatArray | Insufficient
    top: FloatArray | Insufficient
    non_functioning: tuple[str, ...]
    key_error: KeySuspicion | None

    def share_at(self, option: int) -> Outcome:
        """Share of one option."""
        return self.shares.at(option)


@dataclass(frozen=True, slots=True)
class KeySuspicion:
    """Why a key is doubted: `rival` beats it among the best, or goes with ability where the key does not.

    `key` is the option of the key that is compared: of several the one that the best chose least. `top_rival`
    and `top_key` are shares in the best 27 %; the correlations are with the rest score.
    """

    rival: str
    key: str
    top_rival: float
    top_key: float
    correlation_rival: float
    correlation_key: float


def distractors(
    matrix: ResponseMatrix, found: Cells, cuts: Cuts, blank: IntArray, *, level: float = 0.95
) -> tuple[OptionAnalysis | Insufficient, ...]:
    """Analyse the options of each item; `Insufficient` for items without options or without a key.

    Parameters
    ----------
    found, cuts : Cells, Cuts
        Formed with the options; cut at `CUTS`. Groups are formed on the rest score and not on the total: with
        few items a wrong key would put the pupils who follow it on top.
    blank : int array, items
        Pupils who left the item blank.
    """
    options = matrix.options
    if options is None or not any(options.labels):
        marks = np.isfinite(matrix.marks).sum(axis=0).tolist()
        return tuple(Insufficient(Reason.NO_OPTIONS, n) for n in marks)
    flat = _flatten(options)
    choosers = _Choosers.of(found, flat)
    patterns = len(flat.item_of_pattern)
    chosen = sums_by(choosers.pattern, choosers.count, patterns)
    choice = options.codes != NO_CHOICE
    if chosen.sum() < np.count_nonzero(choice):  # some chose and have no mark or no other item
        place = (options.codes + flat.first_pattern[:-1])[choice]
        chosen = np.bincount(place, minlength=patterns).astype(np.float64)
    n = sums_by(flat.item_of_pattern, chosen, matrix.n_items).astype(np.int64)
    counts = flat.by_label(chosen).astype(np.int64)
    behind = n[flat.item_of_label]
    share = counts / np.maximum(behind, 1)
    low, high, se = wilson(share, share * (1.0 - share), behind, level=level)
    shares = Estimates.build(
        share,
        se,
        low,
        high,
        behind,
        "share/wilson",
        refuse=((behind == 0, Reason.NO_RESPONSES),),
        level=level,
    )
    correlation = _correlations(choosers, flat, level)
    groups, size, enough = _groups(choosers, flat, cuts)
    counts.flags.writeable = groups.flags.writeable = False
    out: list[OptionAnalysis | Insufficient] = []
    known, lists = choosers.n.astype(int).tolist(), _Lists.of(correlation, groups, share)
    for j, item in enumerate(matrix.items):
        if not options.labels[j]:
            out.append(Insufficient(Reason.NO_OPTIONS, int(np.isfinite(matrix.marks[:, j]).sum())))
            continue
        if not options.keys[j]:
            out.append(Insufficient(Reason.NO_KEY, int(n[j])))
            continue
        part = slice(int(flat.first_label[j]), int(flat.first_label[j + 1]))
        labels, in_key = options.labels[j], options.in_key(j).tolist()
        few = Insufficient(Reason.TOO_FEW_PUPILS, known[j])
        suspicion = None
        if enough[j]:
            suspicion = _key_suspicion(
                labels, in_key, lists, part, float(size[j, GROUPS]), options.multiple(j)
            )
        rare = zip(labels, lists.share[part], in_key, strict=True) if n[j] >= MIN_PUPILS_FUNCTION else ()
        out.append(
            OptionAnalysis(
                item,
                labels,
                tuple(in_key),
                counts[part],
                shares.part(part),
                correlation.part(part),
                int(n[j]),
                int(blank[j]),
                groups[part, :GROUPS] if enough[j] else few,
                groups[part, GROUPS] if enough[j] else few,
                tuple(label for label, one, right in rare if one < NON_FUNCTIONING and not right),
                suspicion,
            )
        )
    return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class _Flat:
    """Answer patterns and options of all items, one item after the other, and which pattern holds which."""

    first_pattern: IntArray
    first_label: IntArray
    item_of_pattern: IntArray
    item_of_label: IntArray
    held_pattern: IntArray
    held_label: IntArray

    def by_label(self, values: FloatArray) -> FloatArray:
        """Sums over the patterns that hold each option; values per pattern (last axis)."""
        shape = (*values.shape[:-1], len(self.item_of_label))
        if not len(self.held_pattern):  # nobody chose anything at any item
            return np.zeros(shape)
        rows = values[..., self.held_pattern].reshape(-1, len(self.held_pattern))
        sums = [sums_by(self.held_label, row, shape[-1]) for row in rows]
        return np.array(sums).reshape(shape)


def _flatten(options: OptionResponses) -> _Flat:
    first_pattern = np.cumsum([0, *(len(seen) for seen in options.patterns)])
    first_label = np.cumsum([0, *(len(labels) for labels in options.labels)])
    held: list[tuple[int, int]] = []
    for j, (patterns, labels) in enumerate(zip(options.patterns, options.labels, strict=True)):
        place = {label: int(first_label[j]) + k for k, label in enumerate(labels)}
        at = int(first_pattern[j])
        held += [(at + c, place[label]) for c, pattern in enumerate(patterns) for label in pattern]
    pairs = np.array(held, dtype=np.int64).reshape(-1, 2)
    every = np.arange(len(options.keys))
    return _Flat(
        first_pattern,
        first_label,
        np.repeat(every, np.diff(first_pattern)),
        np.repeat(every, np.diff(first_label)),
        pairs[:, 0],
        pairs[:, 1],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Choosers:
    """The cells of pupils who chose something; `place` is each one's own among all cells, `n` per item."""

    place: IntArray
    item: IntArray
    pattern: IntArray
    rest: FloatArray
    count: FloatArray
    n: FloatArray

    @classmethod
    def of(cls, found: Cells, flat: _Flat) -> _Choosers:
        place = np.flatnonzero(found.pattern != NO_CHOICE)
        item, count = found.item[place], found.count[place]
        n = sums_by(item, count, len(found.n))
        pattern = flat.first_pattern[item] + found.pattern[place]
        return cls(place, item, pattern, found.rest[place], count, n)

    def means(self, values: FloatArray) -> FloatArray:
        """Mean over the choosers of each item."""
        total = sums_by(self.item, values * self.count, len(self.n))
        return np.asarray(total / np.maximum(self.n, 1.0))


def _correlations(choosers: _Choosers, flat: _Flat, level: float) -> Estimates:
    """Point-biserial correlations of the options.

    Choosing is 0/1, so the first four moments of the score within each answer pattern are all that the
    correlation and its influence function (see `edumetrics.ctt.items.rest_correlation`) need.
    """
    deviation = choosers.rest - choosers.means(choosers.rest)[choosers.item]
    spread = np.sqrt(choosers.means(deviation**2))
    level_of_rest = spread <= TIE
    v = deviation / np.where(level_of_rest, 1.0, spread)[choosers.item]
    v2 = v * v
    powers = [choosers.count * x for x in (np.ones_like(v), v, v2, v2 * v, v2 * v2)]
    patterns = len(flat.item_of_pattern)
    moments = np.stack([sums_by(choosers.pattern, x, patterns) for x in powers])
    moments /= np.maximum(choosers.n, 1.0)[flat.item_of_pattern]
    inside = flat.by_label(moments)
    item = flat.item_of_label
    whole = np.stack([sums_by(flat.item_of_pattern, m, len(choosers.n)) for m in moments])
    p = inside[0]
    flat_choice = p * (1.0 - p) <= TIE
    scale = np.sqrt(np.where(flat_choice, 1.0, p * (1.0 - p)))
    r = np.clip(inside[1] / scale, -1.0, 1.0)
    influence = np.zeros(len(item))
    for u, part in (((1.0 - p) / scale, inside), (-p / scale, whole[:, item] - inside)):
        # mean of (u v − r(u² + v²)/2)² over the pupils of this part, as a polynomial in v
        a, b, c = -r * u**2 / 2.0, u, -r / 2.0
        square = (a * a, 2.0 * a * b, b * b + 2.0 * a * c, 2.0 * b * c, c * c)
        influence += sum(k * m for k, m in zip(square, part, strict=True))
    n = choosers.n[item]
    chosen = np.rint(p * n)
    others = np.minimum(chosen, n - chosen).astype(np.int64)
    tail = whole[4, item]
    low, high, se = fisher_interval(r, np.maximum(influence, 0.0), n, others, tail, level=level)
    refuse = (
        (n < MIN_PUPILS_CORRELATION, Reason.TOO_FEW_PUPILS),
        (level_of_rest[item], Reason.CONSTANT_REST),
        (flat_choice, Reason.CONSTANT_MARKS),
    )
    return Estimates.build(
        r, se, low, high, n.astype(np.int64), "pearson/fisher-z", refuse=refuse, level=level
    )


def _groups(choosers: _Choosers, flat: _Flat, cuts: Cuts) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Shares (options × 6) in fifths and in the best 27 %, sizes (items × 6), where they are enough."""
    mine = Cuts(cuts.zone[choosers.place], cuts.lower, cuts.upper, cuts.part)
    below, whole = mine.below(choosers.pattern, choosers.count, flat.item_of_pattern)
    table = np.column_stack([groups_between(below, whole), whole - below[:, GROUPS - 1]])
    items = len(choosers.n)
    size = np.stack([sums_by(flat.item_of_pattern, column, items) for column in table.T], axis=1)
    held = flat.by_label(np.ascontiguousarray(table.T)).T
    enough = (choosers.n >= MIN_PUPILS_GROUPS) & (size.min(axis=1) >= 1.0)
    return held / np.maximum(size, 1e-12)[flat.item_of_label], size, enough


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """Figures of all options as plain numbers: a suspicion looks at a handful of them at a time."""

    r: list[float]
    low: list[float]
    high: list[float]
    top: list[float]
    share: list[float]

    @classmethod
    def of(cls, correlation: Estimates, groups: FloatArray, share: FloatArray) -> _Lists:
        known = correlation.known
        columns = [
            np.where(known, correlation.value, 0.0),
            np.where(known, correlation.low, -1.0),
            np.where(known, correlation.high, 1.0),
            groups[:, GROUPS],
            share,
        ]
        return cls(*(column.tolist() for column in columns))


def _key_suspicion(
    labels: tuple[str, ...], in_key: list[bool], lists: _Lists, part: slice, size_top: float, multiple: bool
) -> KeySuspicion | None:
    r"""Find a rival of the key that is better by more than chance.

    Either its share among the best is larger, with the multinomial error
    :math:`\sqrt{(p_1+p_2-(p_1-p_2)^2)/n}`, and choosing it goes with ability; or it goes with ability
    while the key goes against it. In a multi-select item the weakest option of the key is compared with each
    rival: the quantile is that of as many pairs (Bonferroni), and because pupils tick several options, many
    may tick a wrong one: it must go with ability more than that of the key does.
    """
    if not any(in_key) or all(in_key):
        return None
    r, low, high, top = (column[part] for column in (lists.r, lists.low, lists.high, lists.top))
    keys = [k for k, right in enumerate(in_key) if right]
    # One weak option of a multi-select key is what an examiner must look at; a single key is just itself.
    key = min(keys, key=top.__getitem__) if multiple else max(keys, key=top.__getitem__)
    pairs = len(keys) * (len(in_key) - len(keys)) if multiple else 1
    sure = KEY_ERROR_Z if pairs == 1 else float(ndtri(1.0 - KEY_ERROR_TAIL / pairs))
    best: KeySuspicion | None = None
    for rival, right in enumerate(in_key):
        if right:
            continue
        p, q = top[rival], top[key]
        error = math.sqrt(max(p + q - (p - q) ** 2, 0.0) / max(size_top, 1.0))
        # An easy item hardly varies and its correlations are vague: then the majority of the best decides,
        # unless ability speaks against the rival or for the key.
        goes_with_ability = low[rival] > 0.0 or (p > 0.5 and high[rival] > 0.0 and low[key] <= 0.0)
        if multiple:
            goes_with_ability = goes_with_ability and q < 0.5 and r[rival] > max(r[key], 0.0)
        beats = p - q > sure * error and goes_with_ability
        turned = high[key] < 0.0 < low[rival]
        if (beats or turned) and (best is None or p > best.top_rival):
            best = KeySuspicion(labels[rival], labels[key], p, q, r[rival], r[key])
    return best
