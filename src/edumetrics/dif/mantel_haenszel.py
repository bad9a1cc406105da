"""Mantel–Haenszel DIF of right/wrong items and standardised mean difference of part-credit items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import Caution, Estimate, FloatArray, Insufficient, Provenance, Reason

Size = Literal["A", "B", "C"]

# Zieky (1993), in Holland & Wainer, Differential Item Functioning, pp. 342–343: limits on the delta scale.
NEGLIGIBLE_DELTA, LARGE_DELTA = 1.0, 1.5
# Dorans & Schmitt (1991), ETS RR-91-47: limits of the standardised mean difference, shares of the full mark.
NEGLIGIBLE_SHARE, LARGE_SHARE = 0.05, 0.10
# Fewer than this in a group: the interval of the delta spans all three sizes, whatever the item is like.
MIN_GROUP = 50
MAX_STRATA = 30


@dataclass(frozen=True, slots=True)
class DifItem:
    """DIF of one item.

    Attributes
    ----------
    item : str
    effect : Estimate or Insufficient
        MH D-DIF on the delta scale (``method="mh_delta"``; negative: harder for the focal group at equal
        attainment), or the standardised mean difference in shares of the full mark (``method="smd"``).
    size : "A", "B", "C" or None
        ETS size; None without an effect. Never decided by a p-value alone.
    """

    item: str
    effect: Estimate | Insufficient
    size: Size | None


@dataclass(frozen=True, slots=True)
class DifResult:
    """DIF of all items between a reference and a focal group."""

    reference: str
    focal: str
    n_reference: int
    n_focal: int
    items: tuple[DifItem, ...]
    purified: tuple[str, ...]
    provenance: Provenance


def mantel_haenszel(
    matrix: ResponseMatrix,
    groups: ArrayLike,
    *,
    reference: str,
    focal: str,
    rounds: int = 3,
    min_group: int = MIN_GROUP,
) -> DifResult:
    """Compare two groups at equal attainment.

    Pupils are matched on their share of the marks that were in their booklet, without items found large
    in an earlier round (purification) but with the studied item (Holland & Thayer 1988).

    Parameters
    ----------
    matrix : ResponseMatrix
    groups : array_like of str, pupils
        Group of every pupil; other groups are left out.
    reference, focal : str
        The two groups.
    rounds : int
        At most so many rounds of purification.

    Returns
    -------
    DifResult

    Notes
    -----
    ``α = Σ A_k D_k / N_k / Σ B_k C_k / N_k``, ``Δ = −2.35 ln α``; variance of ``ln α`` by Robins, Breslow &
    Greenland (1986), Biometrics 42, 311–323. Sizes: A if |Δ| < 1 or Δ does not differ from 0 at 5 %; C if
    |Δ| ≥ 1.5 and |Δ| exceeds 1 at 5 %; B otherwise.
    """
    label = np.asarray(groups, dtype=object)
    if label.shape != (matrix.n_pupils,):
        raise ValueError(f"groups: {label.shape}, pupils: {matrix.n_pupils}")
    is_focal, is_reference = label == focal, label == reference
    rows = np.flatnonzero((is_focal | is_reference) & matrix.present)
    shares, focal_rows = matrix.shares[rows], is_focal[rows]
    counts = int((~focal_rows).sum()), int(focal_rows.sum())
    cautions: list[Caution] = []
    if min(counts) < min_group:
        cautions.append(Caution("few_pupils", data={"reference": counts[0], "focal": counts[1]}))
        refused = Insufficient(Reason.TOO_FEW_PUPILS, min(counts))
        items = tuple(DifItem(item, refused, None) for item in matrix.items)
        return DifResult(reference, focal, *counts, items, (), _provenance(rounds, min_group, cautions))
    dropped: frozenset[int] = frozenset()
    found: list[DifItem] = []
    for _ in range(rounds):
        keep = np.array([j not in dropped for j in range(matrix.n_items)])
        found = [
            _one_item(matrix, rows, shares, focal_rows, j, keep | (np.arange(len(keep)) == j), min_group)
            for j in range(matrix.n_items)
        ]
        large = frozenset(j for j, item in enumerate(found) if item.size == "C")
        # With half of the items large there is no fair yardstick left to match on.
        if large == dropped or len(large) > matrix.n_items // 2:
            break
        dropped = large
    if len([i for i in found if i.size == "C"]) > matrix.n_items // 2:
        cautions.append(Caution("no_fair_yardstick"))
    purified = tuple(matrix.items[j] for j in sorted(dropped))
    return DifResult(
        reference, focal, *counts, tuple(found), purified, _provenance(rounds, min_group, cautions)
    )


def _provenance(rounds: int, min_group: int, cautions: list[Caution]) -> Provenance:
    return Provenance(
        "dif", "1", {"rounds": rounds, "min_group": min_group, "max_strata": MAX_STRATA}, tuple(cautions)
    )


def _strata(shares: FloatArray, full: FloatArray, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Attainment strata: whole-number totals where they are few, else equal-count groups of the share."""
    valid = np.isfinite(shares) & keep
    weight = np.where(valid, full, 0.0)
    total = (np.where(valid, shares, 0.0) * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-12)
    values, strata = np.unique(np.round(total, 9), return_inverse=True)
    if len(values) <= MAX_STRATA:
        return strata.astype(np.int64)
    edges = np.unique(np.quantile(total, np.linspace(0, 1, MAX_STRATA + 1)[1:-1]))
    return np.searchsorted(edges, total, side="right").astype(np.int64)


def _one_item(
    matrix: ResponseMatrix,
    rows: NDArray[np.int64],
    shares: FloatArray,
    focal: NDArray[np.bool_],
    j: int,
    keep: NDArray[np.bool_],
    min_group: int,
) -> DifItem:
    name = matrix.items[j]
    seen = np.isfinite(shares[:, j])
    mark, is_focal = shares[seen, j], focal[seen]
    n_focal, n_reference = int(is_focal.sum()), int((~is_focal).sum())
    if min(n_focal, n_reference) < min_group:
        return DifItem(name, Insufficient(Reason.TOO_FEW_PUPILS, min(n_focal, n_reference)), None)
    if np.ptp(mark) == 0:
        return DifItem(name, Insufficient(Reason.CONSTANT_MARKS, int(seen.sum())), None)
    stratum = _strata(shares[seen], matrix.full, keep)
    if np.isin(mark, (0.0, 1.0)).all():
        return _delta(name, mark, is_focal, stratum)
    return _mean_difference(name, mark, is_focal, stratum)


def _table(weights: FloatArray, stratum: NDArray[np.int64], size: int) -> FloatArray:
    return np.asarray(np.bincount(stratum, weights=weights, minlength=size), dtype=np.float64)


def _delta(name: str, mark: FloatArray, focal: NDArray[np.bool_], stratum: NDArray[np.int64]) -> DifItem:
    size = int(stratum.max()) + 1
    a, b = _table(mark * ~focal, stratum, size), _table((1 - mark) * ~focal, stratum, size)
    c, d = _table(mark * focal, stratum, size), _table((1 - mark) * focal, stratum, size)
    n = a + b + c + d
    use = ((a + b) > 0) & ((c + d) > 0)
    a, b, c, d, n = (x[use] for x in (a, b, c, d, n))
    r, s = a * d / n, b * c / n
    if r.sum() <= 0 or s.sum() <= 0:
        return DifItem(name, Insufficient(Reason.BOUNDARY, int(n.sum())), None)
    log_odds = float(np.log(r.sum() / s.sum()))
    p, q = (a + d) / n, (b + c) / n
    variance = (
        (p * r).sum() / (2 * r.sum() ** 2)
        + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
        + (q * s).sum() / (2 * s.sum() ** 2)
    )
    delta, se = -2.35 * log_odds, 2.35 * float(np.sqrt(variance))
    half = float(stats.norm.ppf(0.975)) * se
    estimate = Estimate(delta, se, delta - half, delta + half, int(n.sum()), "mh_delta")
    return DifItem(name, estimate, _size(abs(delta), se, NEGLIGIBLE_DELTA, LARGE_DELTA))


def _mean_difference(
    name: str, mark: FloatArray, focal: NDArray[np.bool_], stratum: NDArray[np.int64]
) -> DifItem:
    size = int(stratum.max()) + 1
    ones = np.ones_like(mark)
    n_f, n_r = _table(ones * focal, stratum, size), _table(ones * ~focal, stratum, size)
    sum_f, sum_r = _table(mark * focal, stratum, size), _table(mark * ~focal, stratum, size)
    sq_f, sq_r = _table(mark**2 * focal, stratum, size), _table(mark**2 * ~focal, stratum, size)
    use = (n_f > 0) & (n_r > 0)
    if not use.any():
        return DifItem(name, Insufficient(Reason.NO_COMMON_PUPILS, 0), None)
    n_f, n_r, sum_f, sum_r, sq_f, sq_r = (x[use] for x in (n_f, n_r, sum_f, sum_r, sq_f, sq_r))
    weight = n_f / n_f.sum()
    smd = float((weight * (sum_f / n_f - sum_r / n_r)).sum())
    # Within-stratum variance pooled over strata: single strata are too thin for one of their own.
    within = (sq_f - sum_f**2 / n_f).sum() + (sq_r - sum_r**2 / n_r).sum()
    freedom = max(float((n_f + n_r - 2).sum()), 1.0)
    variance = within / freedom * float((weight**2 * (1 / n_f + 1 / n_r)).sum())
    se = float(np.sqrt(max(variance, 1e-300)))
    half = float(stats.norm.ppf(0.975)) * se
    n = int(n_f.sum() + n_r.sum())
    size_of = _size(abs(smd), se, NEGLIGIBLE_SHARE, LARGE_SHARE)
    return DifItem(name, Estimate(smd, se, smd - half, smd + half, n, "smd"), size_of)


def _size(effect: float, se: float, negligible: float, large: float) -> Size:
    if effect < negligible or effect < 1.959963985 * se:
        return "A"
    if effect >= large and effect - 1.644853627 * se > negligible:
        return "C"
    return "B"
