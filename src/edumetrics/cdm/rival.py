"""Owns what becomes of the intervals where a class model does not fit: they hold a freer model's too.

A rule that is wrong (all points needed, where each of them helps) makes posteriors too sure and takes the
wrong pupils together on an item. The figures stay those of the model that was asked for; how far they may be
off is what the saturated model says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import chdtrc

from edumetrics.cdm.results import ClassModelResult, GroupOnItem, ItemDiagnosis
from edumetrics.results import Estimate, FloatArray

METHOD = "class posterior, interval of a freer model included"
Z95 = 1.959963984540054
Join = Callable[[Estimate, Estimate], Estimate]  # mine, theirs → mine with other limits
ALPHA = 0.01  # of the likelihood ratio that tells a rule from none


def rule_holds(result: ClassModelResult, rival: ClassModelResult) -> bool:
    """Whether the answers could follow the rule of ``result``: likelihood ratio to the saturated model."""
    df = rival.n_parameters - result.n_parameters
    return df <= 0 or float(chdtrc(df, max(2.0 * (rival.loglik - result.loglik), 0.0))) >= ALPHA


def leaned(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with intervals that lean to ``rival``: few pupils cannot tell a wrong rule from a right one.

    Each limit moves with the freer model's estimate as far as chance alone does not explain the difference:
    the variance of the difference is that of the freer estimate less that of the narrower (Hausman 1978,
    Econometrica 46, 1251), and a difference counts by the share beyond it (James & Stein 1961).
    """
    theirs = rival.mastery
    return _beside(result, rival, theirs.value, theirs.value, _moved)


def _moved(mine: Estimate, theirs: Estimate) -> Estimate:
    """``mine`` with one limit moved towards ``theirs``."""
    shift = theirs.value - mine.value
    by_chance = max((theirs.high - theirs.low) ** 2 - (mine.high - mine.low) ** 2, 0.0) / (2.0 * Z95) ** 2
    shift *= max(1.0 - by_chance / max(shift**2, 1e-12), 0.0)
    low, high = max(mine.low + min(shift, 0.0), 0.0), min(mine.high + max(shift, 0.0), 1.0)
    return replace(mine, low=low, high=high, method=METHOD)


def widened(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with the intervals of mastery, prevalence and items stretched over those of ``rival``.

    Both are diagnoses of the same pupils and points; where the rival cannot tell, the model's own stands.
    """
    return _beside(result, rival, rival.mastery.low, rival.mastery.high, _over)


def _over(mine: Estimate, theirs: Estimate) -> Estimate:
    """``mine`` with an interval that holds both."""
    return replace(mine, low=min(mine.low, theirs.low), high=max(mine.high, theirs.high), method=METHOD)


def _beside(
    result: ClassModelResult, rival: ClassModelResult, lowest: FloatArray, highest: FloatArray, how: Join
) -> ClassModelResult:
    """``result`` with mastery reaching from ``lowest`` to ``highest`` (N, K), the rest joined by ``how``."""
    mine = result.mastery
    known = mine.known & rival.mastery.known
    mastery = replace(
        mine,
        low=np.where(known, np.fmin(mine.low, lowest), mine.low),
        high=np.where(known, np.fmax(mine.high, highest), mine.high),
        method=METHOD,
    )
    points = tuple(
        replace(a, prevalence=how(a.prevalence, b.prevalence))
        if isinstance(a.prevalence, Estimate) and isinstance(b.prevalence, Estimate)
        else a
        for a, b in zip(result.points, rival.points, strict=True)
    )
    freer = {item.item: item for item in rival.items}
    items = []
    for item in result.items:
        taken = zip(item.groups, _parts(result.model, item, freer[item.item]), strict=True)
        items.append(replace(item, groups=tuple(_group(a, b, how) for a, b in taken)))
    return replace(result, mastery=mastery, points=points, items=tuple(items))


def _parts(model: str, mine: ItemDiagnosis, theirs: ItemDiagnosis) -> list[tuple[GroupOnItem, ...]]:
    """For each group of an item the freer model's groups of the same pupils."""
    cut = 1 if model == "dino" else len(theirs.groups) - 1
    if len(mine.groups) < len(theirs.groups):
        return [theirs.groups[:cut], theirs.groups[cut:]]
    return [(group,) for group in theirs.groups]


def _group(mine: GroupOnItem, parts: tuple[GroupOnItem, ...], how: Join) -> GroupOnItem:
    a, known = mine.share, [(p.n, p.share) for p in parts if isinstance(p.share, Estimate)]
    total = sum(n for n, _ in known)
    if not isinstance(a, Estimate) or total <= 0.0:
        return mine
    value, low, high = (
        sum(n * getattr(share, part) for n, share in known) / total for part in ("value", "low", "high")
    )
    together = replace(a, value=value, low=min(low, value), high=max(high, value))
    return replace(mine, share=how(a, together))
