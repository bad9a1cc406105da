"""Owns what a calibration says about persons: ability with its error, reliability, plausible values.

Abilities are for linking, fit and growth inside the core. They are not marks, and nothing here
orders persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import BadSetting, ShapeMismatch, UnknownName
from edumetrics.irt.dependence import score_inflation, stretch_of
from edumetrics.irt.em import Parameters
from edumetrics.irt.information import item_information
from edumetrics.irt.persons import search
from edumetrics.irt.posteriors import packed, posterior_summary
from edumetrics.irt.report import Z95, _index
from edumetrics.irt.results import Calibration
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
from edumetrics.runners.stats import posterior

STEP = 1e-5
CHUNK = 16_384  # persons whose posteriors are held at once (6 MB)
FEWEST_FOR_RELIABILITY = 10
# An interval of ± 4 spans the whole population: without a prior such answers tell nothing.
WIDEST_ERROR = 2.0
NO_SPREAD = 1e-12  # of the variance of ability
MOST_LOG = 700.0  # whose exponential is still a number

Method = Literal["eap", "map", "wle"]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Abilities of pupils.

    Attributes
    ----------
    pupils : tuple of str, N
    ability : Estimates, N
        On the scale of the calibration (mean 0, sd 1 in the reference population); `n` counts items.
    reliability : Outcome
        Squared correlation of the scores with ability, cov(score, EAP)² / (var(score) · (var(EAP) + mean
        posterior variance)); for "eap" that is var(EAP) / (var(EAP) + mean posterior variance).
    provenance : Provenance
    """

    pupils: tuple[str, ...]
    ability: Estimates
    reliability: Outcome
    provenance: Provenance


@dataclass(frozen=True, slots=True, eq=False)
class PlausibleValues:
    """Random draws from each pupil's posterior: for statements about groups, never about one pupil.

    Attributes
    ----------
    pupils : tuple of str, N
        Those with at least one mark.
    values : (D, N) float
    """

    pupils: tuple[str, ...]
    values: FloatArray


def score(
    calibration: Calibration,
    matrix: ResponseMatrix,
    method: Method = "eap",
    *,
    groups: Sequence[object] | None = None,
) -> Scores:
    """Ability of every pupil with its standard error.

    Parameters
    ----------
    calibration : Calibration
    matrix : ResponseMatrix
        The same exam or any with some of its items; items that were not calibrated do not count.
    method : {"eap", "map", "wle"}
        Posterior mean, posterior mode, or Warm's weighted likelihood (no prior, nearly unbiased).
    groups : sequence, one label per pupil, optional
        Population of each pupil, as labelled in the calibration; the reference when left out.
    """
    if method not in ("eap", "map", "wle"):
        raise BadSetting(value=f"unknown method {method!r}; known are eap, map, wle")
    population = _populations(calibration, matrix, groups)
    cats = calibration.coding.encode(matrix)
    answered = (cats >= 0).sum(axis=1).astype(np.int64)
    eap, sd, low, high = posterior_summary(calibration, cats, population)
    none = answered == 0
    refuse: list[tuple[NDArray[np.bool_], Reason]] = [(none, Reason.NO_RESPONSES)]
    dependence = score_inflation(calibration, cats, eap, sd, population)
    inflation = dependence.value
    spread = calibration.parameters.sd[population]
    stretch = stretch_of(inflation, sd, spread)
    if method == "eap":
        value, se = eap, sd * stretch
        low, high = eap - (eap - low) * stretch, eap + (high - eap) * stretch
    else:
        parameters, problem = calibration.parameters, calibration.problem
        value, information = np.empty(len(cats)), np.empty(len(cats))
        inside = np.empty(len(cats), dtype=np.bool_)
        search(
            cats, problem.kind, parameters.par, problem.n_categories, parameters.mean[population], spread,
            eap, method == "wle", value, information, inside,
        )  # fmt: skip
        if method == "map":
            information = information + 1.0 / spread**2
        se = 1.0 / np.sqrt(np.maximum(information, 1e-12))
        se *= np.sqrt(inflation) if method == "wle" else stretch_of(inflation, se, spread)
        low, high = value - Z95 * se, value + Z95 * se
        refuse.append((~inside, Reason.BOUNDARY))
        refuse.append((se > WIDEST_ERROR, Reason.TOO_FEW_ITEMS))
    ability = Estimates.build(
        value, se, low, high, answered, "eap/posterior" if method == "eap" else f"{method}/normal",
        refuse=tuple(refuse),
    )  # fmt: skip
    settings = {
        "method": method,
        "calibration": calibration.provenance.version,
        "inflation": round(inflation, 3),
    }
    notes: tuple[Caution, ...] = ()
    if none.any():
        named = tuple(matrix.pupils[i] for i in np.flatnonzero(none))
        notes = (Caution("pupils_without_marks", named),)
    if dependence.evident:
        counts = MappingProxyType({"inflation": round(inflation, 3)})
        notes = (*notes, Caution("errors_widened_for_dependence", data=counts))
    common = dependence.common
    unlike = common if common is not None and common.little else None
    if unlike is not None:
        in_common = MappingProxyType({"common": round(max(unlike.variance, 0.0), 2)})
        notes = (*notes, Caution("items_ask_for_two_abilities", data=in_common))
    of_items = item_variance(calibration, float((cats >= 0).mean()))
    trusting = reliability_of(ability, method, of_items, (eap, sd))
    reliability = reliability_of(ability, method, of_items, (eap, sd * stretch))
    if isinstance(reliability, Estimate) and isinstance(trusting, Estimate):
        # What dependence takes from the reliability is known to its own size; where it is not seen it takes
        # nothing from the figure, but from how low it may be.
        lost = trusting.value - reliability.value
        if dependence.evident:
            reliability = replace(reliability, low=max(reliability.low - lost, 0.0))
            at_most = reliability_of(
                ability, method, of_items, (eap, sd * stretch_of(dependence.of_pairs, sd, spread))
            )
            if unlike is None and isinstance(at_most, Estimate):
                # Texts or abilities: where answers do not tell which, the reliability may be that of texts.
                reliability = replace(reliability, high=max(reliability.high, at_most.high))
        else:
            reliability = replace(trusting, low=min(trusting.low, reliability.low))
    return Scores(
        matrix.pupils,
        ability,
        reliability,
        Provenance(calibration.model, VERSION, MappingProxyType(settings), notes),
    )


def plausible_values(
    calibration: Calibration,
    matrix: ResponseMatrix,
    rng: np.random.Generator,
    draws: int = 5,
    *,
    groups: Sequence[object] | None = None,
) -> PlausibleValues:
    """Draw abilities from the posterior of every pupil who has a mark.

    The posterior's distribution function is taken as linear between the midpoints of the nodes.
    """
    if draws < 1:
        raise BadSetting(value="at least one draw is needed")
    population = _populations(calibration, matrix, groups)
    cats = calibration.coding.encode(matrix)
    rows = np.flatnonzero((cats >= 0).any(axis=1))
    theta = calibration.problem.theta
    half = 0.5 * float(theta[1] - theta[0])
    edges = np.concatenate([[theta[0] - half], theta + half])
    values = np.empty((draws, len(rows)))
    for at in range(0, len(rows), CHUNK):
        chosen = rows[at : at + CHUNK]
        post = posterior(*packed(calibration, cats[chosen], population[chosen]))[0]
        cumulative = np.concatenate([np.zeros((len(chosen), 1)), np.cumsum(post, axis=1)], axis=1)
        cumulative /= cumulative[:, -1:]
        for d in range(draws):
            u = rng.random(len(chosen))[:, None]
            cell = np.clip((cumulative <= u).sum(axis=1) - 1, 0, len(theta) - 1)
            floor = np.take_along_axis(cumulative, cell[:, None], 1)[:, 0]
            width = np.take_along_axis(post, cell[:, None], 1)[:, 0]
            inside = np.clip((u[:, 0] - floor) / np.maximum(width, 1e-300), 0.0, 1.0)
            values[d, at : at + CHUNK] = edges[cell] + 2.0 * half * inside
    return PlausibleValues(tuple(matrix.pupils[i] for i in rows), values)


def _populations(
    calibration: Calibration, matrix: ResponseMatrix, groups: Sequence[object] | None
) -> IntArray:
    if groups is None:
        return np.zeros(matrix.n_pupils, dtype=np.int64)
    if len(groups) != matrix.n_pupils:
        raise ShapeMismatch(value=f"{len(groups)} groups for {matrix.n_pupils} pupils")
    place = {p.label: h for h, p in enumerate(calibration.populations)}
    unknown = {str(g) for g in groups} - set(place)
    if unknown:
        raise UnknownName(value=f"the calibration has no population {sorted(unknown)[0]!r}")
    return np.array([place[str(g)] for g in groups], dtype=np.int64)


def reliability_of(
    ability: Estimates,
    method: Method,
    from_items: float,
    posterior: tuple[FloatArray, FloatArray] | None = None,
) -> Outcome:
    """Share of the variance of ability that scores carry (see `Scores`).

    ``from_items`` is the variance that comes from not knowing the items (`item_variance`); ``posterior``
    holds each pupil's posterior mean and standard deviation where the scores are something else.
    """
    known = ability.known
    n = int(known.sum())
    if n < FEWEST_FOR_RELIABILITY or ability.se is None:
        return Insufficient(Reason.TOO_FEW_PUPILS, n)
    eap, sd = (ability.value, ability.se) if posterior is None else posterior
    x, y, noise = ability.value[known], eap[known], sd[known] ** 2
    x, y = x - x.mean(), y - y.mean()
    spread, whole, shared = float(x @ x) / n, float(y @ y + noise.sum()) / n, float(x @ y) / n
    # Slopes about zero leave scores that differ by rounding alone.
    if min(spread, shared) <= NO_SPREAD * whole:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    # Scores and ability covary as scores and posterior means do.
    rho = shared**2 / (spread * whole)
    influence = rho * (2.0 * x * y / shared - x * x / spread - (y * y + noise) / whole)
    variance = float(influence.var(ddof=1)) / n + from_items
    if not 0.0 < rho < 1.0:
        return Insufficient(Reason.BOUNDARY, n)
    se, gap = float(np.sqrt(variance)), 1.0 - rho
    if se >= 1.0:  # items so vague that anything from nothing to all may be told
        return Insufficient(Reason.NOT_IDENTIFIED, n)
    # On the scale of log(1 − ρ) the interval stays below one; a share of variance is not below nothing.
    factor = float(np.exp(min(Z95 * se / gap, MOST_LOG)))
    low, high = max(0.0, 1.0 - gap * factor), 1.0 - gap / factor
    return Estimate(rho, se, low, high, n, f"{method} reliability/delta")


def item_variance(calibration: Calibration, answered: float) -> float:
    """Variance that the uncertainty of the item parameters lends to a reliability.

    By the delta method on ∫ I(θ)/(I(θ) + 1) φ(θ) dθ, with the information of the items that a pupil
    answers on average.
    """
    cov, problem, at = calibration.covariance, calibration.problem, calibration.parameters
    if cov is None:
        return 0.0
    index = _index(problem)
    place = index[index >= 0]
    weight = np.exp(-0.5 * problem.theta**2)
    weight /= weight.sum()
    information = item_information(problem, at)
    total = answered * information.sum(axis=0)
    gradient = np.zeros(int(place.max()) + 1)
    for h in range(index.shape[1]):
        rows = np.flatnonzero(index[:, h] >= 0)
        par = at.par.copy()
        par[rows, h] += STEP
        moved = item_information(problem, Parameters(par, at.mean, at.sd))
        slope = answered * (moved - information) / STEP
        np.add.at(gradient, index[rows, h], (slope[rows] / (total + 1.0) ** 2) @ weight)
    part = cov[: len(gradient), : len(gradient)]
    return max(float(gradient @ part @ gradient), 0.0)
