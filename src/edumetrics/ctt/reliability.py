"""How repeatable the totals of a paper are: α, ω and the standard error of measurement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from scipy import special

from edumetrics.ctt.covariance import Covariances, Moments, covariances, jackknife, leave_out_moments
from edumetrics.ctt.edge import (
    ROOM_FOR_RELIABILITY,
    ROOM_FOR_SPREAD,
    WIDER_RELIABILITY,
    near_edge,
    room_of,
    wider,
)
from edumetrics.ctt.limits import reach
from edumetrics.ctt.scores import TIE, Centred
from edumetrics.linked import sets_of_items
from edumetrics.results import (
    Caution,
    Estimate,
    FloatArray,
    Insufficient,
    Outcome,
    Provenance,
    Reason,
)

VERSION = "ctt-reliability/5"

MIN_PUPILS = 10
_PRIOR_PUPILS = 4.0
# Below this share of answered items a pupil's total is not on the scale of the whole paper.
COMPLETE_ENOUGH = 0.90


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability of the total.

    Attributes
    ----------
    alpha : Estimate or Insufficient
        Cronbach's α with a distribution-free interval.
    omega : Estimate or Insufficient
        McDonald's ω of one factor.
    sem : Estimate or Insufficient
        Standard error of measurement in marks.
    """

    alpha: Outcome
    omega: Outcome
    sem: Outcome
    provenance: Provenance


def reliability(
    centred: Centred, *, level: float = 0.95, rng: np.random.Generator | None = None, blocks: int = 100
) -> Reliability:
    r"""α, ω and the standard error of measurement.

    Parameters
    ----------
    rng : numpy Generator, optional
        Deals pupils into jackknife blocks for ω; left out: blocks in the order of rows.
    blocks : int
        Jackknife blocks (each pupil is one if there are fewer).

    Notes
    -----
    :math:`\alpha = J\bar c/(\bar v + (J-1)\bar c)` with the mean variance and the mean covariance of
    items, equal to Cronbach's (1951) formula when nothing is missing; pairs of items that no pupil has
    both of are left out. The interval is the distribution-free one of Maydeu-Olivares, Coffman & Hartmann
    (2007), on the scale of :math:`\log(1-\alpha)`. A variance below that of normal scores,
    :math:`2J/((J-1)(n-1))` (van Zyl, Neudecker & Nel 2000, Psychometrika 65, 271), is drawn there with the
    weight of `_PRIOR_PUPILS` pupils; how many errors the limits are away, the tails of the influence function
    and the ends of the scale tell (`limits.reach`, `edge.wider`).
    """
    cov = covariances(centred)
    value = _value(cov)
    settings = MappingProxyType({"level": level, "blocks": blocks})
    cautions = _cautions(cov, value)
    if isinstance(value, Insufficient):
        return Reliability(value, value, value, Provenance("ctt", VERSION, settings, cautions))
    return Reliability(
        near_edge(centred, ROOM_FOR_RELIABILITY) or _alpha_interval(centred, value, cov, level),
        near_edge(centred, ROOM_FOR_RELIABILITY) or _omega(centred, cov, level, rng, blocks),
        near_edge(centred, ROOM_FOR_SPREAD) or _sem(centred, cov, level),
        Provenance("ctt", VERSION, settings, cautions),
    )


def alpha_and_sem(centred: Centred, *, level: float = 0.95) -> tuple[Outcome, Outcome]:
    """α and the standard error of measurement of `reliability` without ω, which takes most of its time."""
    cov = covariances(centred)
    value = _value(cov)
    if isinstance(value, Insufficient):
        return value, value
    return (
        near_edge(centred, ROOM_FOR_RELIABILITY) or _alpha_interval(centred, value, cov, level),
        near_edge(centred, ROOM_FOR_SPREAD) or _sem(centred, cov, level),
    )


def _value(cov: Covariances) -> float | Insufficient:
    """Cronbach's α, or why there is none."""
    items = len(cov.matrix)
    refusal = _refusal(cov, items)
    if refusal is not None:
        return refusal
    mean_covariance = float(np.nanmean(cov.matrix[~np.eye(items, dtype=bool)]))
    mean_variance = float(np.mean(np.diag(cov.matrix)))
    if items * (mean_variance + (items - 1) * mean_covariance) <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, cov.n)
    return items * mean_covariance / (mean_variance + (items - 1) * mean_covariance)


def _cautions(cov: Covariances, value: float | Insufficient) -> tuple[Caution, ...]:
    """What the reader of α must know; nothing where too little is there to begin with."""
    constant = isinstance(value, Insufficient) and value.reason is Reason.CONSTANT_MARKS
    if isinstance(value, Insufficient) and not constant:
        return ()
    found = []
    unseen = ~np.eye(len(cov.matrix), dtype=bool) & (cov.common < 2)
    if unseen.any():
        pairs = MappingProxyType({"pairs": int(unseen.sum() // 2)})
        found.append(Caution("pairs_never_together", data=pairs))
        papers = int(sets_of_items(cov.common > 0).max()) + 1
        if papers > 1:
            found.append(Caution("papers_not_linked", data=MappingProxyType({"papers": papers})))
    if not constant and cov.answered < COMPLETE_ENOUGH:
        answered = MappingProxyType({"answered": round(cov.answered, 4)})
        found.append(Caution("alpha_of_whole_pool", data=answered))
    return tuple(found)


def feldt_interval(alpha: float, n: int, items: int, *, level: float = 0.95) -> tuple[float, float]:
    """Feldt's (1965) interval of Cronbach's α.

    Examples
    --------
    >>> [round(limit, 4) for limit in feldt_interval(0.8, 100, 20)]
    [0.7384, 0.8527]
    """
    df1, df2 = n - 1, (n - 1) * (items - 1)
    tail = (1.0 - level) / 2.0
    low = 1.0 - (1.0 - alpha) * float(special.fdtri(df1, df2, 1.0 - tail))
    high = 1.0 - (1.0 - alpha) * float(special.fdtri(df1, df2, tail))
    return low, high


def _refusal(cov: Covariances, items: int) -> Insufficient | None:
    if items < 2:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    if cov.n < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, cov.n)
    if np.any(np.diag(cov.common) < 2):
        return Insufficient(Reason.NO_RESPONSES, int(np.diag(cov.common).min()))
    together = cov.common[(cov.common >= 2) & ~np.eye(items, dtype=bool)]
    # Booklets: a covariance over a handful of pupils says nothing, however many pupils there are in all.
    if not len(together) or together.mean() < MIN_PUPILS:
        return Insufficient(Reason.NO_COMMON_PUPILS, int(together.mean()) if len(together) else 0)
    return None


def _alpha_interval(centred: Centred, value: float, cov: Covariances, level: float) -> Estimate:
    items, n = len(cov.matrix), cov.n
    own, whole = _squares(centred)
    t, s = float(own.mean()), float(whole.mean())
    if value >= 1.0:
        low, high = feldt_interval(value, n, items, level=level)
        return Estimate(value, 0.0, min(low, value), max(high, value), n, "alpha/feldt", level)
    gap = 1.0 - value
    # Of −log(1 − α): a pupil who pulls it up makes the totals lie farther apart than the marks of an item do.
    influence = items / (items - 1) * (t * whole / s - own) / s / gap
    spread, normal = float(np.mean(influence**2)), 2.0 * items / (items - 1)
    spread = max(spread, (n * spread + _PRIOR_PUPILS * normal) / (n + _PRIOR_PUPILS))
    se = float(np.sqrt(spread / max(n - 1, 1)))
    down, up = reach(influence, level)
    step = se * float(wider(room_of(centred), WIDER_RELIABILITY))
    low, high = 1.0 - gap * float(np.exp(down * step)), 1.0 - gap * float(np.exp(-up * step))
    return Estimate(value, se * gap, low, high, n, "alpha/distribution-free", level)


def _squares(centred: Centred) -> tuple[FloatArray, FloatArray]:
    """Per pupil: sum of squared deviations and squared total deviation, both scaled up to the whole paper."""
    items = centred.valid.shape[1]
    total, own = centred.of_present(centred.total), centred.of_present(centred.own)
    if centred.complete:
        return own, total**2
    answered = centred.valid[centred.present].sum(axis=1)
    cross = total**2 - own
    own = own * items / answered
    pairs = answered * (answered - 1)
    whole = own + np.divide(cross * items * (items - 1), pairs, out=np.zeros_like(cross), where=pairs > 0)
    return own, whole


def _sem(centred: Centred, cov: Covariances, level: float) -> Outcome:
    if cov.answered < COMPLETE_ENOUGH:
        return Insufficient(Reason.NOT_COMPARABLE, cov.n)
    items = len(cov.matrix)
    # Missing marks are few here: pairwise covariances give the value, scaled squares its spread.
    off = ~np.eye(items, dtype=bool)
    trace, rest = float(np.trace(cov.matrix)), float(np.nanmean(cov.matrix[off])) * items * (items - 1)
    square = (items * trace - (trace + rest)) / (items - 1)
    own, whole = _squares(centred)
    errors = (items * own - whole) / (items - 1) * cov.n / max(cov.n - 1, 1)
    if square <= TIE:
        return Insufficient(Reason.BOUNDARY, cov.n)
    se_square = float(np.std(errors, ddof=1)) / np.sqrt(cov.n)
    down, up = reach(errors, level)
    step = se_square / square
    root = float(np.sqrt(square))
    return Estimate(
        root,
        se_square / (2.0 * root),
        root * float(np.exp(-down * step / 2.0)),
        root * float(np.exp(up * step / 2.0)),
        cov.n,
        "anova/log-normal",
        level,
    )


def _omega(
    centred: Centred, cov: Covariances, level: float, rng: np.random.Generator | None, blocks: int
) -> Outcome:
    r"""McDonald's ω with loadings by Spearman's closed form, delete-one-block jackknife interval.

    :math:`\lambda_j^2 = \sum_{l<m\ne j} c_{jl}c_{jm} / \sum_{l<m\ne j} c_{lm}` is consistent for one
    factor and needs no iteration; :math:`\omega = (\sum\lambda)^2/((\sum\lambda)^2 + \sum\psi)`,
    :math:`\psi_j` not below 0.
    """
    items = len(cov.matrix)
    if items < 3:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    if np.isnan(cov.matrix).any():
        return Insufficient(Reason.NO_COMMON_PUPILS, cov.n)
    value = float(spearman_omega(Moments.of(cov.matrix[None]))[0])
    if not np.isfinite(value):
        return Insufficient(Reason.NOT_IDENTIFIED, cov.n)
    present = np.flatnonzero(centred.present)
    dealt = present if rng is None else rng.permutation(centred.present_by_answers())
    kept = leave_out_moments(centred, dealt, min(blocks, len(dealt)))
    if kept is None:
        return Insufficient(Reason.NO_COMMON_PUPILS, cov.n)
    sample = spearman_omega(kept)
    if not np.isfinite(sample).all() or value >= 1.0 or np.any(sample >= 1.0):
        return Insufficient(Reason.NOT_IDENTIFIED, cov.n)
    found = jackknife(centred, value, np.log(1.0 - sample), cov.n, level, "omega/jackknife")
    # a share of a variance: what the scale of log(1 − ω) says of values below nothing is of no use
    return replace(found, low=max(found.low, 0.0)) if isinstance(found, Estimate) else found


def spearman_omega(found: Moments) -> FloatArray:
    """ω of covariance matrices from their moments, by Spearman's closed form; NaN where it has none."""
    pairs = found.sums.sum(axis=-1, keepdims=True) / 2.0 - found.sums
    top = (found.sums**2 - found.squares) / 2.0
    communality = np.divide(top, pairs, out=np.full_like(top, np.nan), where=pairs > 0)
    loading = np.sign(found.sums) * np.sqrt(np.maximum(communality, 0.0))
    unique = np.maximum(found.own - loading**2, 0.0)
    common = loading.sum(axis=-1) ** 2
    return np.asarray(common / (common + unique.sum(axis=-1)))
