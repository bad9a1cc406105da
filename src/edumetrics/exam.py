"""One call for one exam: every classical figure, options, mastery and what could not be known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edumetrics.aggregates import GroupTable, group_means
from edumetrics.arrays import ResponseMatrix, State, split_not_reached
from edumetrics.ctt import conditional, curves, distractors, items, moodle, omissions, reliability
from edumetrics.ctt.cells import cells, cut
from edumetrics.ctt.scores import Centred, centre
from edumetrics.ctt.totals import totals as exam_totals
from edumetrics.errors import ShapeMismatch
from edumetrics.exam_flags import ExamSettings, Flag, flag_items
from edumetrics.mastery import MasteryPrior, MasteryTable, item_weights, mastery
from edumetrics.results import (
    Caution,
    Estimates,
    FloatArray,
    Insufficient,
    IntArray,
    Outcome,
    Provenance,
    Reason,
)

VERSION = "exam/6"

__all__ = ["VERSION", "ExamAnalysis", "ExamSettings", "Flag", "analyse_exam", "pupil_counts"]


@dataclass(frozen=True, slots=True, eq=False)
class ExamAnalysis:
    """All results of one exam.

    Attributes
    ----------
    pupils, items, points : tuple of str
        Ids in the order of the matrix (and of q).
    present : bool array, pupils
        Pupils with a mark; only they count.
    totals, offered : float array, pupils
        Sum of marks, and of the full marks of the items that have one; NaN and 0 without any.
    levels : int8 array, pupils
        Index into `settings.bands`; −1 without marks or below 90 % of the paper.
    facility, discrimination, rest_correlation : Estimates, items
    efficiency : Estimates, items
        Moodle's discriminative efficiency (no interval: low = high = value).
    curves : Estimates, items × 5
    options : tuple (item)
    flags : tuple (item) of tuple of Flag
    omissions : Omissions
    reliability : Reliability
    conditional_sem : tuple of ConditionalSem
    mean, deviation : Outcome
        Of the totals of the pupils with at least 90 % of the paper, each on the scale of the whole paper
        (`paper`).
    mastery : MasteryTable or None
        None without a Q-matrix.
    point_facility : Estimates or None
        Share of the marks of each point that the whole group got.
    groups : GroupTable or None
        Share of the marks of each point (without points: of the paper) by class or school, where groups were
        given: from the marks themselves, because means of shrunken pupils would be shrunken twice.
    """

    pupils: tuple[str, ...]
    items: tuple[str, ...]
    points: tuple[str, ...]
    full: FloatArray
    present: NDArray[np.bool_]
    totals: FloatArray
    offered: FloatArray
    levels: NDArray[np.int8]
    facility: Estimates
    discrimination: Estimates
    rest_correlation: Estimates
    efficiency: Estimates
    curves: Estimates
    options: tuple[distractors.OptionAnalysis | Insufficient, ...]
    flags: tuple[tuple[Flag, ...], ...]
    omissions: omissions.Omissions
    reliability: reliability.Reliability
    conditional_sem: tuple[conditional.ConditionalSem, ...]
    mean: Outcome
    deviation: Outcome
    moodle: moodle.MoodleStatistics
    mastery: MasteryTable | None
    point_facility: Estimates | None
    groups: GroupTable | None
    settings: ExamSettings
    provenance: Provenance

    @property
    def n_pupils(self) -> int:
        """Pupils who took part (实考)."""
        return int(self.present.sum())

    @property
    def n_items(self) -> int:
        """Items of the paper."""
        return len(self.items)

    @property
    def paper(self) -> float:
        """Full marks of the items that anybody has a mark of (with no marks at all: of all items)."""
        seen = self.facility.n > 0
        return float(self.full[seen].sum() if seen.any() else self.full.sum())

    def total(self, pupil: int) -> float | Insufficient:
        """Total of one pupil."""
        if not self.present[pupil]:
            return Insufficient(Reason.NO_RESPONSES, 0)
        return float(self.totals[pupil])


def analyse_exam(
    matrix: ResponseMatrix,
    q: ArrayLike | None = None,
    points: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    *,
    taught: ArrayLike | None = None,
    prior: MasteryPrior | None = None,
    settings: ExamSettings | None = None,
) -> ExamAnalysis:
    """Analyse one exam.

    Parameters
    ----------
    matrix : ResponseMatrix
        Marks and, where there are options, choices. Blank tails are told apart here (`split_not_reached`).
    q : array_like, items × points, optional
        Which items test which knowledge points.
    points : sequence of str, optional
        Codes of the points; numbered when left out.
    groups : sequence of str, pupils, optional
        Class or school of each pupil.
    taught, prior : optional
        See `edumetrics.mastery.mastery`.
    settings : ExamSettings, optional

    Returns
    -------
    ExamAnalysis

    Examples
    --------
    >>> import numpy as np
    >>> from edumetrics.arrays import response_matrix
    >>> marks = np.tril(np.ones((40, 5)), 2)
    >>> result = analyse_exam(response_matrix(marks, 1))
    >>> result.n_pupils, result.facility.at(0).value
    (40, 1.0)
    """
    chosen = settings or ExamSettings()
    told = split_not_reached(matrix)
    centred = centre(told)
    level = chosen.level
    pupils = cells(centred, told.options)
    cuts = cut(pupils, distractors.CUTS)
    facility = items.facility(centred, level=level)
    discrimination = items.upper_lower(centred, share=chosen.group_share, level=level)
    correlation = items.rest_correlation(centred, pupils, level=level)
    blanks = omissions.omissions(told)
    blank = blanks.omitted + blanks.not_reached
    option_results = distractors.distractors(told, pupils, cuts, blank, level=level)
    item_curves = curves.item_curves(pupils, told.full, cuts, level=level)
    moodle_results = moodle.moodle_statistics(centred, pupils)
    on_paper = centred.with_marks()
    reliable = reliability.reliability(on_paper, level=level, rng=np.random.default_rng(chosen.seed))
    present = centred.present
    totals = np.where(present, centred.score, np.nan)
    paper = float(on_paper.full.sum())
    whole = centred.offered >= reliability.COMPLETE_ENOUGH * paper
    # A blank is no 0: where a few marks are missing, the share of the marks that were offered speaks.
    shares = np.divide(centred.score, centred.offered, out=np.zeros_like(totals), where=centred.offered > 0)
    levels = chosen.bands.assign(np.where(whole & present, shares, np.nan), 1.0)
    mastered, point_facility, own, names = _points(told, q, points, taught, prior, chosen)
    table = None
    if groups is not None:
        if len(groups) != told.n_pupils:
            raise ShapeMismatch(value=f"{len(groups)} groups for {told.n_pupils} pupils")
        table = group_means(
            np.where(present, shares, np.nan)[:, None] if own is None else own, groups, level=level
        )
    on_the_paper = np.where(centred.offered == paper, totals, shares * paper)  # complete ones stay exact
    mean, deviation = exam_totals(on_the_paper[whole & present], paper, int(present.sum()), level)
    for array in (totals, levels):
        array.flags.writeable = False
    return ExamAnalysis(
        pupils=told.pupils,
        items=told.items,
        points=names,
        full=told.full,
        present=present,
        totals=totals,
        offered=centred.offered,
        levels=levels,
        facility=facility,
        discrimination=discrimination,
        rest_correlation=correlation,
        efficiency=_efficiency(centred, moodle_results, level),
        curves=item_curves,
        options=option_results,
        flags=flag_items(facility, discrimination, correlation, option_results, blanks, told, chosen),
        omissions=blanks,
        reliability=reliable,
        conditional_sem=conditional.conditional_sem(centred, level=level),
        mean=mean,
        deviation=deviation,
        moodle=moodle_results,
        mastery=mastered,
        point_facility=point_facility,
        groups=table,
        settings=chosen,
        provenance=Provenance(
            "ctt", VERSION, MappingProxyType(asdict(chosen)), _cautions(told, centred, reliable)
        ),
    )


def _points(
    matrix: ResponseMatrix,
    q: ArrayLike | None,
    points: Sequence[str] | None,
    taught: ArrayLike | None,
    prior: MasteryPrior | None,
    settings: ExamSettings,
) -> tuple[MasteryTable | None, Estimates | None, FloatArray | None, tuple[str, ...]]:
    """Mastery, share of each point in the whole group and of each pupil, names of the points."""
    if q is None:
        return None, None, None, ()
    table = np.asarray(q, dtype=np.float64)
    if table.ndim != 2:
        raise ShapeMismatch(value=f"q is {table.shape} for {matrix.n_items} items")
    names = tuple(points) if points is not None else tuple(str(k + 1) for k in range(table.shape[1]))
    result = mastery(matrix, table, names, taught=taught, prior=prior, settings=settings.mastery)
    weights = item_weights(table, matrix.full, matrix.items)
    valid = matrix.valid
    score = np.where(valid, matrix.shares, 0.0) @ weights
    weight = valid.astype(np.float64) @ weights
    n = np.count_nonzero(weight > 0, axis=0)
    total = weight.sum(axis=0)
    share = np.divide(score.sum(axis=0), total, out=np.zeros_like(total), where=total > 0)
    # Ratio estimator: pupils are the units, each with its own weight where booklets differ.
    influence = (score - share * weight) / np.where(total > 0, total / np.maximum(n, 1), 1.0)
    variance = (influence**2).sum(axis=0) / np.maximum(n, 1)
    low, high, se = items.wilson(share, variance, n.astype(np.int64), level=settings.level)
    refuse = ((n == 0, Reason.NO_RESPONSES), (n < 2, Reason.TOO_FEW_PUPILS))
    estimates = Estimates.build(share, se, low, high, n, "ratio/wilson", refuse=refuse, level=settings.level)
    own = np.divide(score, weight, out=np.full_like(score, np.nan), where=weight > 0)
    return result, estimates, own, names


def _efficiency(centred: Centred, figures: moodle.MoodleStatistics, level: float) -> Estimates:
    value = figures.discriminative_efficiency
    flat = centred.squares <= 1e-18
    refuse = (
        (centred.n == 0, Reason.NO_RESPONSES),
        (centred.n < items.MIN_PUPILS_CORRELATION, Reason.TOO_FEW_PUPILS),
        (flat, Reason.CONSTANT_MARKS),
        (~np.isfinite(value), Reason.CONSTANT_REST),
    )
    return Estimates.build(value, None, value, value, centred.n, "moodle", refuse=refuse, level=level)


def _cautions(
    matrix: ResponseMatrix, centred: Centred, reliable: reliability.Reliability
) -> tuple[Caution, ...]:
    out: list[Caution] = []
    n = int(centred.present.sum())
    if n < items.MIN_PUPILS_GROUPS:
        out.append(Caution("few_pupils", data=MappingProxyType({"n": n, "needed": items.MIN_PUPILS_GROUPS})))
    share = float(n > 0)
    if n and not centred.complete:
        share = float(centred.valid[centred.present].mean())
    if share < 1.0:
        out.append(Caution("missing_marks", data=MappingProxyType({"share": round(1.0 - share, 4)})))
    silent = tuple(matrix.items[j] for j in np.flatnonzero(centred.n == 0))
    if silent:
        out.append(Caution("items_without_responses", silent))
    out.extend(reliable.provenance.warnings)
    return tuple(out)


def pupil_counts(matrix: ResponseMatrix) -> IntArray:
    """Pupils by what happened to the whole paper: [took part, 缺考, 缓考, 免考]."""
    present = matrix.present
    away = matrix.states[~present]
    return np.array(
        [
            int(present.sum()),
            *(
                int((away == state).any(axis=1).sum())
                for state in (State.ABSENT, State.DEFERRED, State.EXEMPT)
            ),
        ],
        dtype=np.int64,
    )
