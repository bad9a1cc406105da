"""What only all pupils of a paper together can tell: reliability, doubts about keys, mastery.

For callers who take the figures of items group by group (`ctt.by_group`): equal to `exam.analyse_exam` and
without its other figures, which take more than half of the time of a school's paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from edumetrics.arrays import ResponseMatrix, split_not_reached
from edumetrics.ctt.cells import cells, cut
from edumetrics.ctt.distractors import CUTS, OptionAnalysis, distractors
from edumetrics.ctt.omissions import omissions
from edumetrics.ctt.reliability import alpha_and_sem
from edumetrics.ctt.scores import Centred, centre
from edumetrics.exam_flags import ExamSettings
from edumetrics.mastery import MasteryTable, mastery
from edumetrics.results import Insufficient, Outcome


@dataclass(frozen=True, slots=True, eq=False)
class PaperJudgement:
    """Results of one paper; each as `exam.ExamAnalysis` has it.

    Attributes
    ----------
    alpha, sem : Estimate or Insufficient
    options : tuple (item) or None
        None where no item has options.
    mastery : MasteryTable or None
        None without a Q-matrix.
    """

    alpha: Outcome
    sem: Outcome
    options: tuple[OptionAnalysis | Insufficient, ...] | None
    mastery: MasteryTable | None


def judge_paper(
    matrix: ResponseMatrix,
    q: ArrayLike | None,
    points: Sequence[str],
    *,
    settings: ExamSettings | None = None,
) -> PaperJudgement:
    """Judge one paper; the arguments are those of `exam.analyse_exam`.

    Examples
    --------
    >>> import numpy as np
    >>> from edumetrics.arrays import response_matrix
    >>> marks = np.tril(np.ones((40, 5)), 2)
    >>> judge_paper(response_matrix(marks, 1), None, ()).mastery is None
    True
    """
    chosen = settings or ExamSettings()
    told = split_not_reached(matrix)
    centred = centre(told)
    alpha, sem = alpha_and_sem(centred, level=chosen.level)
    return PaperJudgement(
        alpha,
        sem,
        _options(told, centred, chosen.level),
        None if q is None else mastery(told, q, tuple(points), settings=chosen.mastery),
    )


def _options(
    told: ResponseMatrix, centred: Centred, level: float
) -> tuple[OptionAnalysis | Insufficient, ...] | None:
    if told.options is None or not any(told.options.labels):
        return None
    pupils, blanks = cells(centred, told.options), omissions(told)
    blank = blanks.omitted + blanks.not_reached
    return distractors(told, pupils, cut(pupils, CUTS), blank, level=level)
