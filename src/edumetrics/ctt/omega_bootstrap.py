"""Owns the bootstrap interval of McDonald's ω, beside the jackknife that goes with every analysis."""

from __future__ import annotations

import numpy as np
from scipy import special

from edumetrics.ctt.covariance import Moments, covariances
from edumetrics.ctt.edge import ROOM_FOR_RELIABILITY, near_edge
from edumetrics.ctt.reliability import MIN_PUPILS, spearman_omega
from edumetrics.ctt.scores import Centred
from edumetrics.results import Estimate, FloatArray, Insufficient, IntArray, Outcome, Reason

MOST_BLOCKS = 400  # from here on a block's sums are as good as a pupil's: means of many are normal
FEWEST_BLOCKS = 100  # … unless there are so many items that the sums of more blocks would fill the memory
MOST_BYTES = 64 * 2**20
MOST_FAILED = 0.20  # share of resamples without a value from which the interval is not believed


def omega_bootstrap(
    centred: Centred,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    replicates: int = 1000,
) -> Outcome:
    r"""ω of one factor with a bias-corrected and accelerated bootstrap interval.

    Parameters
    ----------
    rng : numpy Generator
        Deals pupils into blocks and draws the resamples.
    replicates : int

    Returns
    -------
    Estimate ``"omega/bootstrap BCa"``, or Insufficient as in `edumetrics.ctt.reliability`; BOUNDARY where
    more than `MOST_FAILED` of the resamples have no ω. Fewer count as 0: nothing in common was found in them.

    Notes
    -----
    Pupils are resampled; above `MOST_BLOCKS` pupils, random blocks of them: a covariance matrix is a sum over
    pupils, so a resample is one row of counts times the blocks' sums, and all resamples are one product of
    matrices. The acceleration comes from leaving out each block (Efron 1987, J. Am. Stat. Assoc. 82, 171);
    recommended for ω by Kelley & Pornprasertmanit (2016, Psychol. Methods 21, 69).
    """
    items = centred.valid.shape[1]
    if items < 3:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    n = int(centred.present.sum())
    if n < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    refusal = near_edge(centred, ROOM_FOR_RELIABILITY)
    if refusal is not None:
        return refusal
    whole = covariances(centred).matrix
    if np.isnan(whole).any():
        return Insufficient(Reason.NO_COMMON_PUPILS, n)
    value = float(spearman_omega(Moments.of(whole[None]))[0])
    if not np.isfinite(value):
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    room = max(FEWEST_BLOCKS, 4 * MOST_BYTES // (3 * 8 * items**2))
    blocks = _Blocks(centred, rng.permutation(centred.present_by_answers()), min(n, MOST_BLOCKS, room))
    left_out = blocks.omegas(1.0 - np.eye(blocks.count))
    drawn = blocks.omegas(
        rng.multinomial(blocks.count, np.full(blocks.count, 1.0 / blocks.count), replicates)
    )
    failed = ~np.isfinite(drawn)
    if value >= 1.0 or not np.isfinite(left_out).all() or failed.mean() > MOST_FAILED:
        return Insufficient(Reason.BOUNDARY, n)
    low, high = _bca(value, np.where(failed, 0.0, drawn), left_out, level)
    se = float(drawn[~failed].std(ddof=1))
    return Estimate(value, se, min(low, value), max(high, value), n, "omega/bootstrap BCa", level)


class _Blocks:
    """Sums of products, marks and counts of every pair of items, per block of pupils."""

    def __init__(self, centred: Centred, dealt: IntArray, count: int) -> None:
        self.count, items = count, centred.valid.shape[1]
        self.items = items
        self.products, self.sums, self.common = (np.empty((count, items * items)) for _ in range(3))
        for b, rows in enumerate(np.array_split(dealt, count)):
            x, mask = centred.deviations[rows], centred.valid[rows].astype(np.float64)
            self.products[b] = (x.T @ x).ravel()
            self.sums[b] = (x.T @ mask).ravel()
            self.common[b] = (mask.T @ mask).ravel()

    def omegas(self, counts: FloatArray | IntArray) -> FloatArray:
        """ω of each resample; ``counts`` (B, blocks) says how often each block is in it."""
        size = max(1, MOST_BYTES // (8 * 4 * self.items**2))
        parts = [self._omegas(counts[at : at + size]) for at in range(0, len(counts), size)]
        return np.concatenate(parts)

    def _omegas(self, counts: FloatArray | IntArray) -> FloatArray:
        shape = (len(counts), self.items, self.items)
        weights = counts.astype(np.float64)
        products, sums, common = (
            (weights @ part).reshape(shape) for part in (self.products, self.sums, self.common)
        )
        matrices = products - sums * np.swapaxes(sums, 1, 2) / np.maximum(common, 1.0)
        matrices /= np.maximum(common - 1.0, 1.0)
        matrices[common < 2] = np.nan
        return spearman_omega(Moments.of(matrices))


def _bca(value: float, drawn: FloatArray, left_out: FloatArray, level: float) -> tuple[float, float]:
    below = (np.sum(drawn < value) + 0.5 * np.sum(drawn == value)) / len(drawn)
    below = float(np.clip(below, 0.5 / len(drawn), 1.0 - 0.5 / len(drawn)))
    shift = float(special.ndtri(below))
    deviation = left_out.mean() - left_out
    size = float((deviation**2).sum() ** 1.5)
    pull = float((deviation**3).sum()) / (6.0 * size) if size > 0.0 else 0.0
    ends = []
    for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0):
        z = shift + float(special.ndtri(tail))
        ends.append(float(np.quantile(drawn, special.ndtr(shift + z / (1.0 - pull * z)))))
    return ends[0], ends[1]
