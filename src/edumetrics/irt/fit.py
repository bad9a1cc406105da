"""Owns how well a calibration describes the answers: item fit and dependence between items.

Sources: S-X² Orlando & Thissen (2000) Appl. Psychol. Meas. 24, 50, for several categories Kang &
Chen (2008) J. Educ. Meas. 45, 391; infit and outfit Wright & Masters (1982); Q3 Yen (1984) Appl.
Psychol. Meas. 8, 125, read against its mean as Christensen, Makransky & Horton (2017) ibid. 41, 178.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt.em import log_weights
from edumetrics.irt.models import GUESSING, item_probabilities
from edumetrics.irt.results import Calibration
from edumetrics.irt.scores import score
from edumetrics.irt.sum_scores import expected_by_sum_score
from edumetrics.results import Estimate, FloatArray, Insufficient, Outcome, Reason

Z95 = 1.959963984540054
FEWEST = 100  # pupils below which a fit statistic says more about chance than about the item
LEAST_EXPECTED = 1.0  # neighbouring sum scores are pooled until each cell expects so many pupils
MISFIT_RMSEA = 0.05  # effect size above which a significant S-X² is worth a teacher's look
MEAN_SQUARE_RANGE = (0.7, 1.3)  # usual bounds for infit and outfit of school tests
DELTA = 1e-4  # step of numerical derivatives by ability
DEPENDENT_ABOVE_MEAN = 0.2  # Q3 this far above the mean of all pairs


@dataclass(frozen=True, slots=True)
class SumScoreFit:
    """S-X²: expected against observed categories per sum score.

    Attributes
    ----------
    statistic : float
    df : int
    p : float
    rmsea : float
        √(max(χ² − df, 0) / (df·n)): the size of the misfit, whatever the number of pupils.
    n : int
    """

    statistic: float
    df: int
    p: float
    rmsea: float
    n: int


@dataclass(frozen=True, slots=True)
class ItemFit:
    """Fit of one item. ``misfit`` needs a size *and* more than chance, never a p-value alone."""

    item: str
    s_x2: SumScoreFit | Insufficient
    infit: Outcome
    outfit: Outcome
    misfit: bool


@dataclass(frozen=True, slots=True)
class DependentPair:
    """Two items that share more than ability (a common text, a chain of steps: a testlet)."""

    first: str
    second: str
    q3: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class ExamFit:
    """Fit of a calibration.

    Attributes
    ----------
    items : tuple of ItemFit
    q3 : (J, J) float
        Residual correlations; NaN where fewer than `FEWEST` pupils answered both.
    dependent : tuple of DependentPair
    testlets : tuple of tuple of str
        Items joined by dependent pairs.
    """

    items: tuple[ItemFit, ...]
    q3: FloatArray
    dependent: tuple[DependentPair, ...]
    testlets: tuple[tuple[str, ...], ...]


def exam_fit(calibration: Calibration, matrix: ResponseMatrix) -> ExamFit:
    """Check every item of a calibration against the answers it was made from."""
    cats = calibration.coding.encode(matrix)
    cats = cats[(cats >= 0).any(axis=1)]
    ability = score(calibration, matrix, "eap").ability
    known = ability.known
    error = np.zeros_like(ability.value) if ability.se is None else ability.se
    residual, variance, fourth = _residuals(calibration, cats, ability.value[known], error[known])
    s_x2 = _s_x2(calibration, cats)
    items = []
    for j, name in enumerate(calibration.coding.items):
        infit, outfit = _mean_squares(residual[:, j], variance[:, j], fourth[:, j])
        items.append(ItemFit(name, s_x2[j], infit, outfit, _is_misfit(s_x2[j], infit)))
    q3, counts = _q3(residual)
    pairs = _dependent(calibration.coding.items, q3, counts)
    return ExamFit(tuple(items), q3, pairs, _join(pairs))


def _is_misfit(s_x2: SumScoreFit | Insufficient, infit: Outcome) -> bool:
    bad_sum = isinstance(s_x2, SumScoreFit) and s_x2.rmsea > MISFIT_RMSEA and s_x2.p < 0.01
    bad_square = isinstance(infit, Estimate) and (
        infit.low > MEAN_SQUARE_RANGE[1] or infit.high < MEAN_SQUARE_RANGE[0]
    )
    return bad_sum or bad_square


def _residuals(
    calibration: Calibration, cats: NDArray[np.int16], theta: FloatArray, error: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed − expected category, its variance and fourth moment (N, J); NaN where missing.

    The ability was estimated with this item's help, which draws the residual in: with E′ the slope
    of the expected category and e the posterior sd, E[r²] = V − (E′·e)² to first order.
    """
    out = tuple(np.full(cats.shape, np.nan) for _ in range(3))
    problem, par = calibration.problem, calibration.parameters.par
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        seen = cats[:, j] >= 0
        k = np.arange(m + 1)[:, None]

        def probabilities(t: FloatArray, j: int = j, m: int = m) -> FloatArray:
            p = np.empty((m + 1, len(t)))
            item_probabilities(problem.kind[j], par[j], m, t, p)
            return p

        p = probabilities(theta[seen])
        mean = (k * p).sum(axis=0)
        rise = (k * (probabilities(theta[seen] + DELTA) - probabilities(theta[seen] - DELTA))).sum(axis=0)
        variance = ((k - mean) ** 2 * p).sum(axis=0)
        drawn_in = (rise / (2.0 * DELTA) * error[seen]) ** 2
        out[0][seen, j] = cats[seen, j] - mean
        out[1][seen, j] = np.maximum(variance - drawn_in, 0.1 * variance)
        out[2][seen, j] = ((k - mean) ** 4 * p).sum(axis=0)
    return out[0], out[1], out[2]


def _mean_squares(residual: FloatArray, variance: FloatArray, fourth: FloatArray) -> tuple[Outcome, Outcome]:
    seen = ~np.isnan(residual)
    n = int(seen.sum())
    if n < FEWEST:
        few = Insufficient(Reason.TOO_FEW_PUPILS, n)
        return few, few
    r2, v, c = residual[seen] ** 2, np.maximum(variance[seen], 1e-6), fourth[seen]
    infit, infit_se = float(r2.sum() / v.sum()), float(np.sqrt(np.maximum(c - v**2, 0.0).sum()) / v.sum())
    outfit = float((r2 / v).mean())
    outfit_se = float(np.sqrt(np.maximum((c / v**2 - 1.0).sum(), 0.0)) / n)
    return tuple(  # type: ignore[return-value]
        Estimate(x, se, x - Z95 * se, x + Z95 * se, n, f"{name} at EAP/model variance")
        for x, se, name in ((infit, infit_se, "infit"), (outfit, outfit_se, "outfit"))
    )


def _s_x2(calibration: Calibration, cats: NDArray[np.int16]) -> list[SumScoreFit | Insufficient]:
    problem = calibration.problem
    complete = cats[(cats >= 0).all(axis=1)]
    n, n_items = len(complete), len(problem.kind)
    if n < FEWEST:
        return [Insufficient(Reason.TOO_FEW_PUPILS, n)] * n_items
    width = int(problem.n_categories.max())
    probability = np.zeros((n_items, width, len(problem.theta)))
    for j, m in enumerate((problem.n_categories - 1).tolist()):
        item_probabilities(problem.kind[j], calibration.parameters.par[j], m, problem.theta, probability[j])
    weights = np.exp(log_weights(problem.theta, calibration.parameters.mean, calibration.parameters.sd))
    sizes = np.array([p.n for p in calibration.populations], dtype=np.float64)
    weight = (sizes / sizes.sum()) @ weights
    top = int((problem.n_categories - 1).sum())
    expected = expected_by_sum_score(probability, problem.n_categories, weight, top)
    total = complete.sum(axis=1)
    out: list[SumScoreFit | Insufficient] = []
    for j in range(n_items):
        m = int(problem.n_categories[j]) - 1
        observed = np.zeros((top + 1, m + 1))
        np.add.at(observed, (total, complete[:, j]), 1.0)
        n_par = 3 if problem.kind[j] == GUESSING else m + (0 if problem.shared_slope else 1)
        out.append(_chi_square(observed, expected[j, :, : m + 1], n_par, n))
    return out


def _chi_square(observed: FloatArray, expected: FloatArray, n_par: int, n: int) -> SumScoreFit | Insufficient:
    """Pool scores from both ends to the middle, then compare."""
    size = observed.sum(axis=1)
    cells = expected * size[:, None]
    pooled_o, pooled_e = [], []
    keep_o, keep_e = np.zeros(observed.shape[1]), np.zeros(observed.shape[1])
    for s in range(1, len(size) - 1):  # at no and full marks every item is certain
        keep_o, keep_e = keep_o + observed[s], keep_e + cells[s]
        if keep_e.min() >= LEAST_EXPECTED:
            pooled_o.append(keep_o)
            pooled_e.append(keep_e)
            keep_o, keep_e = np.zeros_like(keep_o), np.zeros_like(keep_e)
    if pooled_e:
        pooled_o[-1] = pooled_o[-1] + keep_o
        pooled_e[-1] = pooled_e[-1] + keep_e
    df = len(pooled_e) * (observed.shape[1] - 1) - n_par
    if df < 1:
        return Insufficient(Reason.TOO_FEW_ITEMS, len(pooled_e))
    o, e = np.array(pooled_o), np.array(pooled_e)
    statistic = float(((o - e) ** 2 / e).sum())
    rmsea = float(np.sqrt(max(statistic - df, 0.0) / (df * n)))
    return SumScoreFit(statistic, df, float(chdtrc(df, statistic)), rmsea, n)


def _q3(residual: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    seen = (~np.isnan(residual)).astype(np.float64)
    r = np.where(seen > 0, residual, 0.0)
    n = seen.T @ seen
    known = n >= FEWEST
    size = np.maximum(n, 1.0)
    mean = (r.T @ seen) / size
    cov = (r.T @ r) / size - mean * mean.T
    var = ((r * r).T @ seen) / size - mean**2
    q3 = np.where(known, cov / np.sqrt(np.where(known, np.maximum(var * var.T, 1e-24), 1.0)), np.nan)
    return q3, n.astype(np.int64)


def _dependent(
    items: tuple[str, ...], q3: FloatArray, counts: NDArray[np.int64]
) -> tuple[DependentPair, ...]:
    rows, cols = np.triu_indices(len(items), 1)
    values = q3[rows, cols]
    known = np.isfinite(values)
    if not known.any():
        return ()
    mean = float(values[known].mean())
    found = []
    for i, j, value in zip(rows[known], cols[known], values[known], strict=True):
        n = int(counts[i, j])
        if value - mean > DEPENDENT_ABOVE_MEAN and value - mean > 3.0 / np.sqrt(n):
            found.append(DependentPair(items[i], items[j], float(value), n))
    return tuple(found)


def _join(pairs: tuple[DependentPair, ...]) -> tuple[tuple[str, ...], ...]:
    """Connected components of the dependent pairs, items in order of first appearance."""
    group: dict[str, list[str]] = {}
    for pair in pairs:
        merged = list(
            dict.fromkeys([*group.get(pair.first, [pair.first]), *group.get(pair.second, [pair.second])])
        )
        for item in merged:
            group[item] = merged
    return tuple(tuple(g) for g in {id(g): g for g in group.values()}.values())
