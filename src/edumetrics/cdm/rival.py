"""Owns what becomes of the intervals where a class model does not fit: they hold a freer model's too.

A rule that is wrong (all points needed, where each of them helps) makes posteriors too sure and takes the
wrong pupils together on an item. The figures stay those of the model that was asked for; how far they may be
off is what the saturated model says.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from edumetrics.cdm.results import ClassModelResult, GroupOnItem, ItemDiagnosis, PointDiagnosis
from edumetrics.results import Estimate, Estimates

METHOD = "class posterior, interval of a freer model included"
ALPHA = 0.01  # of the likelihood ratio that tells a rule from none


def rule_holds(result: ClassModelResult, rival: ClassModelResult) -> bool:
    """Whether the answers could follow the rule of ``result``: likelihood ratio to the saturated model."""
    df = rival.n_parameters - result.n_parameters
    return df <= 0 or float(chdtrc(df, max(2.0 * (rival.loglik - result.loglik), 0.0))) >= ALPHA


def widened(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with the intervals of mastery, prevalence and items stretched over those of ``rival``.

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
    freer = {item.item: item for item in rival.items}
    items = tuple(_item(result.model, item, freer[item.item]) for item in result.items)
    return replace(result, mastery=mastery, points=points, items=items)


def _stretched(mine: PointDiagnosis, theirs: PointDiagnosis) -> PointDiagnosis:
    a, b = mine.prevalence, theirs.prevalence
    if not (isinstance(a, Estimate) and isinstance(b, Estimate)):
        return mine
    return replace(
        mine, prevalence=replace(a, low=min(a.low, b.low), high=max(a.high, b.high), method=METHOD)
    )


def _item(model: str, mine: ItemDiagnosis, theirs: ItemDiagnosis) -> ItemDiagnosis:
    """Groups stretched over the freer model's groups of the same pupils."""
    cut = 1 if model == "dino" else len(theirs.groups) - 1
    parts: list[tuple[GroupOnItem, ...]] = [(group,) for group in theirs.groups]
    if len(mine.groups) < len(parts):
        parts = [theirs.groups[:cut], theirs.groups[cut:]]
    return replace(mine, groups=tuple(_group(a, b) for a, b in zip(mine.groups, parts, strict=True)))


def _group(mine: GroupOnItem, parts: tuple[GroupOnItem, ...]) -> GroupOnItem:
    a, known = mine.share, [(p.n, p.share) for p in parts if isinstance(p.share, Estimate)]
    total = sum(n for n, _ in known)
    if not isinstance(a, Estimate) or total <= 0.0:
        return mine
    low, high = (sum(n * getattr(share, end) for n, share in known) / total for end in ("low", "high"))
    return replace(mine, share=replace(a, low=min(a.low, low), high=max(a.high, high), method=METHOD))
