"""Owns the compiled search for one person's ability: posterior mean with limits, mode, Warm's likelihood.

Sources: Warm (1989) Psychometrika 54, 427–450; for several categories Penfield & Bergeron (2005)
Appl. Psychol. Meas. 29, 218–233.
"""

from __future__ import annotations

import numba
import numpy as np

from edumetrics.irt.models import GPCM, GRADED, _sigmoid

ABILITY_BOUND = 8.0  # beyond the grid on both sides: an estimate out here is reported as a boundary


@numba.njit(cache=True, nogil=True)
def _item_terms(kind, par, m, k, t, p, d1, d2):  # type: ignore[no-untyped-def]
    """Score of category k, information and Warm's J of one item at ability t."""
    a = par[0]
    if kind == GPCM:
        top = 0.0
        for h in range(1, m + 1):
            p[h] = h * a * t + par[h]
            top = max(top, p[h])
        p[0] = np.exp(-top)
        total = p[0]
        for h in range(1, m + 1):
            p[h] = np.exp(p[h] - top)
            total += p[h]
        mean = 0.0
        for h in range(m + 1):
            p[h] /= total
            mean += h * p[h]
        var = 0.0
        for h in range(m + 1):
            var += (h - mean) ** 2 * p[h]
        for h in range(m + 1):
            d1[h] = a * p[h] * (h - mean)
            d2[h] = a * a * p[h] * ((h - mean) ** 2 - var)
    elif kind == GRADED:
        above, w_above, v_above = 1.0, 0.0, 0.0
        for h in range(m + 1):
            below, w, v = 0.0, 0.0, 0.0
            if h < m:
                below = _sigmoid(a * t + par[h + 1])
                w = below * (1.0 - below)
                v = w * (1.0 - 2.0 * below)
            p[h] = above - below
            d1[h] = a * (w_above - w)
            d2[h] = a * a * (v_above - v)
            above, w_above, v_above = below, w, v
    else:
        c = _sigmoid(par[2])
        s = _sigmoid(a * t + par[1])
        w = s * (1.0 - s)
        p[1] = c + (1.0 - c) * s
        p[0] = (1.0 - c) * (1.0 - s)
        d1[1] = (1.0 - c) * a * w
        d1[0] = -d1[1]
        d2[1] = (1.0 - c) * a * a * w * (1.0 - 2.0 * s)
        d2[0] = -d2[1]
    information, j = 0.0, 0.0
    for h in range(m + 1):
        q = max(p[h], 1e-12)
        information += d1[h] * d1[h] / q
        j += d1[h] * d2[h] / q
    return d1[k] / max(p[k], 1e-12), information, j


@numba.njit(cache=True, nogil=True)
def search(cats, kind, par, n_categories, mean, sd, first, weighted, theta, information, inside):  # type: ignore[no-untyped-def]
    """Solve each person's estimating equation by Newton steps kept inside a shrinking bracket.

    ``weighted``: Warm's equation without a prior; else the mode under N(mean, sd²) per person.
    Writes ability, test information there, and whether the root lay inside the bounds.
    """
    width = par.shape[1] + 1
    p, d1, d2 = np.empty(width), np.empty(width), np.empty(width)
    for n in range(cats.shape[0]):
        low, high = -ABILITY_BOUND, ABILITY_BOUND
        t = min(max(first[n], -4.0), 4.0)
        inside[n] = True
        total = 0.0
        for step in range(80):
            score, total, bias = 0.0, 0.0, 0.0
            for j in range(cats.shape[1]):
                if cats[n, j] < 0:
                    continue
                if kind[j] == GPCM and n_categories[j] == 2:  # by far the most: without the general case
                    a = par[j, 0]
                    right = 1.0 / (1.0 + np.exp(-(a * t + par[j, 1])))
                    spread = right * (1.0 - right)
                    score += a * (cats[n, j] - right)
                    total += a * a * spread
                    bias += a * a * a * spread * (1.0 - 2.0 * right)
                else:
                    s, i, b = _item_terms(kind[j], par[j], n_categories[j] - 1, cats[n, j], t, p, d1, d2)
                    score += s
                    total += i
                    bias += b
            slope = total
            if weighted:
                score += bias / (2.0 * max(total, 1e-12))
            else:
                score -= (t - mean[n]) / sd[n] ** 2
                slope += 1.0 / sd[n] ** 2
            if score > 0.0:
                low = t
            else:
                high = t
            new = t + score / max(slope, 1e-12)
            if not (low < new < high):
                new = 0.5 * (low + high)
            if abs(new - t) < 1e-9 or step == 79:
                break
            t = new
        inside[n] = abs(t) < ABILITY_BOUND - 1e-6
        theta[n] = t
        information[n] = total


@numba.njit(cache=True, nogil=True)
def summarise(post, theta, tail, out):  # type: ignore[no-untyped-def]
    """Mean, standard deviation and the limits that cut ``tail`` off each side, of posteriors over nodes.

    The distribution function is taken as linear between the midpoints of the nodes.
    """
    spacing = theta[1] - theta[0]
    for n in range(post.shape[0]):
        first = second = 0.0
        for q in range(len(theta)):
            first += post[n, q] * theta[q]
            second += post[n, q] * theta[q] * theta[q]
        out[0, n] = first
        out[1, n] = np.sqrt(max(second - first * first, 0.0))
        q, below = 0, 0.0
        while q < len(theta) - 1 and below + post[n, q] < tail:
            below += post[n, q]
            q += 1
        out[2, n] = theta[q] + spacing * (min((tail - below) / max(post[n, q], 1e-300), 1.0) - 0.5)
        q, above = len(theta) - 1, 0.0
        while q > 0 and above + post[n, q] < tail:
            above += post[n, q]
            q -= 1
        out[3, n] = theta[q] - spacing * (min((tail - above) / max(post[n, q], 1e-300), 1.0) - 0.5)
