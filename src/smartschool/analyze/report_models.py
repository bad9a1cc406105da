"""The part of report.json that response models fill."""

from __future__ import annotations

from collections.abc import Mapping

from edumetrics.cdm.advice import QAdvice
from edumetrics.cdm.results import ClassModelResult
from edumetrics.dif.mantel_haenszel import DifResult
from edumetrics.irt.fit import ExamFit
from edumetrics.irt.results import Calibration, Classical
from edumetrics.results import Caution, Insufficient, Outcome
from smartschool.analyze.models import Models
from smartschool.analyze.report_json import Json, notes, outcome
from smartschool.analyze.testlets import testlets_json


def build_models(models: Models, names: Mapping[str, str]) -> Json:
    """Only what was asked for; `names` of the knowledge points by code."""
    out: Json = {}
    left_out = {item: outcome(reason) for item, reason in models.left_out.items()}
    if models.calibration is not None:
        out["irt"] = {
            "excluded": left_out,
            **_calibration(models.calibration, models.fit, models.reliability, models.of_scores),
        }
        if models.testlets is not None:
            out["irt"]["testlets"] = testlets_json(models.testlets)
    if models.diagnosis is not None:
        found = models.diagnosis
        said = (
            _refused(found, models.tangled, names)
            if isinstance(found, Insufficient)
            else _diagnosis(found, models.advice, names)
        )
        out["diagnosis"] = {"asked": models.asked, "excluded": left_out, **said}
    if models.fairness is not None:
        out["dif"] = [_fairness(title, result) for title, result in models.fairness]
    return out


def _calibration(
    result: Calibration | Classical,
    fit: ExamFit | None,
    reliability: Outcome | None,
    of_scores: tuple[Caution, ...],
) -> Json:
    if isinstance(result, Classical):
        return {**outcome(result.reason), "notes": notes(result.provenance.warnings)}
    fits = {one.item: one for one in fit.items} if fit is not None else {}
    items = []
    for item in result.items:
        entry: Json = {
            "id": item.item,
            "model": item.model,
            "n": item.n,
            "slope": outcome(item.slope),
            "difficulties": [outcome(step) for step in item.difficulties],
            "guessing": None if item.guessing is None else outcome(item.guessing),
        }
        if item.item in fits:
            one = fits[item.item]
            entry["fit"] = {
                "s_x2": outcome(one.s_x2)
                if isinstance(one.s_x2, Insufficient)
                else {
                    "statistic": one.s_x2.statistic,
                    "df": one.s_x2.df,
                    "p": one.s_x2.p,
                    "rmsea": one.s_x2.rmsea,
                    "n": one.s_x2.n,
                },
                "infit": outcome(one.infit),
                "outfit": outcome(one.outfit),
                "misfit": one.misfit,
            }
        items.append(entry)
    return {
        "model": result.model,
        "loglik": result.loglik,
        "aic": result.aic,
        "bic": result.bic,
        "n": result.n,
        "n_parameters": result.n_parameters,
        "items": items,
        "excluded": {item: outcome(reason) for item, reason in result.excluded.items()},
        "reliability": None if reliability is None else outcome(reliability),
        "dependent_pairs": [
            {"items": [pair.first, pair.second], "q3": pair.q3, "n": pair.n}
            for pair in (fit.dependent if fit is not None else ())
        ],
        "notes": notes((*result.provenance.warnings, *of_scores)),
        "version": result.provenance.version,
    }


def _refused(result: Insufficient, tangled: tuple[str, ...], names: Mapping[str, str]) -> Json:
    """Why there is no diagnosis, and which points or files are behind it."""
    why = []
    if tangled:
        why.append(Caution("points_joined_too_closely", tangled))
    elif not names:
        why.append(Caution("points_unknown"))
    return {**outcome(result), "points_joined": list(tangled), "notes": notes(why, names)}


def _diagnosis(
    result: ClassModelResult, advice: tuple[QAdvice, ...] | Insufficient | None, names: Mapping[str, str]
) -> Json:
    changes = (
        [] if advice is None or isinstance(advice, Insufficient) else [one for one in advice if one.change]
    )
    return {
        "model": result.model,
        "loglik": result.loglik,
        "aic": result.aic,
        "bic": result.bic,
        "n": result.n,
        "n_parameters": result.n_parameters,
        "items": [
            {
                "id": item.item,
                "points": list(item.points),
                "guess": outcome(item.guess),
                "slip": outcome(item.slip),
                "groups": [
                    {"mastered": list(group.mastered), "share": outcome(group.share), "n": group.n}
                    for group in item.groups
                ],
            }
            for item in result.items
        ],
        "points": [
            {
                "code": point.point,
                "prevalence": outcome(point.prevalence),
                "untold": point.untold,
                "n_items": point.items,
            }
            for point in result.points
        ],
        "pupils": [
            {
                "id": pupil,
                "mastery": [
                    {"point": point.point, **outcome(result.mastery.at(i, k))}
                    for k, point in enumerate(result.points)
                ],
            }
            for i, pupil in enumerate(result.pupils)
        ],
        "excluded": {item: outcome(reason) for item, reason in result.excluded.items()},
        "unsettled_items": list(result.ridge),
        "q_advice": [
            {
                "item": one.item,
                "given": list(one.given),
                "suggested": list(one.suggested),
                "pvaf_given": one.pvaf_given,
                "pvaf_suggested": one.pvaf_suggested,
            }
            for one in changes
        ],
        "notes": notes(result.provenance.warnings, names),
        "version": result.provenance.version,
    }


def _fairness(title: str, result: DifResult) -> Json:
    return {
        "covariate": title,
        "reference": result.reference,
        "focal": result.focal,
        "n_reference": result.n_reference,
        "n_focal": result.n_focal,
        "items": [{"id": one.item, "effect": outcome(one.effect), "size": one.size} for one in result.items],
        "left_out_of_matching": list(result.purified),
        "notes": notes(result.provenance.warnings),
        "version": result.provenance.version,
    }
