"""Owns a class of pupils who answer by no point beside the classes of a model, and how limits move to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.preparation import Prepared, pack_for
from edumetrics.cdm.pupil_effect.model import AWAY_SHARE, MASS_PSEUDO, with_away
from edumetrics.cdm.pupil_effect.moved import Moved, between
from edumetrics.cdm.results import ClassModelResult
from edumetrics.results import FloatArray
from edumetrics.runners.stats import posterior


@dataclass(frozen=True, slots=True, eq=False)
class WithAway:
    """A maximum with a last class of those away.

    Attributes
    ----------
    problem : Problem
    parameters : Parameters
    others : (C,) float
        Shares of the other classes among those who are not away.
    """

    problem: em.Problem
    parameters: em.Parameters
    others: FloatArray


@dataclass(frozen=True, slots=True)
class HowFar:
    """``part`` of the way, 0 to 1; ``margin``: standard errors above their share at which they are sought."""

    part: float
    margin: float


def apart_from(bare: em.Problem) -> em.Problem:
    """The problem with one more class, which has a last group of its own on each item."""
    wide, _ = with_away(bare, np.zeros(bare.pseudo.shape[:2], dtype=np.int64))
    return replace(
        wide,
        group=np.ascontiguousarray(np.column_stack([bare.group, bare.n_groups])),
        monotone=False,
        additive=np.zeros(len(bare.group), dtype=np.bool_),
    )


def moved_to(
    exam: Prepared,
    result: ClassModelResult,
    without: em.Fit,
    with_them: WithAway,
    of_mastery: HowFar,
    of_shares: HowFar,
    of_groups: float,
) -> Moved:
    """From a maximum without them part of the way to one with them.

    Parameters
    ----------
    of_groups : float
        Part of the way of the chances of groups, where they are looked for as for shares of points.
    """
    before, after, others = without.parameters, with_them.parameters, with_them.others
    away = float(after.weight[-1])
    known = np.stack([result.space.known == 1, result.space.known != 0]).astype(np.float64)
    who = posteriors_of(exam, with_them.problem, after)
    theirs = np.zeros(len(exam.present))
    theirs[exam.present] = who[:, -1]
    turned = _turned(who, away, _at_most(away, who, of_mastery.margin))
    turned = turned[:, :-1] + turned[:, -1:] * others
    mastery = np.zeros((len(known), *result.mastery.value.shape))
    mastery[:, exam.present] = of_mastery.part * between(
        posteriors_of(exam, result.problem, before) @ known, turned @ known
    )
    # the more are away, in proportion, the more of the others have a point.
    most = _at_most(away, who, of_shares.margin)
    shares = of_shares.part * most / away * between(before.weight @ known, others @ known)
    groups = of_groups * _of_groups(result, before.probability, after.probability, most)
    return Moved(mastery, shares, groups, without.counts.sum(axis=2), result.problem.n_groups, theirs)


def _at_most(away: float, posteriors: FloatArray, margin: float) -> float:
    """A share of those away that is larger by ``margin`` standard errors, at most a half.

    The score of a pupil for the share, squared, is what is known of it.
    """
    theirs = posteriors[:, -1]
    score = theirs / away - (1.0 - theirs) / (1.0 - away)
    known = float(score @ score) + MASS_PSEUDO * AWAY_SHARE / away**2
    return min(away + margin / float(np.sqrt(known)), 0.5)


def _turned(posteriors: FloatArray, away: float, most: float) -> FloatArray:
    """Posteriors (N, C + 1) where the share of those away is ``most``."""
    others = np.full(posteriors.shape[1] - 1, (1.0 - most) / (1.0 - away))
    turned = posteriors * np.append(others, most / away)
    return np.asarray(turned / turned.sum(axis=1, keepdims=True))


def _of_groups(
    result: ClassModelResult, chance: FloatArray, with_them: FloatArray, away: float
) -> FloatArray:
    """`Moved.groups` as (J, G), where a share ``away`` has the last of ``with_them`` (J, G + 1, M)."""
    level = with_them[np.arange(len(chance)), result.problem.n_groups]
    mixed = (1.0 - away) * with_them[:, : chance.shape[1]] + away * level[:, None]
    worth = result.worth.mean
    return between((chance * worth).sum(axis=2), (mixed * worth).sum(axis=2))


def posteriors_of(exam: Prepared, problem: em.Problem, at: em.Parameters) -> FloatArray:
    """Of the pupils (N, C) with any mark, in each class."""
    shard = pack_for(len(at.weight), exam.coding, exam.answered)
    return posterior(shard, em.node_model(problem, at))[0]
