"""Owns expected shares of an item at given abilities, with the standard errors of the calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edumetrics import checks
from edumetrics.errors import BadParameter, UnknownName
from edumetrics.irt.models import item_probabilities
from edumetrics.irt.report import Z95, _block, _index
from edumetrics.irt.results import Calibration
from edumetrics.results import Estimate, FloatArray, Insufficient, Reason

STEP = 1e-5
METHOD = "expected share/delta"


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedShares:
    """Shares of the full mark at Q abilities and their covariance (Q, Q); n pupils have a mark."""

    theta: FloatArray
    value: FloatArray
    covariance: FloatArray
    n: int

    def at(self, place: int) -> Estimate:
        """The share at one ability, its interval within 0…1."""
        found = self.contrast(np.eye(len(self.value))[place])
        low, high = (min(max(limit, 0.0), 1.0) for limit in (found.low, found.high))
        return Estimate(found.value, found.se, low, high, found.n, found.method)

    def contrast(self, weights: FloatArray) -> Estimate:
        """A linear combination of the shares, e.g. the difference of two."""
        w = np.asarray(weights, dtype=np.float64)
        value, se = float(w @ self.value), float(np.sqrt(max(float(w @ self.covariance @ w), 0.0)))
        return Estimate(value, se, value - Z95 * se, value + Z95 * se, self.n, METHOD)


def expected_shares(
    calibration: Calibration, item: str, full: float, theta: FloatArray
) -> ExpectedShares | Insufficient:
    """Σ_k P(k | θ) · mark_k / full of one calibrated item.

    Parameters
    ----------
    full : float
        Full mark of the item.
    theta : (Q,) float
        Abilities on the calibration's scale: mean 0, standard deviation 1 in the reference population.

    Returns
    -------
    ExpectedShares, or Insufficient: the reason why the item was left out, or NOT_IDENTIFIED where the
    calibration has no standard errors.

    Raises
    ------
    ResponseError
        A full mark that is none; an ability that is not finite; an item that the calibration does not have.

    Notes
    -----
    Delta method with the item's block of the observed information; derivatives by central differences.
    """
    checks.full_marks(full)
    at = np.asarray(theta, dtype=np.float64)
    if not np.isfinite(at).all():
        raise BadParameter(item=item, value=f"ability {at[~np.isfinite(at)][0]}")
    left_out = calibration.excluded.get(item)
    if left_out is not None:
        return left_out
    names = [one.item for one in calibration.items]
    if item not in names:
        raise UnknownName(item=item)
    j = names.index(item)
    problem, known = calibration.problem, calibration.items[j]
    row = calibration.parameters.par[j]
    m = int(problem.n_categories[j]) - 1
    width = int(problem.used[j].sum())
    cov = _block(calibration.covariance, _index(problem)[j, :width])
    if cov is None:
        return Insufficient(Reason.NOT_IDENTIFIED, known.n)
    marks = np.asarray(known.category_marks, dtype=np.float64)

    def shares(parameters: FloatArray) -> FloatArray:
        chance = np.empty((m + 1, len(at)))
        item_probabilities(problem.kind[j], parameters, m, at, chance)
        return np.asarray(marks @ chance / full)

    slopes = np.empty((len(at), width))
    for k in range(width):
        up, down = row.copy(), row.copy()
        up[k] += STEP
        down[k] -= STEP
        slopes[:, k] = (shares(up) - shares(down)) / (2 * STEP)
    return ExpectedShares(at, shares(row), slopes @ cov @ slopes.T, known.n)
