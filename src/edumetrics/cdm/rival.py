"""Owns what becomes of the intervals where a class model does not fit: they hold a freer model's too.

A rule that is wrong (all points needed, where each of them helps) makes posteriors too sure. The figures
stay those of the model that was asked for; how far they may be off is what the saturated model says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edumetrics.cdm.results import ClassModelResult, PointDiagnosis
from edumetrics.results import Estimate, Estimates

METHOD = "class posterior, interval of a freer model included"


def widened(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with the intervals of mastery and prevalence stretched over those of ``rival``.

    Both are diagnoses of the same pupils and points; where the rival cannot tell, the model's own stands.
    """
    mine, theirs = result.mastery, rival.mastery
    known = mine.known & theirs.known
    mastery = Estimates(
        mine.value,
        mine.se,
        np.where(known, np.fmin(mine.low, theirs.low), mine.low),
        np.where(known, np.fmax(mine.high, theirs.high), mine.high),
        mine.n,
        mine.reason,
        METHOD,
        mine.level,
    )
    points = tuple(_stretched(a, b) for a, b in zip(result.points, rival.points, strict=True))
    return replace(result, mastery=mastery, points=points)


def _stretched(mine: PointDiagnosis, theirs: PointDiagnosis) -> PointDiagnosis:
    a, b = mine.prevalence, theirs.prevalence
    if not (isinstance(a, Estimate) and isinstance(b, Estimate)):
        return mine
    return replace(
        mine, prevalence=replace(a, low=min(a.low, b.low), high=max(a.high, b.high), method=METHOD)
    )
