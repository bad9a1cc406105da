"""Response models on request: item calibration, class diagnosis, fairness between groups of pupils."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from edumetrics.cdm.advice import QAdvice, q_advice
from edumetrics.cdm.classes import TooManyClasses
from edumetrics.cdm.diagnosis import diagnose
from edumetrics.cdm.results import ClassModelResult
from edumetrics.dif.mantel_haenszel import MIN_GROUP, DifResult, mantel_haenszel
from edumetrics.irt.calibration import calibrate
from edumetrics.irt.coding import learn_coding
from edumetrics.irt.fit import ExamFit, exam_fit
from edumetrics.irt.results import Calibration, Classical
from edumetrics.irt.robust import with_robust_errors
from edumetrics.irt.sandwich import enough_clusters
from edumetrics.irt.scores import Scores, score
from edumetrics.results import Caution, Insufficient, Outcome, Reason
from smartschool.analyze.choices import DIAGNOSES
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.testlets import Testlets, run_testlets

# A covariate with more levels (an age, a total) makes no groups to compare.
MOST_LEVELS = 6


@dataclass(frozen=True, slots=True)
class Models:
    """What was asked for and what came of it; None where it was not asked for.

    Abilities of pupils stay inside: a score relative to the other pupils is not to be shown or exported.
    `tangled` are the points that items join too closely for any diagnosis, `left_out` the items of which no
    model can say anything. `of_scores` is what a reader of the reliability must know.
    """

    calibration: Calibration | Classical | None
    fit: ExamFit | None
    reliability: Outcome | None
    of_scores: tuple[Caution, ...]
    testlets: Testlets | None
    asked: str | None
    diagnosis: ClassModelResult | Insufficient | None
    advice: tuple[QAdvice, ...] | Insufficient | None
    fairness: tuple[tuple[str, DifResult], ...] | None
    tangled: tuple[str, ...]
    left_out: Mapping[str, Insufficient]


def run_models(source: ExamInput, wanted: list[str]) -> Models:
    """Fit the models of `wanted` (names of `choices.MODELS`)."""
    calibration, fit, testlets, asked = None, None, None, None
    scores: Scores | None = None
    diagnosis: ClassModelResult | Insufficient | None = None
    advice: tuple[QAdvice, ...] | Insufficient | None = None
    tangled: tuple[str, ...] = ()
    for name in wanted:
        if name == "dif":
            continue
        if name in DIAGNOSES:
            asked, (diagnosis, tangled) = name, _diagnosis(source, name)
            if isinstance(diagnosis, ClassModelResult) and diagnosis.model == "gdina":
                advice = q_advice(diagnosis, source.matrix)
            continue
        calibration = calibrate(source.matrix, "auto" if name == "testlet" else name)
        if isinstance(calibration, Calibration):
            calibration = _taught_together(source, calibration)
            fit = exam_fit(calibration, source.matrix)
            scores = score(calibration, source.matrix, "eap")
            testlets = run_testlets(source.items, source.matrix, calibration, fit)
    fairness = _fairness(source) if "dif" in wanted else None
    fitted = calibration is not None or diagnosis is not None
    left_out = learn_coding(source.matrix).excluded if fitted else {}
    return Models(
        calibration, fit, None if scores is None else scores.reliability, _of_scores(scores),
        testlets, asked, diagnosis, advice, fairness, tangled, left_out,
    )  # fmt: skip


def _of_scores(scores: Scores | None) -> tuple[Caution, ...]:
    """Cautions of the scores; who has no marks stands on the first page of the report."""
    found = () if scores is None else scores.provenance.warnings
    return tuple(caution for caution in found if caution.code != "pupils_without_marks")


def _taught_together(source: ExamInput, calibration: Calibration) -> Calibration:
    """Errors that allow for likeness within schools or classes, where the files name enough of them."""
    for kind in ("school", "class"):
        labels = source.homes.get(kind)
        if labels and all(labels) and enough_clusters(labels):
            return with_robust_errors(calibration, source.matrix, clusters=labels)
    return calibration


def _diagnosis(source: ExamInput, model: str) -> tuple[ClassModelResult | Insufficient, tuple[str, ...]]:
    """The model asked for, or DINA where that one tells more states apart than can be computed.

    Where neither can be had, the points that the items join too closely.
    """
    if source.q is None:
        return Insufficient(Reason.NOT_IDENTIFIED, 0), ()
    q = (source.q > 0).astype(float)
    points = [point.code for point in source.points]
    tangled: tuple[str, ...] = ()
    for name in dict.fromkeys((model, "dina")):
        try:
            return diagnose(source.matrix, q, name, points=points), ()
        except TooManyClasses as error:
            tangled = error.points
    return Insufficient(Reason.NOT_IDENTIFIED, int(source.matrix.present.sum())), tangled


def _fairness(source: ExamInput) -> tuple[tuple[str, DifResult], ...]:
    """Each smaller group of each covariate against the largest one."""
    out: list[tuple[str, DifResult]] = []
    for title, labels in source.covariates.items():
        present = [label for label, here in zip(labels, source.matrix.present, strict=True) if here and label]
        sizes = Counter(present)
        if not 2 <= len(sizes) <= MOST_LEVELS:
            continue
        reference = min(sizes, key=lambda label: (-sizes[label], label))
        for focal in sorted(sizes):
            if focal != reference and sizes[focal] >= MIN_GROUP:
                out.append((title, mantel_haenszel(source.matrix, labels, reference=reference, focal=focal)))
    return tuple(out)
