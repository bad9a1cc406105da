"""Linear equating of two forms with a common anchor (NEAT): Tucker and Levine observed score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics import checks
from edumetrics.results import FloatArray, Insufficient, Provenance, Reason

# Kolen & Brennan (2014, p. 281): about 400 pupils per form for linear methods at moderate precision; below
# 100 the standard error exceeds half a mark on a usual paper and the answer is better left out.
MIN_PUPILS = 100
# An anchor that hardly goes with the total says nothing about a difference between the groups.
MIN_ANCHOR_CORRELATION = 0.5
MOST_DRAWS = 0.9  # of the bootstrap draws must have a link


@dataclass(frozen=True, slots=True)
class LinearLink:
    """``y = slope · x + intercept`` takes marks of form X to the scale of form Y.

    `slope_se` and `intercept_se` are bootstrap standard errors, None when no `rng` was given.
    """

    slope: float
    intercept: float
    slope_se: float | None
    intercept_se: float | None
    n_x: int
    n_y: int
    provenance: Provenance

    def __call__(self, marks: ArrayLike) -> FloatArray:
        return np.asarray(self.slope * np.asarray(marks, dtype=np.float64) + self.intercept)


def tucker(
    x: ArrayLike,
    anchor_x: ArrayLike,
    y: ArrayLike,
    anchor_y: ArrayLike,
    *,
    weight_x: float = 1.0,
    rng: np.random.Generator | None = None,
    replications: int = 200,
) -> LinearLink | Insufficient:
    """Tucker's method: the regression of the total on the anchor is taken to be the same in both groups.

    Parameters
    ----------
    x, anchor_x : array_like, pupils of form X
        Totals and marks on the anchor.
    y, anchor_y : array_like, pupils of form Y
    weight_x : float
        Weight of the X group in the synthetic population (0 … 1).
    rng : numpy Generator, optional
        Given: bootstrap standard errors with `replications`.

    Returns
    -------
    LinearLink, or Insufficient(NOT_COMPARABLE) when the anchor does not go with the totals, or so weakly that
    the spread of the synthetic population would be negative (here or in a tenth of the bootstrap draws).

    Raises
    ------
    ResponseError
        Columns of different lengths; an infinite mark; a weight outside 0 … 1; fewer than two replications.

    Notes
    -----
    Kolen & Brennan (2014), Test Equating, Scaling, and Linking, 3rd ed., eqs. 4.17–4.22.
    """
    return _link("tucker", "external", x, anchor_x, y, anchor_y, weight_x, rng, replications)


def levine(
    x: ArrayLike,
    anchor_x: ArrayLike,
    y: ArrayLike,
    anchor_y: ArrayLike,
    *,
    anchor: Literal["internal", "external"],
    weight_x: float = 1.0,
    rng: np.random.Generator | None = None,
    replications: int = 200,
) -> LinearLink | Insufficient:
    """Levine's observed-score method: true scores of total and anchor are taken to be perfectly related.

    Better than Tucker's when the groups differ much. Kolen & Brennan (2014), eqs. 4.53 and 4.58.
    """
    return _link("levine", anchor, x, anchor_x, y, anchor_y, weight_x, rng, replications)


def _link(
    method: str,
    anchor: str,
    x: ArrayLike,
    anchor_x: ArrayLike,
    y: ArrayLike,
    anchor_y: ArrayLike,
    weight_x: float,
    rng: np.random.Generator | None,
    replications: int,
) -> LinearLink | Insufficient:
    checks.one_of("anchor", anchor, ("internal", "external"))
    checks.within("weight_x", weight_x, 0.0, 1.0)
    if rng is not None:
        checks.at_least("replications", replications, 2)
    form_x, form_y = _pair(x, anchor_x), _pair(y, anchor_y)
    n_x, n_y = len(form_x), len(form_y)
    if min(n_x, n_y) < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, min(n_x, n_y))
    for form in (form_x, form_y):
        if np.ptp(form[:, 0]) == 0 or np.ptp(form[:, 1]) == 0:
            return Insufficient(Reason.CONSTANT_MARKS, len(form))
        if np.asarray(np.corrcoef(form.T))[0, 1] < MIN_ANCHOR_CORRELATION:
            return Insufficient(Reason.NOT_COMPARABLE, len(form))
    slope, intercept = _coefficients(form_x, form_y, method, anchor, weight_x)
    if not np.isfinite(slope):
        return Insufficient(Reason.NOT_COMPARABLE, min(n_x, n_y))
    errors: tuple[float | None, float | None] = (None, None)
    if rng is not None:
        draws = np.array(
            [
                _coefficients(
                    form_x[rng.integers(0, n_x, n_x)],
                    form_y[rng.integers(0, n_y, n_y)],
                    method,
                    anchor,
                    weight_x,
                )
                for _ in range(replications)
            ]
        )
        draws = draws[np.isfinite(draws[:, 0])]
        if len(draws) < MOST_DRAWS * replications:
            return Insufficient(Reason.NOT_COMPARABLE, min(n_x, n_y))
        errors = float(draws[:, 0].std(ddof=1)), float(draws[:, 1].std(ddof=1))
    settings = {"weight_x": weight_x, "anchor": anchor, "replications": replications if rng else 0}
    return LinearLink(slope, intercept, *errors, n_x, n_y, Provenance(method, "1", settings))


def _pair(total: ArrayLike, anchor: ArrayLike) -> NDArray[np.float64]:
    checks.same_length(total=total, anchor=anchor)
    table = np.column_stack([checks.marks(column, negative=True) for column in (total, anchor)])
    return table[np.isfinite(table).all(axis=1)]


def _coefficients(
    form_x: FloatArray, form_y: FloatArray, method: str, anchor: str, weight_x: float
) -> tuple[float, float]:
    # A draw may hold one mark only, and then has no link.
    if min(np.ptp(form_x, axis=0).min(), np.ptp(form_y, axis=0).min()) == 0.0:
        return float("nan"), float("nan")
    weight_y = 1 - weight_x
    (mean_x, mean_vx), (mean_y, mean_vy) = form_x.mean(axis=0), form_y.mean(axis=0)
    cov_x, cov_y = np.cov(form_x.T, ddof=0), np.cov(form_y.T, ddof=0)
    gamma_x, gamma_y = (_gamma(cov, method, anchor) for cov in (cov_x, cov_y))
    shift = mean_vx - mean_vy
    spread = cov_x[1, 1] - cov_y[1, 1]
    mixed = weight_x * weight_y * shift**2
    synthetic_mean_x = mean_x - weight_y * gamma_x * shift
    synthetic_mean_y = mean_y + weight_x * gamma_y * shift
    variance_x = cov_x[0, 0] - weight_y * gamma_x**2 * spread + gamma_x**2 * mixed
    variance_y = cov_y[0, 0] + weight_x * gamma_y**2 * spread + gamma_y**2 * mixed
    if not (variance_x > 0.0 and variance_y > 0.0):
        return float("nan"), float("nan")
    slope = float(np.sqrt(variance_y / variance_x))
    return slope, float(synthetic_mean_y - slope * synthetic_mean_x)


def _gamma(cov: FloatArray, method: str, anchor: str) -> float:
    if method == "tucker":
        top, bottom = cov[0, 1], cov[1, 1]
    elif anchor == "internal":
        top, bottom = cov[0, 0], cov[0, 1]
    else:
        top, bottom = cov[0, 0] + cov[0, 1], cov[1, 1] + cov[0, 1]
    # A draw whose anchor goes against the total has no link either.
    return float(top / bottom) if bottom > 0.0 else float("nan")
