r"""Owns what two groups of items, found from the answers, have in common: do all items ask for one ability?

Answers are put on a straight scale, :math:`y_j = l_j θ +` noise of variance one. Two factors of their
covariances (principal axes, Thurstone 1947) give every item a direction; items of one ability point the same
way, those of two lie along two rays, and the best cut between the directions tells the groups. Whoever looks
for two groups finds them: so they are looked for among some of the pupils and judged by the others, for whom
the correlation of the two sub-scores, corrected for attenuation (Spearman 1904, Am. J. Psychol. 15, 88), is
c, without bias: one where nothing tells the groups apart.

Which of the two a fitted ability settles on hangs on the slopes. What both groups have in common is g: the
ability of each is :math:`\sqrt c\,g` and something of its own. With :math:`x_A, x_B` the parts of the groups
in the score of ability, that correlates with g as :math:`r = \sqrt c\,(x_A + x_B) /
\sqrt{x_A^2 + x_B^2 + 2 c x_A x_B}`, and misses it by :math:`2(1 - r)` of the variance of ability beside the
error of answers. A small group of items is a text, not an ability: then g is what the other items ask.

In short papers items of like difficulty covary less than others though all ask for one ability, which is
fitted to these answers: what they do by themselves is taken off (`edumetrics.irt.dependence`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edumetrics.results import FloatArray

FOLDS = 4  # parts of the pupils, each judging groups that the others show
FEWEST_ITEMS = 3  # in a group: two always correlate as they like
AXES_STEPS = 6  # of principal axes; they start from the slopes, near the end
LARGEST_COMMUNALITY = 3.0  # against items that repeat one another, in units of the noise
TEXT, ABILITY = 1 / 5, 1 / 4  # of the items: up to TEXT no ability of its own, from ABILITY on wholly
TURNED = 0.5  # of the usual slope: items that fall so steeply are turned round
LEAST = 1e-3
BEYOND_ERROR = 2.0  # standard errors below one from which c counts
CAUTIOUS = 0.5  # standard errors below the estimate: too narrow misleads, too wide only says less
LITTLE = 0.6  # of the variance: two abilities with less in common are not one


@dataclass(frozen=True, slots=True)
class Common:
    """What two groups of items have in common.

    Attributes
    ----------
    variance : float
        c: correlation of the abilities that the two groups ask for.
    error : float
        Its standard error.
    missed : float
        2(1 − r): how far the score of ability is from what both groups ask, as a share of the variance of
        ability; 0 where c is not below one beyond its error.
    share : float
        Of the items, in the smaller group.
    """

    variance: float
    error: float
    missed: float
    share: float

    @property
    def little(self) -> bool:
        """Whether the items ask for two abilities too unlike to be taken as one, beyond chance."""
        return self.share > TEXT and self.variance + BEYOND_ERROR * self.error < LITTLE


def common_part(
    answers: FloatArray,
    seen: NDArray[np.bool_],
    slopes: FloatArray,
    by_itself: FloatArray | None = None,
) -> Common | None:
    """c of two groups of items, or None with fewer than six items or where no pupil had items of both.

    Parameters
    ----------
    answers : (J, N) float
        Answers on a straight scale with noise of variance one and mean zero, 0 where there is none.
    seen : (J, N) bool
    slopes : (J,) float
        Of ``answers`` on ability.
    by_itself : (J, J) float, optional
        Covariances of ``answers`` that are there with one ability as well, diagonal 0; they are taken off.
    """
    items, pupils = answers.shape
    if items < 2 * FEWEST_ITEMS:
        return None
    # A wrong key turns an item round, but asks for no other ability. Slopes about zero have no sign: they are
    # those of the ability that was not settled on.
    turned = slopes < -TURNED * np.sqrt(np.mean(slopes**2))
    answers, there = np.where(turned[:, None], -answers, answers), seen.astype(np.float64)
    if by_itself is not None:
        by_itself = np.where(np.not_equal.outer(turned, turned), -by_itself, by_itself)
    slopes = np.abs(slopes)
    complete = bool(seen.all())
    products = answers @ answers.T
    together = np.full_like(products, pupils) if complete else there @ there.T
    covariance = products / np.maximum(together, 1.0)
    if by_itself is not None:
        covariance -= by_itself
    lengths, second = _groups(covariance, slopes)
    # Who judges hangs on the answers and not on the order of pupils or items.
    place = np.argsort(np.argsort(np.square(covariance).sum(axis=1) @ answers, kind="stable"))
    values, weights = np.empty((3, pupils)), np.empty((3, pupils))
    for fold in range(FOLDS):
        judges = np.flatnonzero(place % FOLDS == fold)
        mine, here = answers[:, judges], there[:, judges]
        both = float(len(judges)) if complete else here @ here.T
        left = (products - mine @ mine.T) / np.maximum(together - both, 1.0)
        if by_itself is not None:
            left -= by_itself
        length, side = _groups(left, slopes)
        if float(lengths**2 @ (side == second)) < 0.5 * float(lengths @ lengths):
            side = ~side  # the names of the groups are the same in all parts
        values[:, judges], weights[:, judges] = _sub_scores(mine, here, length, side, by_itself)
    if weights[2].sum() <= LEAST:
        return None  # two papers without a common item: nobody shows what their abilities share
    total = np.maximum(weights.sum(axis=1), LEAST)
    found = values.sum(axis=1) / total
    own = np.maximum(found[:2], LEAST)
    scale = float(np.sqrt(own.prod()))
    c = float(found[2]) / scale
    influence = (values - found[:, None] * weights) / total[:, None]
    by_pupil = influence[2] / scale - 0.5 * c * (influence[0] / own[0] + influence[1] / own[1])
    error = float(np.sqrt(by_pupil @ by_pupil))
    share = min(float(second.mean()), 1.0 - float(second.mean()))
    if not c < 1.0 - BEYOND_ERROR * error:
        return Common(c, error, 0.0, share)
    part = slopes * lengths
    x = np.array([part[~second].sum(), part[second].sum()]) * np.sqrt(own)
    kept = max(c - CAUTIOUS * error, 0.0)
    r = np.sqrt(kept) * x.sum() / np.sqrt(max(x @ x + 2.0 * kept * x[0] * x[1], LEAST))
    alike = np.clip((share - TEXT) / (ABILITY - TEXT), 0.0, 1.0)
    return Common(c, error, float(2.0 * (1.0 - r) * alike), share)


def _groups(covariance: FloatArray, slopes: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Lengths of the items' loadings on two factors (J,) and which of two groups each item is in."""
    from scipy.linalg import eigh  # loaded by the compiler meanwhile; an import of this package need not

    matrix, diagonal = covariance.copy(), np.diag_indices(len(covariance))
    largest = (len(covariance) - 2, len(covariance) - 1)
    shared = np.minimum(slopes**2, LARGEST_COMMUNALITY)
    for _ in range(AXES_STEPS):
        matrix[diagonal] = shared
        size, axes = eigh(matrix, subset_by_index=largest, check_finite=False)
        loadings = axes * np.sqrt(np.maximum(size, 0.0))
        shared = np.minimum((loadings**2).sum(axis=1), LARGEST_COMMUNALITY)
    general = loadings[:, 1] * (1.0 if loadings[:, 1].sum() >= 0.0 else -1.0)
    angle, weight = np.arctan2(loadings[:, 0], general), np.maximum(shared, LEAST)
    order = np.argsort(angle, kind="stable")
    mass, moment = np.cumsum(weight[order]), np.cumsum((weight * angle)[order])
    cut = np.arange(FEWEST_ITEMS - 1, len(order) - FEWEST_ITEMS)
    between = (moment[cut] - moment[-1] * mass[cut] / mass[-1]) ** 2 / (mass[cut] * (mass[-1] - mass[cut]))
    second = np.zeros(len(order), dtype=np.bool_)
    second[order[cut[np.argmax(between)] + 1 :]] = True
    return np.sqrt(weight), second


def _sub_scores(
    answers: FloatArray,
    there: FloatArray,
    lengths: FloatArray,
    second: NDArray[np.bool_],
    by_itself: FloatArray | None,
) -> tuple[FloatArray, FloatArray]:
    """Products of each pupil's sub-scores, AA, BB and AB, less those of an item with itself and what they
    are ``by_itself``, and their weights, (3, N) each."""
    sums, masses = [], []
    values, weights = np.empty((3, answers.shape[1])), np.empty((3, answers.shape[1]))
    for k, side in enumerate((~second, second)):
        length = lengths[side]
        sums.append(length @ answers[side])
        masses.append(length**2 @ there[side])
        values[k] = sums[k] ** 2 - length**2 @ answers[side] ** 2
        weights[k] = masses[k] ** 2 - length**4 @ there[side]
    values[2], weights[2] = sums[0] * sums[1], masses[0] * masses[1]
    if by_itself is not None:
        scored = lengths[:, None] * there
        first, other = np.where(second[:, None], 0.0, scored), np.where(second[:, None], scored, 0.0)
        for k, (one, two) in enumerate(((first, first), (other, other), (first, other))):
            values[k] -= np.einsum("jn,jn->n", one, by_itself @ two)
    return values, weights
