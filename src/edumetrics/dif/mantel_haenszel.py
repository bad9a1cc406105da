"""Mantel–Haenszel DIF of right/wrong items and standardised mean difference of part-credit items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix
from edumetrics.dif.tables import DECIMALS, Answers, answers
from edumetrics.results import (
    BoolArray,
    Caution,
    Estimate,
    FloatArray,
    Insufficient,
    IntArray,
    Provenance,
    Reason,
)

Size = Literal["A", "B", "C"]

# Zieky (1993), in Holland & Wainer, Differential Item Functioning, pp. 342–343: limits on the delta scale.
NEGLIGIBLE_DELTA, LARGE_DELTA = 1.0, 1.5
# Dorans & Schmitt (1991), ETS RR-91-47: limits of the standardised mean difference, shares of the full mark.
NEGLIGIBLE_SHARE, LARGE_SHARE = 0.05, 0.10
# Fewer than this in a group: the interval of the delta spans all three sizes, whatever the item is like.
MIN_GROUP = 50
MAX_STRATA = 30
Z95, Z90 = 1.959963984540054, 1.6448536269514722  # two-sided 5 % and one-sided 5 %


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

    Raises
    ------
    ShapeMismatch, UnknownName
        There is not one group per pupil; the reference group has no pupils.

    Notes
    -----
    ``α = Σ A_k D_k / N_k / Σ B_k C_k / N_k``, ``Δ = −2.35 ln α``; variance of ``ln α`` by Robins, Breslow &
    Greenland (1986), Biometrics 42, 311–323. Sizes: A if |Δ| < 1 or Δ does not differ from 0 at 5 %; C if
    |Δ| ≥ 1.5 and |Δ| exceeds 1 at 5 %; B otherwise.
    """
    given = answers(matrix, groups, reference, focal)
    counts = int((~given.focal).sum()), int(given.focal.sum())
    cautions: list[Caution] = []
    if min(counts) < min_group:
        cautions.append(Caution("few_pupils", data={"reference": counts[0], "focal": counts[1]}))
        refused = Insufficient(Reason.TOO_FEW_PUPILS, min(counts))
        items = tuple(DifItem(item, refused, None) for item in matrix.items)
        return DifResult(reference, focal, *counts, items, (), _provenance(rounds, min_group, cautions))
    dropped: frozenset[int] = frozenset()
    found: list[DifItem] = []
    for _ in range(rounds):
        found = _all_items(matrix.items, given, dropped, min_group)
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


def _all_items(
    names: tuple[str, ...], given: Answers, dropped: frozenset[int], min_group: int
) -> list[DifItem]:
    """Every item at equal attainment, without the dropped items but with the studied one."""
    found: dict[int, DifItem] = {}
    smaller = given.n.min(axis=0)
    for j, name in enumerate(names):
        if smaller[j] < min_group:
            found[j] = DifItem(name, Insufficient(Reason.TOO_FEW_PUPILS, int(smaller[j])), None)
        elif given.constant[j]:
            found[j] = DifItem(name, Insufficient(Reason.CONSTANT_MARKS, int(given.n[:, j].sum())), None)
    usable = np.array([j for j in range(len(names)) if j not in found], dtype=np.int64)
    for items, stratum in _matched(given, usable, dropped):
        size = int(stratum.max()) + 1
        tables = given.tally(2 * stratum + given.focal, 2 * size, items)
        n, total, squares = (table.reshape(size, 2, len(items)) for table in tables)
        whole = given.right_or_wrong[items]
        for method, mine in ((_delta, whole), (_mean_difference, ~whole)):
            part = (table[:, :, mine] for table in (n, total, squares))
            for j, effect, ets in zip(items[mine].tolist(), *method(*part), strict=True):
                found[j] = DifItem(names[j], effect, ets)
    return [found[j] for j in range(len(names))]


def _matched(
    given: Answers, usable: IntArray, dropped: frozenset[int]
) -> Iterator[tuple[IntArray, IntArray]]:
    """Items and the attainment stratum of each pupil for them; items that share it come together."""
    keep = np.array([j not in dropped for j in range(len(given.full))])
    seen_by_all = given.n.sum(axis=0) == len(given.focal)
    attainment = given.attainment(keep)
    together = usable[keep[usable] & seen_by_all[usable]]
    if len(together):
        yield together, _strata(attainment, np.ones(len(attainment), dtype=np.bool_))
    for j in usable[~(keep[usable] & seen_by_all[usable])].tolist():
        with_it = attainment if keep[j] else given.attainment(keep | (np.arange(len(keep)) == j))
        yield np.array([j]), _strata(with_it, np.isfinite(given.shares[:, j]))


def _strata(attainment: FloatArray, seen: BoolArray) -> IntArray:
    """Stratum of each pupil: whole-number totals where they are few, else equal-count groups.

    Only pupils who ``seen`` the item decide on the groups; the others get any stratum.
    """
    values, place = np.unique(np.round(attainment, DECIMALS), return_inverse=True)
    count = np.bincount(place[seen], minlength=len(values))
    if np.count_nonzero(count) <= MAX_STRATA:
        return np.asarray((np.cumsum(count > 0) - 1).clip(0)[place], dtype=np.int64)
    # Quantiles of the pupils' values (linear between neighbours) from the counts.
    ends = np.cumsum(count)
    at = np.linspace(0, 1, MAX_STRATA + 1)[1:-1] * (ends[-1] - 1)
    below = values[np.searchsorted(ends, np.floor(at), side="right")]
    above = values[np.searchsorted(ends, np.ceil(at), side="right")]
    edges = np.unique(below + (at - np.floor(at)) * (above - below))
    return np.asarray(np.searchsorted(edges, values, side="right")[place], dtype=np.int64)


Effects = tuple[list[Estimate | Insufficient], list[Size | None]]


def _delta(n: FloatArray, total: FloatArray, squares: FloatArray) -> Effects:
    """MH D-DIF of right/wrong items from strata × group × items."""
    use = (n > 0).all(axis=1)
    a, c = total[:, 0], total[:, 1]
    b, d = n[:, 0] - a, n[:, 1] - c
    size = np.where(use, n.sum(axis=1), 1.0)
    r, s = np.where(use, a * d / size, 0.0), np.where(use, b * c / size, 0.0)
    p, q = (a + d) / size, (b + c) / size
    sum_r, sum_s = r.sum(axis=0), s.sum(axis=0)
    known = np.minimum(sum_r, sum_s) > 0
    safe_r, safe_s = np.where(known, sum_r, 1.0), np.where(known, sum_s, 1.0)
    variance = (
        (p * r).sum(axis=0) / (2 * safe_r**2)
        + (p * s + q * r).sum(axis=0) / (2 * safe_r * safe_s)
        + (q * s).sum(axis=0) / (2 * safe_s**2)
    )
    delta, se = -2.35 * np.log(safe_r / safe_s), 2.35 * np.sqrt(variance)
    counts = np.where(use, size, 0.0).sum(axis=0)
    limits = (NEGLIGIBLE_DELTA, LARGE_DELTA)
    return _effects(delta, se, counts, known, Reason.BOUNDARY, "mh_delta", limits)


def _mean_difference(n: FloatArray, total: FloatArray, squares: FloatArray) -> Effects:
    """Standardised mean difference of part-credit items from strata × group × items."""
    use = (n > 0).all(axis=1)
    n_r, n_f = (np.where(use, n[:, g], 0.0) for g in (0, 1))
    safe_r, safe_f = np.maximum(n_r, 1.0), np.maximum(n_f, 1.0)
    known = np.asarray(use.any(axis=0))
    weight = n_f / np.maximum(n_f.sum(axis=0), 1.0)
    difference = (weight * (total[:, 1] / safe_f - total[:, 0] / safe_r)).sum(axis=0)
    # Within-stratum variance pooled over strata: single strata are too thin for one of their own.
    spread = (squares[:, 1] - total[:, 1] ** 2 / safe_f) + (squares[:, 0] - total[:, 0] ** 2 / safe_r)
    within = np.where(use, spread, 0.0).sum(axis=0)
    freedom = np.maximum(np.where(use, n_f + n_r - 2, 0.0).sum(axis=0), 1.0)
    variance = within / freedom * (weight**2 * (1 / safe_f + 1 / safe_r)).sum(axis=0)
    se = np.sqrt(np.maximum(variance, 1e-300))
    limits = (NEGLIGIBLE_SHARE, LARGE_SHARE)
    counts = (n_f + n_r).sum(axis=0)
    return _effects(difference, se, counts, known, Reason.NO_COMMON_PUPILS, "smd", limits)


def _effects(
    value: FloatArray,
    se: FloatArray,
    counts: FloatArray,
    known: BoolArray,
    reason: Reason,
    method: str,
    limits: tuple[float, float],
) -> Effects:
    effects: list[Estimate | Insufficient] = []
    sizes: list[Size | None] = []
    columns = (value.tolist(), se.tolist(), counts.astype(int).tolist(), known.tolist())
    for x, error, n, is_known in zip(*columns, strict=True):
        if is_known:
            effects.append(Estimate(x, error, x - Z95 * error, x + Z95 * error, n, method))
            sizes.append(_size(abs(x), error, *limits))
        else:
            effects.append(Insufficient(reason, n))
            sizes.append(None)
    return effects, sizes


def _size(effect: float, se: float, negligible: float, large: float) -> Size:
    if effect < negligible or effect < Z95 * se:
        return "A"
    if effect >= large and effect - Z90 * se > negligible:
        return "C"
    return "B"
