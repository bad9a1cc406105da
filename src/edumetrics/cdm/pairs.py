"""Owns whether a class model fits: do pairs of items go together as much as it says?

A point model with the wrong rule (all points needed, any of them enough) still reproduces each item's
facility; it betrays itself in the covariances. Source: Chen, de la Torre & Zhang (2013) J. Educ. Meas.
50, 123; the size of residual correlations: Maydeu-Olivares (2013) Measurement 11, 71.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from edumetrics.cdm import em
from edumetrics.results import FloatArray

ALPHA = 0.01  # of all pairs together (Bonferroni)
TYPICAL = 0.01  # root mean square of residual correlations, sampling taken off; 0 where the model holds
LARGE = 0.015  # the same where no single pair stands out
FEWEST = 20  # pupils who met both items
# Where points hang together otherwise than a model says, many pupils make errors small and leave the
# model's own. Variances then grow by this share of what pairs of items vary beyond chance: with three
# abilities, 24 points and 9,054 pupils squared errors are twice the stated ones, and those of pairs ten
# times.
SHARE_OF_MISFIT = 1.0 / 6.0


@dataclass(frozen=True, slots=True, eq=False)
class PairFit:
    """Residuals of all pairs of items.

    Attributes
    ----------
    z : (J, J) float
        Observed less expected covariance in standard errors; NaN where too few met both.
    typical : float
        Root mean square of the residual correlations, what chance alone gives taken off.
    """

    z: FloatArray
    typical: float

    @property
    def limit(self) -> float:
        """|z| that one of the pairs exceeds by chance in one paper of a hundred."""
        pairs = max(int(np.isfinite(self.z).sum()) // 2, 1)
        return float(-ndtri(ALPHA / 2.0 / pairs))

    @property
    def dispersion(self) -> float:
        """Mean square of the residuals in standard errors: 1 where the model holds."""
        known = np.isfinite(self.z)
        return float(np.mean(self.z[known] ** 2)) if known.any() else 1.0

    @property
    def widening(self) -> float:
        """What variances grow by where there is no freer model to hold to; 1 where the model holds."""
        return 1.0 if self.fits else 1.0 + SHARE_OF_MISFIT * max(self.dispersion - 1.0, 0.0)

    @property
    def odd(self) -> NDArray[np.bool_]:
        """Items (J,) with a pair beyond the limit."""
        return np.asarray((np.abs(np.nan_to_num(self.z)) > self.limit).any(axis=1))

    @property
    def fits(self) -> bool:
        """False where residuals are beyond chance and large enough to matter."""
        return self.typical <= (TYPICAL if self.odd.any() else LARGE)


def pair_fit(
    problem: em.Problem, parameters: em.Parameters, categories: NDArray[np.int16], worth: FloatArray
) -> PairFit:
    """Residual covariances of the shares reached on each two items.

    Parameters
    ----------
    categories : (N, J) int
        −1 where missing.
    worth : (J, M) float
        Share of the full mark of each category.
    """
    weight = parameters.weight
    share = np.einsum("jgm,jm->jg", parameters.probability, worth)
    reached = np.take_along_axis(share, problem.group, axis=1)  # (J, C)
    mean = reached @ weight
    expected = ((reached - mean[:, None]) * weight) @ (reached - mean[:, None]).T
    return residuals(expected, categories, worth)


def residuals(expected: FloatArray, categories: NDArray[np.int16], worth: FloatArray) -> PairFit:
    """What is observed against the covariances (J, J) that a model expects."""
    seen = (categories >= 0).astype(np.float64)
    value = np.where(categories >= 0, worth[np.arange(len(worth)), categories], 0.0)
    centred = (value - value.sum(axis=0) / np.maximum(seen.sum(axis=0), 1.0)) * seen
    both = np.maximum(seen.T @ seen, 1.0)
    observed = centred.T @ centred / both
    variance = np.maximum((centred**2).T @ centred**2 / both - observed**2, 1e-12)
    spread = np.maximum(np.diag(observed), 1e-12)
    residual, noise = observed - expected, variance / both
    z = residual / np.sqrt(noise)
    z[(both < FEWEST) | np.eye(len(z), dtype=np.bool_)] = np.nan
    scale = np.where(np.isfinite(z), 1.0 / np.outer(spread, spread), np.nan)
    if not np.isfinite(z).any():
        return PairFit(z, 0.0)
    return PairFit(z, float(np.sqrt(max(float(np.nanmean((residual**2 - noise) * scale)), 0.0))))
