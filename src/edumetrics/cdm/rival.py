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

from edumetrics.cdm.report import holding, share_interval
from edumetrics.cdm.results import ClassModelResult, GroupOnItem, ItemDiagnosis, PointDiagnosis
from edumetrics.cdm.uncertainty import Z95, places
from edumetrics.results import Estimate, Estimates

METHOD = "class posterior, interval of a freer model included"
ONE_SIDED = 1.6448536269514722  # 95 of 100
Join = Callable[[Estimate, Estimate], Estimate]  # mine, theirs → mine with other limits
ALPHA = 0.01  # of the likelihood ratio that tells a rule from none
LITTLE, MUCH = 0.25, 0.75  # of a degree of freedom gained, between which a freer model comes to be heard
SOME, ENOUGH = 100, 300  # pupils between which all of another's limits of shares comes to count
# The same of a rule, from FEW pupils, whom priors hold, to MANY, of whom a wrong rule loses far more.
RULE_LITTLE, RULE_MUCH, FEW, MANY = (0.5, 1.0), (1.0, 2.0), 60, 500


def rule_holds(result: ClassModelResult, rival: ClassModelResult) -> bool:
    """Whether the answers could follow the rule of ``result``: likelihood ratio to the saturated model."""
    df = rival.n_parameters - result.n_parameters
    return df <= 0 or float(chdtrc(df, max(2.0 * (rival.loglik - result.loglik), 0.0))) >= ALPHA


def leaned(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with intervals that lean to ``rival``: pairs of items do not tell every wrong rule.

    Each limit moves with the freer model's estimate as far as chance alone does not explain the difference:
    the variance of the difference is that of the freer estimate less that of the narrower (Hausman 1978,
    Econometrica 46, 1251), and a difference counts by the share beyond it (James & Stein 1961). Mastery is
    stretched over both, for of one pupil the rule says much and the answers little: by as much as answers
    speak against the rule.
    """
    return _beside(result, rival, _moved, doubt_of_rule(result, rival))


def doubt_of_rule(result: ClassModelResult, rival: ClassModelResult) -> float:
    """How far answers speak for the saturated ``rival`` against the rule of ``result``, 0 to 1."""
    gain, df = 2.0 * (rival.loglik - result.loglik), rival.n_parameters - result.n_parameters
    ends = np.log([FEW, MANY])
    little, much = (float(np.interp(np.log(result.n), ends, of)) for of in (RULE_LITTLE, RULE_MUCH))
    return share_of_gain(gain, df, little, much)


def share_of_gain(gain: float, df: int, little: float = LITTLE, much: float = MUCH) -> float:
    """How far to reach to a freer model: 0 where it gains little, 1 where it gains about as much as chance.

    Twice the log-likelihood gained has the mean of its degrees of freedom where the narrower model is right,
    and less under priors. Per degree of freedom, in drawn exams: a right rule 0.2 to 1.2 with any number of
    pupils, a wrong one 0.7 to 2 with 60, more than 1.3 with 200, more than 2 with 500.
    """
    return float(np.clip((gain / df - little) / (much - little), 0.0, 1.0)) if df > 0 else 0.0


def _moved(mine: Estimate, theirs: Estimate) -> Estimate:
    """``mine`` with one limit moved towards ``theirs``."""
    shift = theirs.value - mine.value
    by_chance = max((theirs.high - theirs.low) ** 2 - (mine.high - mine.low) ** 2, 0.0) / (2.0 * Z95) ** 2
    shift *= max(1.0 - by_chance / max(shift**2, 1e-12), 0.0)
    low, high = max(mine.low + min(shift, 0.0), 0.0), min(mine.high + max(shift, 0.0), 1.0)
    return replace(mine, low=low, high=high, method=METHOD)


def held(result: ClassModelResult, rival: ClassModelResult) -> ClassModelResult:
    """``result`` with the intervals of ``rival``, in which its own figures have a place.

    Both are diagnoses of the same pupils and points; where the rival cannot tell, the model's own stands.
    Mastery is stretched over both.
    """
    return _beside(result, rival, _theirs)


def _theirs(mine: Estimate, theirs: Estimate) -> Estimate:
    """``mine`` with the interval of ``theirs``."""
    low, high = holding(mine.value, theirs.value, theirs.low, theirs.high)
    return replace(mine, low=low, high=high, method=METHOD)


def reaching(
    result: ClassModelResult, rival: ClassModelResult, share: float, tail: float | None = None
) -> ClassModelResult:
    """``result`` with all intervals stretched towards those of ``rival``, which has the same points.

    ``share`` 1: over both. ``tail``: how much of the rival's limits of shares of points counts.
    """
    tail = _tail(result) if tail is None else tail
    return _beside(result, rival, _part_of_the_way(share), share, tail)


def stretched(result: ClassModelResult, other: ClassModelResult, share: float = 1.0) -> ClassModelResult:
    """``result`` with mastery and shares of points stretched a ``share`` of the way to those of ``other``.

    Further points of ``other`` are left aside.
    """
    return replace(
        result,
        mastery=_mastery(result, other, share),
        points=_points(result, other, _part_of_the_way(share), _tail(result)),
    )


def _part_of_the_way(share: float) -> Join:
    def join(mine: Estimate, theirs: Estimate) -> Estimate:
        low, high = min(theirs.low - mine.low, 0.0), max(theirs.high - mine.high, 0.0)
        return replace(mine, low=mine.low + share * low, high=mine.high + share * high, method=METHOD)

    return join


def _tail(result: ClassModelResult) -> float:
    """How much of another's limits of shares of points counts beside those of ``result``.

    Of a rule the limits hold the saturated model's already. Where a third's are farther they are taken for 95
    of 100 on that side, for the other limit is seldom missed: with all of them 99 of 100 shares were held. So
    they are of few pupils under any model: opinions of many kinds lie apart by chance, and some is far.
    """
    return ONE_SIDED / Z95 if result.model in ("dina", "dino") else tail_of_whole(result, 1.0)


def tail_of_whole(result: ClassModelResult, doubt: float) -> float:
    """How much of the whole posterior's limits of shares of points counts beside those of ``result``.

    Of many pupils all: where points are hardly told, nothing else reaches as far. Of few as much as of any
    other's (`_tail`) where answers are in ``doubt`` of the rule: limits that lean by chance are wide already.
    So are those without a rule, the ``doubt`` of which is 1.
    """
    few = float(np.interp(np.log(result.n), np.log([SOME, ENOUGH]), [1.0, 0.0]))
    return 1.0 - few * doubt * (1.0 - ONE_SIDED / Z95)


def _mastery(result: ClassModelResult, other: ClassModelResult, share: float = 1.0) -> Estimates:
    """Mastery that also reaches a ``share`` of the way to what 95 of 100 say on one side under ``other``.

    Where that is farther than the own limit, the other limit is seldom the one that is missed.
    """
    mine, theirs = result.mastery, other.mastery
    value, low, high = (part[:, : mine.value.shape[1]] for part in (theirs.value, theirs.low, theirs.high))
    # where theirs is refused it is NaN, and mine stands
    low, high = (np.array([low, high]) - value) * (ONE_SIDED / Z95) + value
    below, above = np.fmin(low - mine.low, 0.0), np.fmax(high - mine.high, 0.0)
    return replace(
        mine,
        low=np.where(mine.known, mine.low + share * below, np.nan),
        high=np.where(mine.known, mine.high + share * above, np.nan),
        method=METHOD,
    )


def _points(
    result: ClassModelResult, other: ClassModelResult, how: Join, tail: float = 1.0
) -> tuple[PointDiagnosis, ...]:
    return tuple(
        replace(a, prevalence=how(a.prevalence, _within(b.prevalence, tail)))
        if isinstance(a.prevalence, Estimate) and isinstance(b.prevalence, Estimate)
        else a
        for a, b in zip(result.points, other.points[: len(result.points)], strict=True)
    )


def _within(figure: Estimate, tail: float) -> Estimate:
    low, high = (figure.value + tail * (limit - figure.value) for limit in (figure.low, figure.high))
    return replace(figure, low=low, high=high)


def _beside(
    result: ClassModelResult, rival: ClassModelResult, how: Join, share: float = 1.0, tail: float = 1.0
) -> ClassModelResult:
    """``result`` with mastery stretched a ``share`` of the way over both, the rest joined by ``how``."""
    items = tuple(
        replace(
            item,
            groups=tuple(
                _group(rival, j, a, part, how)
                for a, part in zip(
                    item.groups, parts_of(result.model, item, len(rival.items[j].groups)), strict=True
                )
            ),
        )
        for j, item in enumerate(result.items)
    )
    return replace(
        result, mastery=_mastery(result, rival, share), points=_points(result, rival, how, tail), items=items
    )


def parts_of(model: str, mine: ItemDiagnosis, theirs: int) -> list[slice]:
    """For each group of an item which of the freer model's groups are the same pupils."""
    if len(mine.groups) == theirs:
        return [slice(g, g + 1) for g in range(theirs)]
    cut = 1 if model == "dino" else theirs - 1
    return [slice(0, cut), slice(cut, theirs)]


def _group(rival: ClassModelResult, j: int, mine: GroupOnItem, part: slice, how: Join) -> GroupOnItem:
    theirs = together(rival, j, part)
    if not isinstance(mine.share, Estimate) or theirs is None:
        return mine
    return replace(mine, share=how(mine.share, theirs))


def together(result: ClassModelResult, j: int, part: slice) -> Estimate | None:
    """Share of the full mark that the groups ``part`` of item ``j`` reach together; None where nobody is."""
    groups = result.items[j].groups[part]
    if len(groups) == 1:
        return groups[0].share if isinstance(groups[0].share, Estimate) else None
    size = np.array([group.n for group in groups])
    if size.sum() <= 0.0:
        return None
    shares = [group.share for group in groups if isinstance(group.share, Estimate)]
    level = np.array([share.value for share in shares])
    marks = int(result.coding.n_categories[j])
    worth = result.worth.mean[j, part, 1:marks] - result.worth.mean[j, part, :1]
    value = float(size @ level / size.sum())
    place = places(result.problem)[j, part, 1:marks]
    slope = np.zeros(len(result.known.cov))
    slope[place] = size[:, None] / size.sum() * worth
    # pupils who are in another of the groups than was thought
    group = result.problem.group[j] - part.start
    inside = (group >= 0) & (group < len(size))
    weight = np.where(inside, result.parameters.weight, 0.0)
    away = np.where(inside, level[np.clip(group, 0, len(size) - 1)] - value, 0.0)
    tilts = result.known.tilts
    slope[len(slope) - tilts.shape[1] :] = tilts.T @ (weight * away) / max(float(weight.sum()), 1e-12)
    error = float(np.sqrt(max(float(slope @ result.known.cov @ slope), 0.0)))
    low, high = share_interval(value, error)
    # where each of them may be at an end of its marks, all together may
    reach = size @ result.worth.mean[j, part][:, [0, marks - 1]] / size.sum()
    each = result.worth.mean[j, part]
    if all(share.low <= least for share, least in zip(shares, each[:, 0], strict=True)):
        low = min(low, float(reach[0]))
    if all(share.high >= most for share, most in zip(shares, each[:, marks - 1], strict=True)):
        high = max(high, float(reach[1]))
    return Estimate(value, error, low, high, round(size.sum()), METHOD)
