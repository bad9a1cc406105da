"""95 % intervals of the classical figures cover the population's value, under models that are not assumed."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.ctt import items, reliability
from edumetrics.ctt.scores import centre
from edumetrics.results import Estimate

ITEMS = 15


def logistic(rng: np.random.Generator):
    a, b = rng.lognormal(0, 0.4, ITEMS), rng.normal(0, 1.0, ITEMS)
    return (
        1.0,
        lambda theta, r: (r.random((len(theta), ITEMS)) < 1 / (1 + np.exp(-a * (theta[:, None] - b)))) * 1.0,
    )


def guessing_and_skew(rng: np.random.Generator):
    a, b = rng.lognormal(0.2, 0.4, ITEMS), rng.normal(0, 1.0, ITEMS)

    def draw(theta, r):
        p = 0.25 + 0.75 / (1 + np.exp(-a * (np.exp(theta / 2)[:, None] - 1 - b)))
        return (r.random(p.shape) < p) * 1.0

    return 1.0, draw


def graded(rng: np.random.Generator):
    steps, a = np.sort(rng.normal(0, 1, (ITEMS, 4)), axis=1), rng.lognormal(0, 0.3, ITEMS)

    def draw(theta, r):
        p = 1 / (1 + np.exp(-a[:, None] * (theta[:, None, None] - steps)))
        return (r.random((len(theta), ITEMS, 1)) < p).sum(axis=2) * 1.0

    return 4.0, draw


@pytest.mark.parametrize("model", [logistic, guessing_and_skew, graded])
@pytest.mark.parametrize(("n", "replicates"), [(60, 120), (400, 60)])
def test_coverage(model, n, replicates):
    rng = np.random.default_rng(2024)
    full, draw = model(rng)
    population = centre(response_matrix(draw(rng.normal(size=60_000), rng), full))
    methods = (items.facility, items.rest_correlation, items.upper_lower)
    truth = [method(population).value for method in methods]
    whole = reliability.reliability(population)
    paper = {name: getattr(whole, name).value for name in ("alpha", "omega", "sem")}
    hits = dict.fromkeys([*(m.__name__ for m in methods), *paper], 0)
    tries = dict(hits)
    for _ in range(replicates):
        sample = centre(response_matrix(draw(rng.normal(size=n), rng), full))
        for method, value in zip(methods, truth, strict=True):
            got = method(sample)
            inside = (got.low <= value) & (value <= got.high)
            hits[method.__name__] += int(inside[got.known].sum())
            tries[method.__name__] += int(got.known.sum())
        result = reliability.reliability(sample)
        for name, value in paper.items():
            got = getattr(result, name)
            if isinstance(got, Estimate):
                hits[name] += got.low <= value <= got.high
                tries[name] += 1
    for name, n_tries in tries.items():
        # The paper has one interval per replicate: allow three binomial standard errors around 90–98 %.
        slack = 0.0 if name in {m.__name__ for m in methods} else 3 * np.sqrt(0.05 * 0.95 / n_tries)
        assert 0.90 - slack <= hits[name] / n_tries <= 0.98 + slack, name
