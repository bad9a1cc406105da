"""The district's view of shared items: knowledge points with intervals over schools' own finals. No order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from edumetrics.results import BoolArray, Estimate, FloatArray, Insufficient, Outcome, Reason
from edumetrics.suppression import MIN_GROUP, suppress

LEAST_SCHOOLS = 3  # fewer schools say more about themselves than about the district


@dataclass(frozen=True, slots=True)
class SharedSums:
    """Counts and sums of one shared item in one school; `points` maps a knowledge point to its weight."""

    school: int
    group: str  # rural, urban
    item: str
    points: tuple[tuple[int, float], ...]
    full: float
    n: int
    share_sum: float


@dataclass(frozen=True, slots=True)
class PointLine:
    """One knowledge point: whole district, then each group; a suppressed group is `Insufficient`."""

    point: int
    n_items: int
    n_schools: int
    n_pupils: int
    whole: Outcome
    groups: tuple[Outcome, ...]


def point_lines(
    sums: Sequence[SharedSums], order: Sequence[int], groups: Sequence[str] = ("urban", "rural")
) -> tuple[PointLine, ...]:
    """Lines in the order of `order` (the order of teaching), never by size.

    Only items that at least two schools share count: what a school asked alone says nothing of the others.
    """
    shared = shared_rows(sums)
    lines = []
    for point in order:
        rows = [row for row in shared if any(key == point for key, _ in row.points)]
        if not rows:
            continue
        hidden = _hidden(rows, groups)
        lines.append(
            PointLine(
                point=point,
                n_items=len({row.item for row in rows}),
                n_schools=len({row.school for row in rows}),
                n_pupils=_pupils(rows),
                whole=point_share(rows, point),
                groups=tuple(
                    Insufficient(Reason.SMALL_GROUP, 0)
                    if hide
                    else point_share([row for row in rows if row.group == group], point)
                    for group, hide in zip(groups, hidden, strict=True)
                ),
            )
        )
    return tuple(lines)


def shared_rows(sums: Sequence[SharedSums]) -> list[SharedSums]:
    """Rows of the items that pupils of at least two schools answered."""
    used: dict[str, set[int]] = {}
    for row in sums:
        if row.n > 0:
            used.setdefault(row.item, set()).add(row.school)
    return [row for row in sums if row.n > 0 and len(used[row.item]) >= 2]


def _hidden(rows: Sequence[SharedSums], groups: Sequence[str]) -> BoolArray:
    """Groups of too few pupils or schools, and those from which, with the whole, these would follow.

    Schools of none of the groups are one more part of the whole: they are shown nowhere, and must not follow
    from what is shown either.
    """
    parts = [[row for row in rows if row.group == group] for group in groups]
    parts.append([row for row in rows if row.group not in groups])
    few_pupils = suppress([_pupils(part) for part in parts])
    few_schools = suppress([len({row.school for row in part}) for part in parts], minimum=LEAST_SCHOOLS)
    return (few_pupils | few_schools)[: len(groups)]


def _pupils(rows: Sequence[SharedSums]) -> int:
    """Pupils behind the rows: the largest number at any one item of each school."""
    most: dict[int, int] = {}
    for row in rows:
        most[row.school] = max(most.get(row.school, 0), row.n)
    return sum(most.values())


def point_share(rows: Sequence[SharedSums], point: int, *, level: float = 0.95) -> Outcome:
    r"""Share of the marks of a point over several schools, with schools as clusters.

    Notes
    -----
    With :math:`m_j = \sum_s S_{sj} / \sum_s n_{sj}` the facility of item j over all schools that used it and
    :math:`w_j` its weight (full mark × share of the point; where the schools' two-way tables differ, their
    mean over the schools), :math:`P = \sum_j w_j m_j / \sum_j w_j`. Pupils
    of one school resemble one another, so the variance is that between schools: with
    :math:`z_s = \sum_j w_j (S_{sj} - n_{sj} m_j) / N_j / \sum_j w_j`,
    :math:`\mathrm{Var}(P) = \frac{G}{G-1} \sum_s z_s^2` and t with G − 1 degrees of freedom
    (linearisation, Binder 1983). Below three schools nothing is said.
    """
    schools = sorted({row.school for row in rows})
    items = sorted({row.item for row in rows})
    pupils = _pupils(rows)
    if len(schools) < LEAST_SCHOOLS:
        return Insufficient(Reason.SMALL_GROUP, len(schools))
    if pupils < MIN_GROUP:
        return Insufficient(Reason.SMALL_GROUP, pupils)
    n, total = np.zeros((len(schools), len(items))), np.zeros((len(schools), len(items)))
    weight, tables = np.zeros(len(items)), np.zeros(len(items))
    for row in rows:
        s, j = schools.index(row.school), items.index(row.item)
        n[s, j] += row.n
        total[s, j] += row.share_sum
        weight[j] += row.full * sum(w for key, w in row.points if key == point)
        tables[j] += 1
    weight /= tables
    return _clustered(n, total, weight / weight.sum(), pupils, level)


def _clustered(n: FloatArray, total: FloatArray, weight: FloatArray, pupils: int, level: float) -> Outcome:
    groups = len(n)
    offered = n.sum(axis=0)
    facility = total.sum(axis=0) / offered
    value = float(weight @ facility)
    z = ((total - n * facility) / offered) @ weight
    se = float(np.sqrt(groups / (groups - 1) * (z**2).sum()))
    half = float(special.stdtrit(groups - 1, 0.5 + level / 2.0)) * se
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate(value, se, min(low, value), max(high, value), pupils, "cluster/t", level)
