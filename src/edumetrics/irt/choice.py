"""Owns the choice of a model and priors for each item, by what was asked and how many pupils there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from edumetrics.errors import BadSetting, UnknownName
from edumetrics.irt import em
from edumetrics.irt.coding import Coding
from edumetrics.irt.models import GPCM, GRADED, GUESSING
from edumetrics.irt.settings import MODELS, LogNormal, Settings
from edumetrics.results import Caution, FloatArray, IntArray


def check_model(model: str | Mapping[str, str], items: Sequence[str]) -> None:
    """Refuse a model or an item that nobody knows.

    Raises
    ------
    BadSetting, UnknownName
    """
    named = [model] if isinstance(model, str) else list(model.values())
    for one in named:
        if one not in MODELS:
            raise BadSetting(value=f"unknown model {one!r}; known are {', '.join(MODELS)}")
    if not isinstance(model, str):
        unknown = set(model) - set(items)
        if unknown:
            raise UnknownName(value=f"the exam has no item {sorted(unknown)[0]!r}")


def choose_models(
    coding: Coding, n: int, model: str | Mapping[str, str], settings: Settings
) -> tuple[tuple[str, ...], list[Caution]]:
    """Model of each item after the fallback, and what the reader must be told."""
    asked = [model if isinstance(model, str) else model.get(item, "auto") for item in coding.items]
    several = coding.n_categories > 2
    counts = MappingProxyType({"n": n, "needed": settings.minimum_2pl})
    if n < settings.minimum_2pl or all(a == "rasch" for a in asked):
        forced = tuple(item for item, a in zip(coding.items, asked, strict=True) if a != "rasch")
        notes = [Caution("fell_back_to_rasch", forced, counts)] if forced else []
        return tuple("pcm" if s else "rasch" for s in several), notes
    if "rasch" in asked:
        raise BadSetting(value="a shared slope holds for all items or for none: Rasch cannot be mixed")
    out, refused = [], []
    for item, a, s in zip(coding.items, asked, several, strict=True):
        if a == "3pl" and not s and n < settings.minimum_3pl:
            refused.append(item)
        if a == "graded":
            out.append("graded" if s else "2pl")
        elif a == "3pl" and not s and n >= settings.minimum_3pl:
            out.append("3pl")
        else:
            out.append("gpcm" if s else "2pl")
    counts = MappingProxyType({"n": n, "needed": settings.minimum_3pl})
    notes = [Caution("fell_back_to_2pl", tuple(refused), counts)] if refused else []
    return tuple(out), notes


def may_hold_slopes(wanted: Sequence[str], n: int, settings: Settings) -> bool:
    """Whether a slope could get a prior, which only an item that goes with the others may have."""
    automatic = settings.slope_prior == "auto"
    prior = n < settings.weak_data if automatic else settings.slope_prior is not None
    return prior or "3pl" in wanted


def rest_correlation(coding: Coding, cats: NDArray[np.int16]) -> FloatArray:
    """Correlation of each item with the mean share of the others (zero where undefined)."""
    share = cats / (coding.n_categories - 1.0)
    seen = cats >= 0
    share = np.where(seen, share, 0.0)
    total, answered = share.sum(axis=1), seen.sum(axis=1)
    out = np.zeros(cats.shape[1])
    for j in range(cats.shape[1]):
        rows = seen[:, j] & (answered > 1)
        if rows.sum() > 2:
            x = share[rows, j]
            rest = (total[rows] - x) / (answered[rows] - 1)
            x, rest = x - x.mean(), rest - rest.mean()
            size = float(np.sqrt((x @ x) * (rest @ rest)))
            out[j] = float(x @ rest) / size if size > 0 else 0.0
    return out


def make_problem(
    coding: Coding,
    wanted: Sequence[str],
    n_populations: int,
    settings: Settings,
    rest_correlation: FloatArray,
    n: int,
) -> em.Problem:
    """Translate names of models and settings into arrays."""
    n_items = len(coding.items)
    n_categories = coding.n_categories
    kinds: IntArray = np.array(
        [GUESSING if w == "3pl" else GRADED if w == "graded" else GPCM for w in wanted], dtype=np.int64
    )
    shared = wanted[0] in ("rasch", "pcm")
    prior = np.zeros((n_items, 5))
    slope = settings.slope_prior
    if slope == "auto":
        slope = LogNormal() if n < settings.weak_data else None
    if isinstance(slope, LogNormal) and not shared:
        prior[rest_correlation > 0, 0:2] = slope.mean, slope.sd
    if settings.intercept_sd is not None:
        prior[:, 2] = settings.intercept_sd
    guess = kinds == GUESSING
    prior[guess, 3:5] = settings.guessing_prior
    if slope is None and not shared:  # c and a of one item trade against each other: a always needs a hold
        prior[guess & (rest_correlation > 0), 0:2] = 0.0, 1.0
    width = max(int(n_categories.max()), 3)
    free = np.arange(n_populations) > 0
    return em.Problem(kinds, n_categories, prior, np.zeros((n_items, width), bool), shared, free, em.grid())
