"""Owns the calibration whose errors hold where the model does not, for whatever errors it had before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.arrays import ResponseMatrix
from edumetrics.errors import ShapeMismatch, UnknownName
from edumetrics.irt.answers_alone import as_calibration, joined
from edumetrics.irt.report import item_calibrations, population_reports
from edumetrics.irt.results import Calibration, ItemCalibration, Population
from edumetrics.irt.sandwich import CHUNK, FEWEST_CLUSTERS, effective_clusters, pupil_scores, sandwich
from edumetrics.irt.spread_limits import with_limits_of_groups, with_limits_of_slope
from edumetrics.results import Caution, Estimate, FloatArray, IntArray, Outcome, Provenance

METHOD = "marginal maximum likelihood/sandwich"


def with_robust_errors(
    calibration: Calibration,
    matrix: ResponseMatrix,
    *,
    groups: Sequence[object] | None = None,
    clusters: Sequence[object] | None = None,
) -> Calibration:
    """The same calibration with sandwich standard errors instead of those of the information.

    Of whatever errors the calibration has: those of few pupils are partly robust already, and a second call
    changes nothing. The spread of a small second population, and a shared slope that may be nothing, have the
    limits of their profiles (`edumetrics.irt.spread_limits`), which fall by the robust variance.

    Parameters
    ----------
    calibration : Calibration
    matrix : ResponseMatrix
        The answers it was made from.
    groups : sequence, one label per pupil, optional
        As in the calibration, where it has several populations.
    clusters : sequence, one label per pupil, optional
        Class or school: pupils of one cluster need not be independent.

    Returns
    -------
    Calibration
        Errors are such that 1.96 of them are the half interval, with Student's t. Unchanged where it has no
        covariance (a flat likelihood); with a caution where there are fewer than `FEWEST_CLUSTERS` clusters,
        unequal ones counted as `effective_clusters` does.

    Raises
    ------
    ShapeMismatch, UnknownName
        Labels or pupils are not as many as they were in the calibration, or it has items or populations that
        are not in the matrix or the labels; several populations and no ``groups``.
    """
    for labels in (groups, clusters):
        if labels is not None and len(labels) != matrix.n_pupils:
            raise ShapeMismatch(value=f"{len(labels)} labels for {matrix.n_pupils} pupils")
    absent = set(calibration.coding.items) - set(matrix.items)
    if absent:
        raise UnknownName(item=min(absent))
    bread = calibration.plain_covariance
    if bread is None:
        return calibration
    cats = calibration.coding.encode(matrix)
    seen, present = (cats >= 0).any(axis=1), matrix.present
    if calibration.n not in (seen.sum(), present.sum(), matrix.n_pupils):
        raise ShapeMismatch(value=f"{seen.sum()} pupils with answers, calibrated with {calibration.n}")
    # `calibrate` also counts pupils who answered only items that were left out.
    here = np.flatnonzero(present if calibration.n == present.sum() else seen)
    units: IntArray = np.arange(len(here))
    if clusters is not None:
        names = np.array([str(clusters[i]) for i in here.tolist()])
        units = np.unique(names, return_inverse=True)[1].reshape(-1)
    n_units = int(units.max(initial=-1)) + 1
    sizes = np.bincount(units)
    counted = round(effective_clusters(sizes))
    if counted < FEWEST_CLUSTERS:
        counts = MappingProxyType({"n": counted, "needed": FEWEST_CLUSTERS})
        return replace(
            calibration, provenance=_with(calibration.provenance, Caution("few_clusters", data=counts))
        )
    place = {p.label: h for h, p in enumerate(calibration.populations)}
    population = np.zeros(len(here), dtype=np.int64)
    if groups is None and len(place) > 1:
        raise ShapeMismatch(value=f"no groups for {len(place)} populations")
    if groups is not None:
        unknown = {str(group) for group in groups} - set(place)
        if unknown:
            raise UnknownName(value=f"the calibration has no population {min(unknown)!r}")
        population[:] = [place[str(groups[i])] for i in here.tolist()]
    cats = np.ascontiguousarray(cats[here])
    cov = _robust(calibration, bread, cats, population, units, sizes)
    found = _renewed(calibration, cov, "pupils" if clusters is None else "clusters", n_units)
    if (alone := calibration.alone) is not None:
        second = _robust(
            as_calibration(calibration, alone), alone.plain_covariance, cats, population, units, sizes
        )
        found = replace(found, items=joined(found, alone, second))
    found = with_limits_of_groups(found, cats, population, units)
    return with_limits_of_slope(found, cats, population)


def with_robust_guessing(
    calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> Calibration:
    """The same calibration with limits of guessed items that also reach over those of robust errors.

    Slope, difficulty and c of an item are so weakly told apart that items of one text, which go together
    beyond ability, make plain errors too short by a tenth.
    """
    if (alone := calibration.alone) is None or len(cats) < FEWEST_CLUSTERS:
        return calibration
    each = np.arange(len(cats))
    second = as_calibration(calibration, alone)
    cov = _robust(second, alone.plain_covariance, cats, population, each, np.ones_like(each))
    return replace(calibration, items=joined(calibration, alone, cov))


def _robust(
    calibration: Calibration,
    bread: FloatArray,
    cats: NDArray[np.int16],
    population: IntArray,
    units: IntArray,
    sizes: IntArray,
) -> FloatArray:
    sums = np.zeros((len(sizes), len(bread)))
    for at in range(0, len(cats), CHUNK):
        part = slice(at, at + CHUNK)
        np.add.at(sums, units[part], pupil_scores(calibration, cats[part], population[part]))
    return sandwich(calibration, bread, sums, sizes)


def _renewed(calibration: Calibration, cov: FloatArray, unit: str, n_units: int) -> Calibration:
    problem, at = calibration.problem, calibration.parameters
    models = [item.model for item in calibration.items]
    items = item_calibrations(problem, at, calibration.coding, models, cov)
    labels, sizes = zip(*((p.label, p.n) for p in calibration.populations), strict=True)
    populations = population_reports(problem, at, labels, sizes, cov)
    settings = {**calibration.provenance.settings, "errors": "sandwich", "units": unit, "n_units": n_units}
    return replace(
        calibration,
        items=tuple(_renamed_item(item) for item in items),
        populations=tuple(
            Population(p.label, _renamed(p.mean), _renamed(p.sd), p.n) if free else p
            for p, free in zip(populations, problem.free_populations, strict=True)
        ),
        covariance=cov,
        provenance=replace(calibration.provenance, settings=MappingProxyType(settings)),
    )


def _renamed_item(item: ItemCalibration) -> ItemCalibration:
    return replace(
        item,
        slope=_renamed(item.slope),
        intercepts=tuple(_renamed(one) for one in item.intercepts),
        difficulties=tuple(_renamed(one) for one in item.difficulties),
        guessing=None if item.guessing is None else _renamed(item.guessing),
    )


def _renamed(outcome: Outcome) -> Outcome:
    return replace(outcome, method=METHOD) if isinstance(outcome, Estimate) else outcome


def _with(provenance: Provenance, caution: Caution) -> Provenance:
    if caution in provenance.warnings:
        return provenance
    return replace(provenance, warnings=(*provenance.warnings, caution))
