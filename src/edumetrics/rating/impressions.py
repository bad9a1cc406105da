"""Owns the errors of severity that hold where a marker's markings of one pupil hang together."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from edumetrics.results import FloatArray

OPEN = 0.1  # share of a severity's variance that residuals must tell: below it they were fitted away
FOLLOWED = 0.5  # of a pupil's own part left open: below it the square says less than the model
MORE = 2.0  # pupils that might have been marked one mark off


def severity_errors(
    design: sparse.csr_matrix,
    residual: FloatArray,
    step: FloatArray,
    weight: FloatArray,
    precision: FloatArray,
    covariance: FloatArray,
    dispersion: float,
    sizes: tuple[int, int, int],
) -> tuple[FloatArray, FloatArray]:
    """Standard errors of centred severities and degrees of freedom of Student's t, (markers,) each.

    Parameters
    ----------
    design : sparse, (markings, pupils + items + markers)
        What each marking adds up.
    residual, step, weight : (markings,)
        Share less its expectation; share that one mark is; variance of the share but for the dispersion.
    precision : (pupils + items + markers,)
        Of the priors, in units of the dispersion.
    covariance : (items + markers, items + markers)
        Inverse information with abilities profiled out, in the same units.
    dispersion : float
    sizes : number of pupils, items and markers

    Returns
    -------
    errors, freedom
        NaN where hardly any residual tells how far off a severity may be, as when one pupil alone was marked
        by two markers: the fit moves a marker until the residuals of that pupil add up to nothing.

    Notes
    -----
    Sandwich with the scores summed over all markings of a pupil by all markers (Huber 1967, Proc. 5th
    Berkeley Symp. 1, 221; Liang & Zeger 1986, Biometrika 73, 13). Each pupil's square is divided by what the
    pupil's own leverage leaves of it if the model holds, and t has the degrees of freedom that the design
    leaves the squares (Bell & McCaffrey 2002, Survey Methodology 28, 169–181). A pupil whom the fit follows
    by more than half counts as what the model says, times what the others' squares are of it if more. Few
    pupils, or hardly any gaps, hide rare ones: as if two more pupils had been marked one mark off by the
    marker for whom that matters most (as in `double_marking`).
    """
    pupils, others = design[:, : sizes[0]], design[:, sizes[0] :]
    own = np.asarray(pupils.T @ weight) + precision[: sizes[0]]
    directions = covariance[:, sizes[1] :] - covariance[:, sizes[1] :].mean(axis=1, keepdims=True)
    by = abs(others[:, sizes[1] :])
    counts = np.asarray(by.sum(axis=0)).ravel()
    errors, freedom = np.full(sizes[2], np.nan), np.full(sizes[2], np.nan)
    for m in range(sizes[2]):
        pull = np.asarray(others @ directions[:, m])
        # What a marking moves the severity by, once the pupil's ability has followed it.
        moves = pull - pupils @ (np.asarray(pupils.T @ (weight * pull)) / own)
        part = np.asarray(pupils.T @ (pull * weight * moves))
        toward = (pupils.T @ sparse.diags(weight * moves) @ others).toarray()
        hidden = np.einsum("pi,pi->p", toward @ covariance, toward)
        if np.sum(part - hidden) <= OPEN * np.sum(part):
            continue
        left = np.maximum(1.0 - hidden / np.maximum(part, 1e-300), 1e-6)
        square = np.asarray(pupils.T @ (pull * residual)) ** 2 / left
        # A marker follows the few pupils who hold it: they err as the others do, or as the model says.
        followed = left < FOLLOWED
        usual = float(square[~followed].sum()) / max(dispersion * float(part[~followed].sum()), 1e-300)
        square[followed] = dispersion * part[followed] * max(usual, 1.0)
        # Priors pull the severity as if what they hold were known for certain.
        held = dispersion * float(precision[sizes[0] :] @ directions[:, m] ** 2)
        slips = MORE * float(np.max((by.T @ (moves * step) ** 2) / counts))
        errors[m] = np.sqrt(float(square.sum()) + held + slips)
        part, hidden, toward = part / left, hidden / left, toward / np.sqrt(left)[:, None]
        pairs = covariance @ (toward.T @ toward)
        scatter = float(np.sum(part**2 - 2.0 * part * hidden) + np.trace(pairs @ pairs))
        freedom[m] = max(float(np.sum(part - hidden)) ** 2 / max(scatter, 1e-300), 1.0)
    return errors, freedom
