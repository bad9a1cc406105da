"""Equipercentile equating of whole-number scores, for equivalent groups and for a common anchor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics import checks
from edumetrics.linking.linear import MOST_DRAWS
from edumetrics.results import BoolArray, FloatArray, Insufficient, Provenance, Reason

MIN_PUPILS = 400  # Kolen & Brennan (2014), p. 281
MIN_BEYOND = 10


@dataclass(frozen=True, slots=True, eq=False)
class EquatedScale:
    """`equated[x]` is the mark of form Y that stands for mark x of form X; `se` by bootstrap or None.

    `known[x]` tells whether at least 10 pupils of each form stand at or below, and at or above, that place:
    beyond it the ends of two samples are compared and the standard error means nothing.
    """

    equated: FloatArray
    se: FloatArray | None
    known: BoolArray
    n_x: int
    n_y: int
    provenance: Provenance


def equipercentile(
    counts_x: ArrayLike,
    counts_y: ArrayLike,
    *,
    rng: np.random.Generator | None = None,
    replications: int = 200,
) -> EquatedScale | Insufficient:
    """Equivalent groups: marks with the same cumulative share stand for each other.

    Parameters
    ----------
    counts_x, counts_y : array_like, scores 0 … maximum
        Number of pupils with each mark.

    Notes
    -----
    Kolen & Brennan (2014), eqs. 2.16–2.18: a mark x spreads evenly over x − ½ … x + ½.
    """
    if rng is not None:
        checks.at_least("replications", replications, 2)
    x, y = checks.counts(counts_x), checks.counts(counts_y)
    n_x, n_y = int(x.sum()), int(y.sum())
    if min(n_x, n_y) < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, min(n_x, n_y))
    equated = _match(x / x.sum(), y / y.sum())
    known = _well_inside(x, y, equated)
    se = None
    if rng is not None:
        draws = [
            _match(rng.multinomial(n_x, x / n_x) / n_x, rng.multinomial(n_y, y / n_y) / n_y)
            for _ in range(replications)
        ]
        se = np.std(draws, axis=0, ddof=1)
    settings = {"replications": replications if rng is not None else 0}
    return EquatedScale(equated, se, known, n_x, n_y, Provenance("equipercentile", "2", settings))


def frequency_estimation(
    x: ArrayLike,
    anchor_x: ArrayLike,
    y: ArrayLike,
    anchor_y: ArrayLike,
    *,
    maximum_x: int,
    maximum_y: int,
    weight_x: float = 1.0,
    rng: np.random.Generator | None = None,
    replications: int = 200,
) -> EquatedScale | Insufficient:
    """Common anchor: the share of each total at each anchor mark is taken to be the same in both groups.

    Kolen & Brennan (2014), eqs. 5.7–5.8. Marks are whole numbers. An anchor mark that one group never has
    makes the assumption untestable there: NOT_COMPARABLE when more than 5 % of a group stand on such marks,
    or so few on common ones that a tenth of the bootstrap draws has none.
    Pupils without both marks are left out.

    Raises
    ------
    ResponseError
        Columns of different lengths; a mark that is negative, infinite, not whole or above the maximum; a
        weight outside 0 … 1; fewer than two replications.
    """
    checks.within("weight_x", weight_x, 0.0, 1.0)
    if rng is not None:
        checks.at_least("replications", replications, 2)
    form_x, form_y = _whole_marks(x, anchor_x, maximum_x), _whole_marks(y, anchor_y, maximum_y)
    n_x, n_y = len(form_x), len(form_y)
    if min(n_x, n_y) < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, min(n_x, n_y))
    size_v = int(max(form_x[:, 1].max(), form_y[:, 1].max())) + 1

    def joint(form: np.ndarray, maximum: int) -> FloatArray:
        table = np.zeros((maximum + 1, size_v))
        np.add.at(table, (form[:, 0], form[:, 1]), 1.0)
        return table / table.sum()

    def one(first: np.ndarray, second: np.ndarray) -> tuple[FloatArray | None, float]:
        f, g = joint(first, maximum_x), joint(second, maximum_y)
        h_x, h_y = f.sum(axis=0), g.sum(axis=0)
        alone = float(max(h_x[h_y == 0].sum(), h_y[h_x == 0].sum()))
        if not ((h_x > 0) & (h_y > 0)).any():
            return None, alone
        given_x = np.divide(f, h_x, out=np.zeros_like(f), where=h_x > 0)
        given_y = np.divide(g, h_y, out=np.zeros_like(g), where=h_y > 0)
        mix = np.where((h_x > 0) & (h_y > 0), weight_x * h_x + (1 - weight_x) * h_y, 0.0)
        p, q = given_x @ mix, given_y @ mix
        return _match(p / p.sum(), q / q.sum()), alone

    equated, alone = one(form_x, form_y)
    if equated is None or alone > 0.05:
        return Insufficient(Reason.NOT_COMPARABLE, min(n_x, n_y))
    total_x = np.bincount(form_x[:, 0], minlength=maximum_x + 1).astype(np.float64)
    total_y = np.bincount(form_y[:, 0], minlength=maximum_y + 1).astype(np.float64)
    known = _well_inside(total_x, total_y, equated)
    se = None
    if rng is not None:
        draws = [
            one(form_x[rng.integers(0, n_x, n_x)], form_y[rng.integers(0, n_y, n_y)])[0]
            for _ in range(replications)
        ]
        linked = [draw for draw in draws if draw is not None]
        if len(linked) < MOST_DRAWS * replications:
            return Insufficient(Reason.NOT_COMPARABLE, min(n_x, n_y))
        se = np.std(linked, axis=0, ddof=1)
    settings = {"weight_x": weight_x, "replications": replications if rng is not None else 0}
    return EquatedScale(equated, se, known, n_x, n_y, Provenance("frequency_estimation", "2", settings))


def _whole_marks(total: ArrayLike, anchor: ArrayLike, maximum: int) -> NDArray[np.int64]:
    checks.same_length(total=total, anchor=anchor)
    checks.counts(maximum)
    table = np.column_stack([checks.marks(total, top=maximum), checks.marks(anchor)])
    table = table[np.isfinite(table).all(axis=1)]
    return checks.counts(table).astype(np.int64)


def _well_inside(x: FloatArray, y: FloatArray, equated: FloatArray) -> BoolArray:
    """Marks of X with enough pupils of both forms on either side."""

    def enough(counts: FloatArray) -> BoolArray:
        below = np.cumsum(counts)
        return np.asarray(np.minimum(below, below[-1] - below + counts) >= MIN_BEYOND)

    place = np.clip(np.rint(equated).astype(np.int64), 0, len(y) - 1)
    return np.asarray(enough(x) & enough(y)[place])


def _match(share_x: FloatArray, share_y: FloatArray) -> FloatArray:
    """For every mark of X the point of Y's continuised distribution with the same cumulative share."""
    below_x = np.cumsum(share_x) - share_x
    middle = np.clip(below_x + share_x / 2, 0.0, 1.0)
    upto_y = np.cumsum(share_y)
    upto_y /= upto_y[-1]
    # The lowest mark whose cumulative share exceeds the wanted one (eq. 2.18: y*_U).
    top = np.minimum(np.searchsorted(upto_y, middle, side="right"), len(share_y) - 1)
    below = np.where(top > 0, upto_y[np.maximum(top - 1, 0)], 0.0)
    step = upto_y[top] - below
    part = np.divide(middle - below, step, out=np.full_like(middle, 0.5), where=step > 0)
    return np.asarray(top - 0.5 + part)
