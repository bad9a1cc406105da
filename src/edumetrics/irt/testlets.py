"""Owns calibrations of exams whose items share texts: what a common text adds, and what it takes away.

A pupil at home in a text does better on all of its items than ability says. The model gives each testlet an
intercept γ ~ N(0, σ²) of its own and asks its items at θ + γ (Bradlow, Wainer & Wang 1999, Psychometrika 64,
153; a bifactor model with proportional slopes, Li, Bolt & Fu 2006, Appl. Psychol. Meas. 30, 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import BadSetting, DuplicateItem, UnknownName
from edumetrics.irt import testlet_em as em
from edumetrics.irt.em import Parameters
from edumetrics.irt.mstep import all_feasible
from edumetrics.irt.report import Z95, item_calibrations, n_parameters
from edumetrics.irt.results import Calibration, ItemCalibration
from edumetrics.irt.scores import item_variance, reliability_of
from edumetrics.irt.settings import VERSION
from edumetrics.results import (
    Caution,
    Estimate,
    Estimates,
    FloatArray,
    Insufficient,
    IntArray,
    Outcome,
    Provenance,
    Reason,
)
from edumetrics.runners.anderson import climb

START_SPREAD = 0.5  # at zero the likelihood is level in σ: a start there would never leave
SMALLEST_SPREAD = 0.05
MOST_ITEMS = 15  # a "text" with more items is the exam itself
FEWEST_PUPILS = 200  # a spread's error is about 1.5/√n times its inverse: below, it says nothing
SAMPLE = 4000  # pupils from whose scores the information is taken
DIFFERENCE = 1e-4


@dataclass(frozen=True, slots=True)
class Testlet:
    """Items that share a text.

    Attributes
    ----------
    items : tuple of str
    spread : Outcome
        σ, in standard deviations of ability: 0 is no common effect, 1 as much as ability itself.
    matters : bool
        The whole interval lies above `WORTH_SAYING`.
    """

    __test__ = False  # no test, whatever pytest thinks of the name

    items: tuple[str, ...]
    spread: Outcome
    matters: bool


WORTH_SAYING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class TestletCalibration:
    """A calibration with testlets.

    Attributes
    ----------
    items : tuple of ItemCalibration
        Parameters given ability and intercept; comparable between items of the exam.
    testlets : tuple of Testlet
    loglik, independent_loglik : float
        With and without the intercepts.
    n, n_parameters : int
    aic, bic : float
    reliability, independent_reliability : Outcome
        Of the posterior means of ability; the second is what ignoring the texts would claim.
    ability : Estimates, N
        Posterior mean and its standard error per pupil of the matrix.
    provenance : Provenance
    """

    __test__ = False

    model: str
    items: tuple[ItemCalibration, ...]
    testlets: tuple[Testlet, ...]
    loglik: float
    independent_loglik: float
    n: int
    n_parameters: int
    aic: float
    bic: float
    reliability: Outcome
    independent_reliability: Outcome
    ability: Estimates
    provenance: Provenance


def calibrate_testlets(
    calibration: Calibration, matrix: ResponseMatrix, testlets: Sequence[Sequence[str]]
) -> TestletCalibration | Insufficient:
    """Calibrate an exam again with an intercept for each testlet.

    Parameters
    ----------
    calibration : Calibration
        Of the same matrix, one population, items apart: it gives models, categories, priors and the start.
    matrix : ResponseMatrix
    testlets : sequence of sequence of item ids
        Items that share a text. Items left out of the calibration are left out here; no item stands twice.

    Returns
    -------
    TestletCalibration, or Insufficient: fewer than `FEWEST_PUPILS` pupils, or no testlet with two to
    `MOST_ITEMS` calibrated items.

    Raises
    ------
    DuplicateItem, UnknownName, BadSetting
        An item stands in two testlets, is unknown, or the calibration has several populations, or one
        slope for all items although there are pupils enough for more.
    """
    if len(calibration.populations) > 1:
        raise BadSetting(value="testlets are calibrated in one population")
    places, cautions = _places(calibration, testlets)
    if calibration.problem.shared_slope and calibration.n >= FEWEST_PUPILS:
        raise BadSetting(
            value="items with one common slope have no testlets: calibrate them with slopes of their own"
        )
    if calibration.n < FEWEST_PUPILS:
        return Insufficient(Reason.TOO_FEW_PUPILS, calibration.n)
    if not places:
        return Insufficient(Reason.TOO_FEW_ITEMS, 0)
    all_cats = calibration.coding.encode(matrix)
    here = np.asarray((all_cats >= 0).any(axis=1))
    cats = np.ascontiguousarray(all_cats[here])
    problem = calibration.problem
    groups = em.group_items(cats, places)
    state, found, converged = _climb(calibration, groups, len(places))
    cov = _covariance(calibration, cats, places, state, found, groups)
    if not converged:
        cautions.append(Caution("not_converged"))
    if cov is None:
        cautions.append(Caution("flat_likelihood"))
    k = n_parameters(problem) + len(places)
    n_items = k - len(places)
    named = [one.model for one in calibration.items]
    ability = _ability(found, here, (all_cats >= 0).sum(axis=1))
    apart = em.expect(problem, em.group_items(cats, []), em.State(calibration.parameters.par, np.zeros(0)))
    from_items = item_variance(calibration, float((cats >= 0).mean()))
    settings = {"testlets": [[calibration.coding.items[j] for j in place] for place in places]}
    return TestletCalibration(
        model="testlet " + calibration.model,
        items=item_calibrations(
            problem,
            Parameters(state.par, calibration.parameters.mean, calibration.parameters.sd),
            calibration.coding,
            named,
            None if cov is None else cov[:n_items, :n_items],
        ),
        testlets=tuple(
            _testlet(
                calibration,
                place,
                float(state.spread[s]),
                None if cov is None else cov[n_items + s, n_items + s],
                calibration.n,
            )
            for s, place in enumerate(places)
        ),
        loglik=found.loglik,
        independent_loglik=apart.loglik,
        n=calibration.n,
        n_parameters=k,
        aic=-2.0 * found.loglik + 2.0 * k,
        bic=-2.0 * found.loglik + float(np.log(calibration.n)) * k,
        reliability=reliability_of(ability, "eap", from_items),
        independent_reliability=reliability_of(
            _ability(apart, here, (all_cats >= 0).sum(axis=1)), "eap", from_items
        ),
        ability=ability,
        provenance=Provenance("testlet", f"{VERSION} testlet-1", MappingProxyType(settings), tuple(cautions)),
    )


def _places(
    calibration: Calibration, testlets: Sequence[Sequence[str]]
) -> tuple[list[IntArray], list[Caution]]:
    place = {item: j for j, item in enumerate(calibration.coding.items)}
    seen: set[str] = set()
    out: list[IntArray] = []
    cautions: list[Caution] = []
    for items in testlets:
        for item in items:
            if item in seen:
                raise DuplicateItem(value=f"item {item!r} stands in two testlets")
            if item not in place and item not in calibration.excluded:
                raise UnknownName(value=f"the exam has no item {item!r}")
            seen.add(item)
        inside = [place[item] for item in items if item in place]
        if 2 <= len(inside) <= MOST_ITEMS:
            out.append(np.array(sorted(inside), dtype=np.int64))
        else:
            cautions.append(Caution("testlet_left_out", tuple(items)))
    return out, cautions


def _climb(
    calibration: Calibration, groups: tuple[em.Group, ...], n_testlets: int
) -> tuple[em.State, em.Expected, bool]:
    problem, settings = calibration.problem, calibration.provenance.settings
    used = problem.used
    cut = int(used.sum())
    shape = calibration.parameters.par.shape

    def to_state(x: FloatArray) -> em.State:
        par = np.zeros(shape)
        par[used] = x[:cut]
        return em.State(par, np.abs(x[cut:]))

    def feasible(x: FloatArray) -> bool:
        inside = bool((np.abs(x[cut:]) <= em.MOST_SPREAD).all())
        return inside and bool(all_feasible(problem.kind, to_state(x).par, problem.n_categories))

    last: list[em.Expected] = []

    def step(x: FloatArray) -> tuple[FloatArray, float]:
        state = to_state(x)
        found = em.expect(problem, groups, state)
        last[:] = [found]
        new = em.improve(problem, groups, state, found)
        return np.concatenate([new.par[used], new.spread]), em.objective(problem, state, found.loglik)

    first = np.concatenate([calibration.parameters.par[used], np.full(n_testlets, START_SPREAD)])
    rest = climb(
        step,
        first,
        feasible=feasible,
        tolerance=float(settings.get("tolerance", 1e-4)),
        max_evaluations=int(settings.get("max_evaluations", 2000)),
    )
    return to_state(rest.x), last[0], rest.converged


def _covariance(
    calibration: Calibration,
    cats: NDArray[np.int16],
    places: list[IntArray],
    state: em.State,
    found: em.Expected,
    groups: tuple[em.Group, ...],
) -> FloatArray | None:
    """Inverse of the observed information, from differences of the score of at most `SAMPLE` pupils."""
    problem = calibration.problem
    scale = 1.0
    if len(cats) > SAMPLE:
        rows = np.linspace(0, len(cats) - 1, SAMPLE).astype(np.int64)
        groups = em.group_items(np.ascontiguousarray(cats[rows]), places)
        found = em.expect(problem, groups, state)
        scale = len(cats) / SAMPLE
    used = problem.used
    base = em.gradient(problem, groups, state, found)
    columns = []
    moves = [(j, h) for j, h in np.argwhere(used)]
    for j, h in moves:
        par = state.par.copy()
        par[j, h] += DIFFERENCE
        moved = em.State(par, state.spread)
        columns.append(em.gradient(problem, groups, moved, em.expect(problem, groups, moved)))
    for s in range(len(places)):
        spread = state.spread.copy()
        spread[s] += DIFFERENCE
        moved = em.State(state.par, spread)
        columns.append(em.gradient(problem, groups, moved, em.expect(problem, groups, moved)))
    observed = -(np.array(columns) - base) / DIFFERENCE
    observed = 0.5 * scale * (observed + observed.T)
    # A spread at zero has no information of its own: the rest is known as if it were fixed there.
    free = np.concatenate([np.ones(len(moves), bool), state.spread > SMALLEST_SPREAD])
    size = np.sqrt(np.maximum(np.diag(observed)[free], 1e-300))
    part = observed[np.ix_(free, free)]
    if not np.isfinite(part).all() or np.linalg.eigvalsh(part / np.outer(size, size))[0] < 1e-7:
        return None
    out = np.full_like(observed, np.nan)
    out[np.ix_(free, free)] = np.linalg.inv(part)
    return out


def _testlet(
    calibration: Calibration, place: IntArray, spread: float, variance: float | None, n: int
) -> Testlet:
    names = tuple(calibration.coding.items[j] for j in place)
    if spread <= SMALLEST_SPREAD:
        return Testlet(names, Insufficient(Reason.BOUNDARY, n), False)
    if variance is None or not np.isfinite(variance):
        return Testlet(names, Insufficient(Reason.NOT_IDENTIFIED, n), False)
    # On the scale of the variance: there the likelihood is regular at zero.
    se = float(np.sqrt(variance))
    half = Z95 * 2.0 * spread * se
    low, high = float(np.sqrt(max(spread**2 - half, 0.0))), float(np.sqrt(spread**2 + half))
    found = Estimate(spread, se, low, high, n, "testlet spread/observed information")
    return Testlet(names, found, found.low > WORTH_SAYING)


def _ability(found: em.Expected, here: NDArray[np.bool_], answered: IntArray) -> Estimates:
    value, se = np.full(len(here), np.nan), np.full(len(here), np.nan)
    value[here], se[here] = found.mean, found.sd
    return Estimates.build(
        value, se, value - Z95 * se, value + Z95 * se, answered, "eap/normal",
        refuse=((~here, Reason.NO_RESPONSES),),
    )  # fmt: skip
