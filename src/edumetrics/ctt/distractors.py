"""What pupils chose: counts, shares by ability group, options nobody takes, keys that look wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from edumetrics.arrays import ResponseMatrix, State
from edumetrics.ctt.items import MIN_PUPILS_CORRELATION, MIN_PUPILS_GROUPS, fisher_interval, wilson
from edumetrics.ctt.scores import TIE, group_weights
from edumetrics.options import NO_CHOICE
from edumetrics.results import BoolArray, Estimates, FloatArray, Insufficient, IntArray, Outcome, Reason

VERSION = "ctt-distractors/2"

TOP_SHARE = 0.27
GROUPS = 5
# An option that fewer than 1 in 20 choose distracts nobody (Haladyna & Downing 1993).
NON_FUNCTIONING = 0.05
# Below this number the share of an option is too vague to call it non-functioning.
MIN_PUPILS_FUNCTION = 50
# How sure the data must be that another option beats the key (one-sided).
KEY_ERROR_CONFIDENCE = 0.95
_CUTS = np.linspace(0.0, 1.0, GROUPS + 1)
# Fifths for the curves, then the best 27 % that a key is judged by.
EDGES: tuple[tuple[float, float], ...] = (*pairwise(_CUTS.tolist()), (1.0 - TOP_SHARE, 1.0))


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

    `top_rival` and `top_key` are shares in the best 27 %; the correlations are with the rest score.
    """

    rival: str
    top_rival: float
    top_key: float
    correlation_rival: float
    correlation_key: float


def distractors(
    matrix: ResponseMatrix, rest: FloatArray, *, level: float = 0.95
) -> tuple[OptionAnalysis | Insufficient, ...]:
    """Analyse the options of each item; `Insufficient` for items without options or without a key.

    Parameters
    ----------
    rest : float array, pupils × items
        `Centred.rest`. Groups are formed on it and not on the total: with few items a wrong key would put the
        pupils who follow it on top.
    """
    return tuple(
        item_options(matrix, rest[:, j], group_weights(rest[:, j], EDGES), j, level=level)
        for j in range(matrix.n_items)
    )


def item_options(
    matrix: ResponseMatrix, rest: FloatArray, weights: FloatArray, j: int, *, level: float = 0.95
) -> OptionAnalysis | Insufficient:
    """Analyse the options of item j.

    Parameters
    ----------
    rest : float array, pupils
        Rest score for this item.
    weights : float array, pupils × 6
        `group_weights` of `rest` at `EDGES`.
    """
    options = matrix.options
    if options is None or not options.labels[j]:
        return Insufficient(Reason.NO_OPTIONS, int(np.isfinite(matrix.marks[:, j]).sum()))
    chosen = options.codes[:, j] != NO_CHOICE
    n = int(chosen.sum())
    if not options.keys[j]:
        return Insufficient(Reason.NO_KEY, n)
    codes = options.codes[:, j].astype(np.int64)
    if n < len(codes):
        codes, rest, weights = codes[chosen], rest[chosen], weights[chosen]
    member = options.membership(j)
    counts = np.bincount(codes, minlength=len(member)) @ member
    share = counts / max(n, 1)
    low, high, se = wilson(share, share * (1.0 - share), np.full(len(share), n), level=level)
    shares = Estimates.build(
        share, se, low, high, n, "share/wilson", refuse=((n == 0, Reason.NO_RESPONSES),), level=level
    )
    correlation = _correlations(codes, member, rest, level)
    in_key = options.in_key(j)
    curves, top, size_top = _curves(codes, member, rest, weights)
    suspicion = _key_suspicion(options.labels[j], in_key, correlation, top, size_top, options.multiple(j))
    idle: tuple[str, ...] = ()
    if n >= MIN_PUPILS_FUNCTION:
        rare = (share < NON_FUNCTIONING) & ~in_key
        idle = tuple(label for label, few in zip(options.labels[j], rare, strict=True) if few)
    for array in (counts, curves, top):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return OptionAnalysis(
        matrix.items[j],
        options.labels[j],
        tuple(bool(k) for k in in_key),
        counts,
        shares,
        correlation,
        n,
        int(np.isin(matrix.states[:, j], (State.BLANK, State.NOT_REACHED)).sum()),
        curves,
        top,
        idle,
        suspicion,
    )


def _correlations(codes: IntArray, member: BoolArray, score: FloatArray, level: float) -> Estimates:
    """Point-biserial correlations of the options.

    Choosing is 0/1, so the first four moments of the score within each answer pattern are all that the
    correlation and its influence function (see `edumetrics.ctt.items.rest_correlation`) need: no
    pupils × options table is formed.
    """
    known = np.isfinite(score)
    if not known.all():
        codes, score = codes[known], score[known]
    n = len(score)
    options = member.shape[1]
    counts = np.full(options, n, dtype=np.int64)
    nothing = np.full(options, np.nan)
    if n < MIN_PUPILS_CORRELATION:
        refusal = ((True, Reason.TOO_FEW_PUPILS),)
        return Estimates.build(nothing, nothing, nothing, nothing, counts, "pearson/fisher-z", refuse=refusal)
    deviation = score - score.mean()
    spread = float(np.sqrt(np.mean(deviation**2)))
    if spread <= TIE:
        refusal = ((True, Reason.CONSTANT_REST),)
        return Estimates.build(nothing, nothing, nothing, nothing, counts, "pearson/fisher-z", refuse=refusal)
    v = deviation / spread
    v2 = v * v
    powers = [np.ones(n), v, v2, v2 * v, v2 * v2]
    moments = np.stack([np.bincount(codes, weights=power, minlength=len(member)) for power in powers]) / n
    inside, whole = moments @ member, moments.sum(axis=1)
    p = inside[0]
    flat = p * (1.0 - p) <= TIE
    scale = np.sqrt(np.where(flat, 1.0, p * (1.0 - p)))
    r = np.clip(inside[1] / scale, -1.0, 1.0)
    influence = np.zeros(options)
    for u, part in (((1.0 - p) / scale, inside), (-p / scale, whole[:, None] - inside)):
        # mean of (u v − r(u² + v²)/2)² over the pupils of this part, as a polynomial in v
        a, b, c = -r * u**2 / 2.0, u, -r / 2.0
        square = (a * a, 2.0 * a * b, b * b + 2.0 * a * c, 2.0 * b * c, c * c)
        influence += sum(k * m for k, m in zip(square, part, strict=True))
    chosen = np.rint(p * n).astype(np.int64)
    low, high, se = fisher_interval(
        r, np.maximum(influence, 0.0), np.full(options, float(n)), np.minimum(chosen, n - chosen), level=level
    )
    return Estimates.build(
        r, se, low, high, counts, "pearson/fisher-z", refuse=((flat, Reason.CONSTANT_MARKS),), level=level
    )


def _curves(
    codes: IntArray, member: BoolArray, score: FloatArray, weights: FloatArray
) -> tuple[FloatArray | Insufficient, FloatArray | Insufficient, float]:
    n = int(np.isfinite(score).sum())
    size = weights.sum(axis=0)
    if n < MIN_PUPILS_GROUPS or size.min() < 1.0:
        few = Insufficient(Reason.TOO_FEW_PUPILS, n)
        return few, few, 0.0
    table = np.stack([np.bincount(codes, weights=w, minlength=len(member)) for w in weights.T])
    shares = (table @ member / size[:, None]).T
    return shares[:, :GROUPS], shares[:, GROUPS].copy(), float(size[GROUPS])


def _key_suspicion(
    labels: tuple[str, ...],
    in_key: BoolArray,
    correlation: Estimates,
    top: FloatArray | Insufficient,
    size_top: float,
    multiple: bool,
) -> KeySuspicion | None:
    r"""Find a rival of the key that is better by more than chance.

    Either its share among the best is larger, with the multinomial error
    :math:`\sqrt{(p_1+p_2-(p_1-p_2)^2)/n}`, and choosing it goes with ability; or it goes with ability
    while the key goes against it. In a multi-select item each option of the key is compared alone.
    """
    if isinstance(top, Insufficient) or not in_key.any() or in_key.all():
        return None
    r = np.where(correlation.known, correlation.value, 0.0)
    low = np.where(correlation.known, correlation.low, -1.0)
    high = np.where(correlation.known, correlation.high, 1.0)
    keys = np.flatnonzero(in_key)
    # One weak option of a multi-select key is what an examiner must look at; a single key is just itself.
    key = int(keys[np.argmin(top[keys])]) if multiple else int(keys[np.argmax(top[keys])])
    z = float(special.ndtri(KEY_ERROR_CONFIDENCE))
    best: KeySuspicion | None = None
    for rival in np.flatnonzero(~in_key):
        p, q = float(top[rival]), float(top[key])
        error = float(np.sqrt(max(p + q - (p - q) ** 2, 0.0) / max(size_top, 1.0)))
        # An easy item hardly varies and its correlations are vague: then the majority of the best decides,
        # unless ability speaks against the rival or for the key.
        goes_with_ability = low[rival] > 0.0 or (p > 0.5 and high[rival] > 0.0 and low[key] <= 0.0)
        beats = p - q > z * error and goes_with_ability
        turned = high[key] < 0.0 < low[rival]
        if (beats or turned) and (best is None or p > best.top_rival):
            best = KeySuspicion(labels[rival], p, q, float(r[rival]), float(r[key]))
    return best
