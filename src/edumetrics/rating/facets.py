"""Severity of many markers: a rating-scale Rasch model with pupils, items and markers as facets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import stdtrit

from edumetrics import checks
from edumetrics.arrays import MARK_TOLERANCE
from edumetrics.errors import MarkWithoutAnswer
from edumetrics.rating.impressions import severity_errors
from edumetrics.results import Caution, Estimate, FloatArray, Insufficient, Provenance, Reason

MIN_ANSWERS = 30  # per marker
ROUNDS, STILL = 50, 1e-3  # of variance and dispersion, until both logarithms stand
FREE = 1e-9  # relative to a marker's markings: below it nothing holds what is estimated
WIDE, LEAST_VARIANCE, LEAST_DISPERSION = 0.01, 0.01, 1e-4


@dataclass(frozen=True, slots=True)
class RaterSeverity:
    """Severity and fit of each marker.

    Attributes
    ----------
    markers : tuple of str
    severity : tuple of Estimate or Insufficient
        In logits, positive: stricter than the mean of the markers. ``TOO_FEW_MARKS`` below 30 markings,
        ``TOO_FEW_PUPILS`` where so few pupils hold the marker to the others that how far a marker's mark of
        a pupil strays cannot be seen.
    infit : tuple of float
        Mean-square of the marker's residuals weighted by information, divided by that of all: about 1; above
        1.4 the marker is less predictable than the others, below 0.6 hardly uses the range (Wright & Linacre
        1994, for rating scales).
    provenance : Provenance

    References
    ----------
    Wright & Linacre (1994), Reasonable mean-square fit values, Rasch Measurement Transactions 8(3), 370.
    """

    markers: tuple[str, ...]
    severity: tuple[Estimate | Insufficient, ...]
    infit: tuple[float, ...]
    provenance: Provenance


def rater_severity(
    pupil: ArrayLike,
    item: ArrayLike,
    marker: ArrayLike,
    mark: ArrayLike,
    full: ArrayLike,
    *,
    iterations: int = 200,
) -> RaterSeverity | Insufficient:
    """Fit ``E(mark / full) = logistic(ability − difficulty − severity)``, marks as shares of the full mark.

    Parameters
    ----------
    pupil, item, marker : array_like, markings
        Who wrote, which item, who marked.
    mark, full : array_like, markings
        The mark, from 0 to the full mark of the item.
    iterations : int
        At most so many of Newton's steps for each pair of variance and dispersion.

    Returns
    -------
    RaterSeverity or Insufficient
        ``NOT_COMPARABLE`` with a single marker, or where markers share no pupils and items, not even through
        others: then a strict marker and a weak class, or a hard item, look the same. ``CONSTANT_MARKS`` where
        all shares are equal.

    Raises
    ------
    ShapeMismatch, BadFullMark, NegativeMark, MarkOverFull, InfiniteMark, MarkWithoutAnswer

    Notes
    -----
    Estimated by penalised quasi-likelihood: abilities have a normal prior, so an all-right pupil does not run
    away; its variance and the dispersion of the marks are estimated, for a prior that is too narrow draws the
    markers together as well. Markings of a pupil by a marker need not be independent: standard errors are a
    sandwich over pupils, with Student's t.

    References
    ----------
    Linacre (1989), Many-Facet Rasch Measurement, MESA Press.
    Breslow & Clayton (1993), Approximate inference in generalized linear mixed models, J. Am. Stat. Assoc.
    88, 9–25.
    """
    checks.same_length(pupil=pupil, item=item, marker=marker, mark=mark, full=full)
    most = checks.full_marks(full)
    share = checks.marks(mark, top=most + MARK_TOLERANCE) / most
    if np.isnan(share).any():
        raise MarkWithoutAnswer(pupil=str(np.asarray(pupil)[np.argmax(np.isnan(share))]))
    pupils, p = np.unique(np.asarray(pupil, dtype=object).astype(str), return_inverse=True)
    items, i = np.unique(np.asarray(item, dtype=object).astype(str), return_inverse=True)
    markers, r = np.unique(np.asarray(marker, dtype=object).astype(str), return_inverse=True)
    if len(markers) < 2:
        return Insufficient(Reason.NOT_COMPARABLE, len(markers))
    n = len(share)
    sizes = len(pupils), len(items), len(markers)
    rows = np.arange(n)
    design = sparse.hstack(
        [
            sparse.csr_matrix((np.ones(n), (rows, p)), shape=(n, sizes[0])),
            sparse.csr_matrix((-np.ones(n), (rows, i)), shape=(n, sizes[1])),
            sparse.csr_matrix((-np.ones(n), (rows, r)), shape=(n, sizes[2])),
        ]
    ).tocsr()
    if np.ptp(share) == 0.0:
        return Insufficient(Reason.CONSTANT_MARKS, n)
    if not _comparable(design, sizes[0], sizes[1]):
        return Insufficient(Reason.NOT_COMPARABLE, n)
    share = np.clip(share, 0, 1)
    variance, dispersion, beta = 1.0, 1.0, np.zeros(sum(sizes))
    for _ in range(ROUNDS):
        # Wide priors only fix the zero of items and markers.
        precision = np.concatenate(
            [np.full(sizes[0], dispersion / variance), np.full(sizes[1] + sizes[2], WIDE)]
        )
        beta, weight, expected = _newton(design, share, precision, iterations, beta, sizes[0])
        of_pupils, covariance = _inverse(design, weight, precision, sizes[0])
        # Abilities and difficulties were fitted to the same marks: what they took is no spread of the
        # markers.
        taken = float(np.sum(1.0 - of_pupils * precision[: sizes[0]])) + sizes[1] + sizes[2] - 1.0
        former = variance, dispersion
        dispersion = float(((share - expected) ** 2).sum() / weight.sum()) * n / max(n - taken, 1.0)
        dispersion = max(dispersion, LEAST_DISPERSION)
        variance = max(float(np.mean(beta[: sizes[0]] ** 2 + dispersion * of_pupils)), LEAST_VARIANCE)
        if abs(np.log(variance / former[0])) + abs(np.log(dispersion / former[1])) < STILL:
            break
    severity = beta[sizes[0] + sizes[1] :] - beta[sizes[0] + sizes[1] :].mean()
    errors, freedom = severity_errors(
        design, share - expected, 1.0 / most, weight, precision, covariance, dispersion, sizes
    )
    half = stdtrit(freedom, 0.975) * errors
    counts = np.bincount(r, minlength=sizes[2])
    marked = np.bincount(np.unique(r * sizes[0] + p) // sizes[0], minlength=sizes[2])  # pupils
    outcome: list[Estimate | Insufficient] = []
    for m, count in enumerate(counts.tolist()):
        if count < MIN_ANSWERS:
            outcome.append(Insufficient(Reason.TOO_FEW_MARKS, count))
        elif np.isnan(errors[m]):
            outcome.append(Insufficient(Reason.TOO_FEW_PUPILS, int(marked[m])))
        else:
            value, error, far = float(severity[m]), float(errors[m]), float(half[m])
            outcome.append(Estimate(value, error, value - far, value + far, count, "facets"))
    residual = np.bincount(r, weights=(share - expected) ** 2, minlength=sizes[2])
    ordinary = float(residual.sum() / weight.sum())  # pupils took the same share of every marker's spread
    infit = residual / np.maximum(np.bincount(r, weights=weight, minlength=sizes[2]), 1e-12) / ordinary
    thin = tuple(str(m) for m in markers[counts < MIN_ANSWERS])
    cautions = (Caution("few_marks", thin),) if thin else ()
    settings = {"iterations": iterations, "ability_variance": variance, "dispersion": dispersion}
    provenance = Provenance("facets", "3", settings, cautions)
    return RaterSeverity(
        tuple(str(m) for m in markers), tuple(outcome), tuple(float(v) for v in infit), provenance
    )


def _comparable(design: sparse.csr_matrix, n_pupils: int, n_items: int) -> bool:
    """Whether markings tell markers apart without any prior of pupils and items.

    What pupils, items and markers can be moved by without moving any marking must move all markers alike.
    """
    pupils, others = design[:, :n_pupils], design[:, n_pupils:]
    cells = (pupils.T @ others).toarray()
    left = (others.T @ others).toarray() - cells.T @ (cells / np.asarray(pupils.sum(axis=0)).T)
    size, moves = np.linalg.eigh(left)
    of_markers = moves[n_items:, size <= FREE * np.diag(left).max(initial=0.0) + FREE]
    return bool(np.abs(of_markers - of_markers.mean(axis=0)).max(initial=0.0) < np.sqrt(FREE))


@dataclass(frozen=True, slots=True, eq=False)
class _Information:
    """Of pupils (P,), between pupils and the rest (P, Q), and of items and markers with pupils profiled out.

    A marking concerns one pupil, so that the pupils' block is diagonal and drops out of the sum.
    """

    own: FloatArray
    between: FloatArray
    rest: FloatArray

    def solve(self, gradient: FloatArray) -> FloatArray:
        """The step (P + Q,) that Newton's method takes."""
        of_pupils, of_rest = np.split(gradient, [len(self.own)])
        rest = np.linalg.solve(self.rest, of_rest - self.between.T @ (of_pupils / self.own))
        return np.concatenate([(of_pupils - self.between @ rest) / self.own, rest])


def _information(
    design: sparse.csr_matrix, weight: FloatArray, precision: FloatArray, n_pupils: int
) -> _Information:
    pupils, others = design[:, :n_pupils], design[:, n_pupils:]
    own = np.asarray(pupils.T @ weight) + precision[:n_pupils]
    between = (pupils.T @ sparse.diags(weight) @ others).toarray()
    rest = (others.T @ sparse.diags(weight) @ others).toarray() + np.diag(precision[n_pupils:])
    return _Information(own, between, rest - between.T @ (between / own[:, None]))


def _inverse(
    design: sparse.csr_matrix, weight: FloatArray, precision: FloatArray, n_pupils: int
) -> tuple[FloatArray, FloatArray]:
    """Diagonal of the inverse information for the pupils, and all of it for items and markers."""
    known = _information(design, weight, precision, n_pupils)
    covariance = np.asarray(np.linalg.inv(known.rest), dtype=np.float64)
    scaled = known.between / known.own[:, None]
    spread = np.einsum("pi,ij,pj->p", scaled, covariance, scaled, optimize=True)
    return np.asarray(1.0 / known.own + spread), covariance


def _newton(
    design: sparse.csr_matrix,
    share: FloatArray,
    precision: FloatArray,
    iterations: int,
    beta: FloatArray,
    n_pupils: int,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    weight = expected = np.empty(0)
    for _ in range(iterations):
        expected = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        weight = expected * (1 - expected)
        gradient = design.T @ (share - expected) - precision * beta
        step = _information(design, weight, precision, n_pupils).solve(gradient)
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return beta, weight, expected
