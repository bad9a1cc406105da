r"""Owns how much surer abilities look than they are, where items share more than ability.

Items on one text, a second ability, a habit of careless answers: residuals of two items then go together,
and the sum of all answers varies more than independent answers would. With residuals r, slopes a and
variances V the score of ability has the variance :math:`\varphi I`, :math:`\varphi = 1 + 2\sum_{j<l}
a_j a_l\operatorname{cov}(r_j, r_l) / \sum_j a_j^2 V_j`, where the model says I; the error variance of a
posterior mean is then :math:`(\varphi I + 1)/(I + 1)^2` (sandwich: White 1982, Econometrica 50, 1).

Nobody needs to know which items belong together. :math:`c = \operatorname{cov}(r_j, r_l)/(a_j V_j a_l V_l)`
is the variance of what two items share beside ability, and pairs are of two kinds: those that share
something, and those that do not, whose c is the lowest and not zero, for fitted ability lies between what
the groups of items ask. The second and the third moment of c, what chance adds taken off, tell how far the
kinds lie apart and how many pairs are of each. A few pupils tell them vaguely: then a prior speaks, most of
whose papers have no dependence.

Ability is estimated from the same answers, so that c is not zero without dependence either: it is lower for
items of like difficulty, and varies the more the fewer or the sharper the items are. What the model gives by
itself is taken off pair by pair: pupils of the same abilities answer the same items anew as the model says
(parametric bootstrap: Efron 1979, Ann. Stat. 7, 1), and their c is found in the same way.

Where ability has settled on one group of items, the pairs of that group share nothing, and φ tells little of
what both groups ask: that is found apart (`edumetrics.irt.item_groups`), and the wider of the two counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edumetrics.irt.anew import answered_anew
from edumetrics.irt.item_groups import Common, common_part
from edumetrics.irt.posteriors import posterior_moments
from edumetrics.irt.residuals import Residuals, q3, residuals
from edumetrics.irt.results import Calibration
from edumetrics.order import by_answers
from edumetrics.results import FloatArray, IntArray

FEWEST = 30  # pupils below which residuals are chance
LEAST_PAIR = 1e-6  # product of two slopes below which what the items share cannot be told
SAMPLE = 2000  # pupils, evenly spread, from whom dependence is known well enough
BEYOND_CHANCE = 5.0  # standard errors of the spread of c from which a result speaks of dependence
# Prior of the spread of c: none in this share of papers, else exponential. Tuned on drawn papers: one
# ability, texts of 3 to 8 items, two and three abilities with 30 to 80 % of their variance in common;
# 60 to 1,000 pupils.
NO_DEPENDENCE, PRIOR_SPREAD = 0.6, 0.25
CAUTIOUS = 1.0  # posterior standard deviations above the mean: too narrow misleads, too wide only says less
SPREADS = np.linspace(0.0, 1.5, 301)
# Ability is estimated: residuals of items of like difficulty share what is left of it. Roughly that spreads c
# by this / (I + 3), far more in short and in sharp papers; where more is seen it is told exactly.
LEFT_OF_ABILITY = 0.4
SEEN = 1.0  # standard errors of the spread of c from which that is worth its time
ANEW = 10_000  # pupils, at least, who tell it; what chance they leave counts as such


@dataclass(frozen=True, slots=True)
class Inflation:
    """How many times larger the variance of the score of ability is than the model says, φ ≥ 1.

    Attributes
    ----------
    value : float
    evident : bool
        Whether dependence is beyond chance; otherwise ``value`` only leaves room for what cannot be seen.
    of_pairs : float
        φ as pairs of items tell it, 1 to ``value``: what it is if the groups of items are texts.
    common : Common or None
        What two groups of the items have in common; None where that was not asked.
    """

    value: float
    evident: bool
    of_pairs: float
    common: Common | None = None


NONE = Inflation(1.0, False, 1.0)


def score_inflation(
    calibration: Calibration,
    cats: NDArray[np.int16],
    ability: FloatArray,
    error: FloatArray,
    population: IntArray | None = None,
) -> Inflation:
    """φ from the residuals of some pupils.

    Parameters
    ----------
    cats : (N, J) int
        Categories of the pupils, −1 where missing.
    ability, error : (N,) float
        Posterior means and standard deviations.
    population : (N,) int, optional
        Of each pupil; the reference when left out.
    """
    rows = np.flatnonzero((cats >= 0).any(axis=1))
    if len(rows) < FEWEST:
        return NONE
    # The order of a file says nothing: whose answers are looked at hangs on the answers.
    rows = rows[by_answers(cats[rows])][:: -(-len(rows) // SAMPLE)]
    found = residuals(calibration, cats[rows], ability[rows], error[rows])
    values, straight = _beside(calibration, found, ability[rows])
    pairs = _pairs(replace(found, values=values), straight.slopes)
    if pairs is None:
        return NONE
    value, evident, seen = _of_pairs(pairs, (LEFT_OF_ABILITY / (pairs.information + 3.0)) ** 2)
    there = np.isfinite(found.values)
    common = common_part(straight.answers, there, straight.slopes)
    if seen or (common is not None and common.missed > 0.0):
        members = np.zeros(len(rows), dtype=np.int64) if population is None else population[rows]
        times = -(-ANEW // len(rows))
        again = answered_anew(calibration, cats[rows], ability[rows], error[rows], times)
        by_itself = _by_itself(pairs, calibration, again, np.tile(members, times))
        uneven = _uneven(pairs, by_itself, straight.slopes)
        common = common_part(straight.answers, there, straight.slopes, uneven)
        pairs = pairs._replace(shared=pairs.shared - by_itself, noise=pairs.noise * (1.0 + 1.0 / times))
        value, evident, _ = _of_pairs(pairs, 0.0)
    if common is None:
        return Inflation(value, evident, value)
    variance = float(ability[rows].var() + np.mean(error[rows] ** 2))
    of_groups = 1.0 + common.missed * pairs.information * variance
    clear = of_groups > value and common.variance < 1.0 - BEYOND_CHANCE * common.error
    return Inflation(max(value, of_groups), evident or clear, value, common)


class _Straight(NamedTuple):
    """Answers (J, N) on a straight scale with noise of variance one, and their slopes on ability (J,)."""

    answers: FloatArray
    slopes: FloatArray


class _Pairs(NamedTuple):
    """The items of each pair (2, P); what they share beside ability and its error variance (P,); dφ/dc; the
    information of a pupil's answers."""

    items: IntArray
    shared: FloatArray
    noise: FloatArray
    sharpness: float
    information: float


def _by_itself(
    pairs: _Pairs, calibration: Calibration, cats: NDArray[np.int16], population: IntArray
) -> FloatArray:
    """What the pairs of items (P,) seem to share in answers that hang on ability alone."""
    ability, error = posterior_moments(calibration, cats, population)
    found = residuals(calibration, cats, ability, error)
    values, straight = _beside(calibration, found, ability)
    correlation, _ = q3(replace(found, values=values), FEWEST)
    weight, (first, second) = np.abs(straight.slopes), pairs.items
    return np.asarray(correlation[first, second] / np.maximum(weight[first] * weight[second], LEAST_PAIR))


def _uneven(pairs: _Pairs, by_itself: FloatArray, slopes: FloatArray) -> FloatArray:
    """Covariances (J, J) of straight answers that the model gives some pairs above others.

    What it gives all pairs alike sets no items apart.
    """
    exact = 1.0 / pairs.noise
    first, second = pairs.items
    out = np.zeros((len(slopes), len(slopes)))
    out[first, second] = by_itself - float(by_itself @ exact) / float(exact.sum())
    return np.asarray((out + out.T) * np.abs(np.outer(slopes, slopes)))


def _of_pairs(pairs: _Pairs, by_itself: float) -> tuple[float, bool, bool]:
    """φ from what pairs of items share, whether that is beyond chance, and whether there is anything at all.

    ``by_itself`` is the variance of c without dependence.
    """
    _, shared, noise, sharpness, _ = pairs
    # Pairs count by how exactly their squares are known.
    weight = noise**-2.0 / np.sum(noise**-2.0)
    above = shared - float(shared @ (1.0 / noise)) / float(np.sum(1.0 / noise))
    second = float(weight @ (above**2 - noise)) - by_itself
    third = float(weight @ above**3)
    by_chance = float(np.sqrt(2.0 * (weight**2 @ noise**2)))
    third_by_chance = float(np.sqrt(15.0 * (weight**2 @ noise**3)))
    spread = SPREADS[1:]
    # Two kinds of pairs, a share π of them apart by δ: variance π(1 − π)δ², skewness (1 − 2π)/√(π(1 − π)),
    # and what all pairs have above the lower kind is πδ = spread · (√(4 + skewness²) − skewness)/2.
    skewness = third * spread**3 / (spread**6 + third_by_chance**2)
    added = sharpness * spread * (np.sqrt(4.0 + skewness**2) - skewness) / 2.0
    prior = np.exp(-spread / PRIOR_SPREAD)
    chance = (1.0 - NO_DEPENDENCE) * prior / prior.sum() * _likelihood(second - spread**2, by_chance, second)
    total = float(chance.sum()) + NO_DEPENDENCE * float(_likelihood(np.array(second), by_chance, second))
    mean = float(chance @ added) / total
    sd = np.sqrt(max(float(chance @ added**2) / total - mean**2, 0.0))
    value = 1.0 + mean + CAUTIOUS * float(sd)
    return value, second > BEYOND_CHANCE * by_chance, second > SEEN * by_chance


def _likelihood(distance: FloatArray, error: float, seen: float) -> FloatArray:
    """Normal density, up to a constant that keeps it from vanishing at all spreads."""
    nearest = max(abs(seen) if seen < 0.0 else seen - float(SPREADS[-1]) ** 2, 0.0)
    return np.asarray(np.exp(0.5 * ((nearest / error) ** 2 - (distance / error) ** 2)))


def _pairs(beside: Residuals, slopes: FloatArray) -> _Pairs | None:
    """Pairs that enough pupils answered; None with fewer than three."""
    correlation, together = q3(beside, FEWEST)
    squares = np.square(np.nan_to_num(beside.values))
    size = squares.sum(axis=1) / np.maximum(beside.n, 1)
    weight = np.abs(slopes)
    first, second = np.triu_indices(len(correlation), 1)
    pair = weight[first] * weight[second]
    keep = np.isfinite(correlation[first, second]) & (pair > LEAST_PAIR)
    if keep.sum() < 3:
        return None
    first, second, pair = first[keep], second[keep], pair[keep]
    n = together[first, second].astype(np.float64)
    # Items of like difficulty are uncertain for the same pupils: their correlation is less exact than 1/n.
    both = (squares @ squares.T)[first, second] / n
    exact = np.maximum(both / np.maximum(size[first] * size[second], 1e-12), 0.5)
    noise = exact / np.maximum(n - 3.0, 1.0) / pair**2
    information = float(np.sum(weight**2 * beside.n))
    sharpness = 2.0 * float(pair**2 @ n) / information
    shared = correlation[first, second] / pair
    return _Pairs(np.stack([first, second]), shared, noise, sharpness, information / beside.values.shape[1])


def _beside(calibration: Calibration, found: Residuals, ability: FloatArray) -> tuple[FloatArray, _Straight]:
    """Residuals (J, N) less their straight line and parabola in ability, and the answers that these are of.

    A slope or a shape that does not fit is no dependence, and makes pairs of items of like slope or
    difficulty go together.
    """
    seen = np.isfinite(found.values)
    spread = max(float(ability.std()), 1e-9)
    z = (ability - ability.mean()) / spread
    basis = np.column_stack([np.ones_like(z), z, z**2 - 1.0])
    filled = np.where(seen, found.values, 0.0)
    products = (basis[:, :, None] * basis[:, None, :]).reshape(len(z), 9)
    gram = (seen.astype(np.float64) @ products).reshape(-1, 3, 3) + 1e-6 * np.eye(3)
    taken = np.linalg.solve(gram, (filled @ basis)[:, :, None])[:, :, 0]
    beside = np.where(seen, filled - taken @ basis.T, 0.0)
    noise = np.sqrt(np.square(beside).sum(axis=1) / np.maximum(found.n, 1))
    slopes = calibration.parameters.par[:, 0] * noise
    line = taken[:, 1] / np.maximum(noise, 1e-9) + slopes * spread
    answers = beside / np.maximum(noise, 1e-9)[:, None] + np.where(seen, np.outer(line, z), 0.0)
    return np.where(seen, beside, np.nan), _Straight(answers, slopes)


def stretch_of(inflation: float, error: FloatArray, spread: FloatArray) -> FloatArray:
    """Factor of the error of a posterior whose answers vary ``inflation`` times as much as they should."""
    share = np.clip(1.0 - (error / spread) ** 2, 0.0, 1.0)  # of the information that comes from answers
    return np.asarray(np.sqrt(1.0 + (inflation - 1.0) * share))
