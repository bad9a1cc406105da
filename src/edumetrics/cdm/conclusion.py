"""Owns what is concluded from a fitted class model: its result with every warning that belongs to it."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm import em
from edumetrics.cdm.classes import ClassSpace
from edumetrics.cdm.ends import Ends
from edumetrics.cdm.pairs import PairFit
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.report import item_reports
from edumetrics.cdm.results import ClassModelResult, PointDiagnosis, Worth
from edumetrics.cdm.settings import VERSION
from edumetrics.cdm.uncertainty import Known, places
from edumetrics.results import Caution, Estimates, FloatArray, Provenance

FEWEST_MEMBERS = 15.0  # expected pupils behind a chance that is to be believed
RIDGE_SE = 0.15
EXTREME = 0.6  # a slip or guess beyond this makes the item's points doubtful


def conclude(
    exam: Prepared,
    space: ClassSpace,
    problem: em.Problem,
    fit: em.Fit,
    known: Known,
    worth: Worth,
    ends: Ends,
    pairs: PairFit,
    never: NDArray[np.bool_],
    mastery: Estimates,
    points: tuple[PointDiagnosis, ...],
    ridge: NDArray[np.bool_],
    way: str,
    n_classes: int | None,
    n_weights: int,
    cautions: list[Caution],
) -> ClassModelResult:
    """The result.

    Parameters
    ----------
    never : (K,) bool
        Points about which no state says anything.
    ridge : (J,) bool
        Items whose parameters the answers do not settle.
    n_weights : int
        Parameters behind the shares of the classes.
    cautions : list
        Of the way that was taken; those of the exam and of the fit are added.
    """
    n = int(exam.present.sum())
    if not pairs.fits:
        odd = exam.items_where(pairs.odd)
        data = MappingProxyType({"typical_residual": round(pairs.typical, 3)})
        cautions = [*cautions, Caution("model_does_not_fit", odd, data)]
    for code, where in (("point_of_one_item", exam.alone), ("point_cannot_be_told", never & ~exam.alone)):
        if where.any():
            cautions = [*cautions, Caution(code, exam.points_where(where))]
    cov = known.of_probabilities
    unsettled = ridge | _weakly_known(problem, cov)
    notes = (*exam.cautions, *cautions, *_cautions(space, exam, fit, unsettled))
    implied = [
        len(m) - 1 - m.shape[1] for m, sums in zip(space.mastered, problem.additive, strict=True) if sums
    ]
    k_free = int((places(problem) >= 0).sum()) - sum(implied) + n_weights
    return ClassModelResult(
        model=exam.model,
        items=item_reports(space, problem, fit, cov, exam.coding, worth, ends, exam.names),
        points=points,
        mastery=mastery,
        pupils=exam.matrix.pupils,
        excluded=exam.excluded,
        ridge=exam.items_where(unsettled),
        loglik=fit.loglik,
        n=n,
        n_classes=n_classes,
        n_parameters=k_free,
        aic=-2.0 * fit.loglik + 2.0 * k_free,
        bic=-2.0 * fit.loglik + float(np.log(n)) * k_free,
        provenance=Provenance(
            exam.model, VERSION, MappingProxyType({**exam.settings.as_mapping(), "way": way}), notes
        ),
        space=space,
        problem=problem,
        parameters=fit.parameters,
        known=known,
        worth=worth,
        coding=exam.coding,
        place=np.arange(len(exam.names)),
    )


def _weakly_known(problem: em.Problem, cov: FloatArray) -> NDArray[np.bool_]:
    place = places(problem)
    out = np.zeros(len(place), dtype=np.bool_)
    for j in range(len(place)):
        rows = place[j][place[j] >= 0]
        out[j] = bool((np.sqrt(np.maximum(np.diag(cov)[rows], 0.0)) > RIDGE_SE).any())
    return out


def _cautions(space: ClassSpace, exam: Prepared, fit: em.Fit, unsettled: NDArray[np.bool_]) -> list[Caution]:
    notes = []
    if not fit.converged:
        notes.append(Caution("not_converged", data=MappingProxyType({"evaluations": fit.evaluations})))
    if unsettled.any():
        notes.append(Caution("ridge_likelihood", exam.items_where(unsettled)))
    size = fit.counts.sum(axis=2)
    groups = np.arange(size.shape[1])[None, :] < space.n_groups[:, None]
    empty = np.asarray((np.where(groups, size, np.inf) < FEWEST_MEMBERS).any(axis=1))
    if empty.any():
        notes.append(Caution("group_nearly_empty", exam.items_where(empty)))
    if exam.model in ("dina", "dino"):
        worth = [np.linspace(0.0, 1.0, int(c)) for c in exam.coding.n_categories]
        chance = fit.parameters.probability
        low = np.array([chance[j, 0, : len(w)] @ w for j, w in enumerate(worth)])
        top = np.array([chance[j, 1, : len(w)] @ w for j, w in enumerate(worth)])
        odd = np.asarray((top < 1.0 - EXTREME) | (low > EXTREME))
        if odd.any():
            notes.append(Caution("extreme_slip_or_guess", exam.items_where(odd)))
    return notes
