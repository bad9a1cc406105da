"""α of papers with parts, and α with a bootstrap interval: slower forms for complete marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edumetrics.ctt.covariance import jackknife
from edumetrics.ctt.edge import ROOM_FOR_RELIABILITY, near_edge
from edumetrics.ctt.reliability import MIN_PUPILS
from edumetrics.ctt.scores import TIE, Centred
from edumetrics.results import Estimate, FloatArray, Insufficient, Outcome, Reason


def stratified_alpha(centred: Centred, strata: Sequence[str], *, level: float = 0.95) -> Outcome:
    r"""Stratified α for papers with parts that test different things (e.g. 客观题 and 主观题).

    :math:`1 - \sum_s \sigma_s^2(1-\alpha_s)/\sigma^2` (Rajaratnam, Cronbach & Gleser 1965). A part of one
    item has no α of its own: then the result is `Insufficient`.
    The interval is a delete-one-pupil jackknife on the scale of :math:`\log(1-\alpha)`.
    """
    present = centred.present
    n = int(present.sum())
    labels = np.asarray(strata, dtype=np.str_)
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    if any(len(part) < 2 for part in members):
        return Insufficient(Reason.TOO_FEW_ITEMS, min(len(part) for part in members))
    if n < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if not centred.complete:
        return Insufficient(Reason.NO_COMMON_PUPILS, n)
    x = centred.deviations[present]

    def error_share(left_out: bool) -> FloatArray:
        spread = _variances(x.sum(axis=1, keepdims=True), left_out)[:, 0]
        error = np.zeros_like(spread)
        for part in members:
            whole = _variances(x[:, part].sum(axis=1, keepdims=True), left_out)[:, 0]
            single = _variances(x[:, part], left_out).sum(axis=1)
            error += (len(part) * single - whole) / (len(part) - 1)
        return np.divide(error, spread, out=np.full_like(error, np.nan), where=spread > TIE)

    ratio, kept = float(error_share(False)[0]), error_share(True)
    if not np.isfinite(ratio):
        return Insufficient(Reason.CONSTANT_MARKS, n)
    refusal = near_edge(centred, ROOM_FOR_RELIABILITY)
    if refusal is not None:
        return refusal
    if ratio <= 0 or not np.all(kept > 0):
        return Insufficient(Reason.BOUNDARY, n)
    return jackknife(centred, 1.0 - ratio, np.log(kept), n, level, "stratified-alpha/jackknife")


def bootstrap_alpha(
    centred: Centred, rng: np.random.Generator, *, draws: int = 1000, level: float = 0.95
) -> Outcome:
    """α with a percentile bootstrap interval over pupils (complete marks only); slower, assumes nothing."""
    present = centred.present
    n, items = int(present.sum()), centred.valid.shape[1]
    if n < MIN_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    if items < 2:
        return Insufficient(Reason.TOO_FEW_ITEMS, items)
    if not centred.complete:
        return Insufficient(Reason.NO_COMMON_PUPILS, n)
    x = centred.deviations[present]
    total = x.sum(axis=1)
    if float(total @ total) <= TIE:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    refusal = near_edge(centred, ROOM_FOR_RELIABILITY)
    if refusal is not None:
        return refusal
    table = np.column_stack([x, x**2, total, total**2])

    def value(moments: FloatArray) -> FloatArray:
        first, second = moments[..., :items], moments[..., items : 2 * items]
        parts = (second - first**2).sum(axis=-1)
        whole = moments[..., -1] - moments[..., -2] ** 2
        ratio = np.divide(parts, whole, out=np.ones_like(whole), where=whole > 0)
        return np.asarray(items / (items - 1) * (1.0 - ratio))

    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=draws) / n
    sample = value(weights @ table)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(sample, [tail, 1.0 - tail])
    estimate = float(value(table.mean(axis=0)[None])[0])
    se = float(np.std(sample, ddof=1))
    return Estimate(
        estimate, se, min(float(low), estimate), max(float(high), estimate), n, "alpha/bootstrap", level
    )


def _variances(x: FloatArray, left_out: bool) -> FloatArray:
    """Columnwise variances (1 × columns), or the n sets of them with one row left out each (n × columns)."""
    n = len(x)
    if not left_out:
        return np.asarray(np.var(x, axis=0, ddof=1, keepdims=True))
    first, second = x.sum(axis=0) - x, (x**2).sum(axis=0) - x**2
    return np.asarray((second - first**2 / (n - 1)) / (n - 2))
