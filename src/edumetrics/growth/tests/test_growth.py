"""Growth: coefficients recovered with coverage, value added shrunken, small classes refused."""

import numpy as np
import pytest

from edumetrics.errors import BadParameter
from edumetrics.growth import LatentRegression, ValueAdded, latent_regression, value_added
from edumetrics.growth.latent import _freedom
from edumetrics.results import Estimate, Insufficient, Reason

GRID = np.linspace(-5, 5, 61)


def _likelihood(theta: np.ndarray, rng: np.random.Generator, items: int = 15) -> np.ndarray:
    place = np.linspace(-1.5, 1.5, items)
    answers = rng.random((len(theta), items)) < 1 / (1 + np.exp(-1.2 * (theta[:, None] - place)))
    p = 1 / (1 + np.exp(-1.2 * (GRID[:, None] - place)))
    return np.asarray(answers @ np.log(p).T + (~answers) @ np.log(1 - p).T)


def test_growth_between_two_occasions_is_recovered_with_its_interval() -> None:
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        later = np.repeat([0.0, 1.0], 150)
        theta = 0.2 + 0.4 * later + 0.9 * rng.normal(size=300)
        found = latent_regression(_likelihood(theta, rng), GRID, np.column_stack([np.ones(300), later]))
        assert isinstance(found, LatentRegression)
        inside += found.coefficients[1].low <= 0.4 <= found.coefficients[1].high
    assert inside >= 34  # 95 % of 40 is 38; 34 is three standard errors below
    assert found.residual_sd == pytest.approx(0.9, abs=0.2)


@pytest.mark.parametrize("kind", ["unequal", "same"])
def test_errors_hold_where_groups_differ_in_spread_or_pupils_come_twice(kind: str) -> None:
    """A fifth of the pupils, twice as spread out: one σ held 80 to 87 %. The same pupils: too wide."""
    rounds, found = 80, []
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        if kind == "unequal":
            later = (np.arange(60) < 12) * 1.0
            theta = 0.4 * later + np.where(later == 1.0, 1.5, 0.6) * rng.normal(size=60)
            names = None
        else:
            later = np.repeat([0.0, 1.0], 30)
            theta = 0.4 * later + 1.2 * np.tile(rng.normal(size=30), 2) + 0.3 * rng.normal(size=60)
            names = np.tile(np.arange(30), 2).tolist()
        design = np.column_stack([np.ones(60), later])
        result = latent_regression(_likelihood(theta, rng), GRID, design, pupils=names)
        assert isinstance(result, LatentRegression)
        found.append(result.coefficients[1])
    value, error = np.array([e.value for e in found]), np.array([e.se for e in found])
    # The truth is what a large exam gives: the mean of the estimates stands for it.
    inside = np.mean([e.low <= value.mean() <= e.high for e in found])
    assert inside >= 0.9
    assert 0.85 < error.mean() / value.std(ddof=1) < 1.25


def test_student_s_degrees_of_freedom_are_bell_and_mccaffrey_s() -> None:
    """Ability seen exactly: the written-out matrices of least squares."""
    rng = np.random.default_rng(3)
    units = np.repeat(np.arange(18), 2)
    x = np.column_stack([np.ones(36), rng.random(36) < 0.3, rng.normal(size=36)])
    hat = np.linalg.inv(x.T @ x)
    maker = np.eye(36) - x @ hat @ x.T
    left = np.diag(maker)
    got = _freedom(x, hat, left, units)
    for column in range(3):
        weight = (x @ hat)[:, column] / np.sqrt(left)
        blocks = [np.where(units == u, weight, 0.0) for u in range(18)]
        pairs = np.array([[a @ maker @ b for b in blocks] for a in blocks])
        assert got[column] == pytest.approx(np.trace(pairs) ** 2 / (pairs**2).sum())


def test_too_few_pupils_or_a_doubled_column_are_refused() -> None:
    rng = np.random.default_rng(1)
    few = latent_regression(_likelihood(rng.normal(size=10), rng), GRID, np.ones((10, 1)))
    assert few == Insufficient(Reason.TOO_FEW_PUPILS, 10)
    twice = latent_regression(_likelihood(rng.normal(size=50), rng), GRID, np.ones((50, 2)))
    assert twice == Insufficient(Reason.NOT_IDENTIFIED, 50)


def test_pupils_are_counted_not_their_rows() -> None:
    rng = np.random.default_rng(2)
    design = np.column_stack([np.ones(80), np.arange(80) % 2])
    likelihood = _likelihood(rng.normal(size=80), rng)
    for pupils in (1, 2, 29):
        names = [str(row % pupils) for row in range(80)]
        found = latent_regression(likelihood, GRID, design, pupils=names)
        assert found == Insufficient(Reason.TOO_FEW_PUPILS, pupils)
    known = latent_regression(likelihood, GRID, design, pupils=[str(row // 2) for row in range(80)])
    assert isinstance(known, LatentRegression)
    assert known.coefficients[1].n == 40


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nodes_are_finite(bad: float) -> None:
    rng = np.random.default_rng(3)
    nodes = np.where(np.arange(len(GRID)) == 4, bad, GRID)
    with pytest.raises(BadParameter, match="node"):
        latent_regression(_likelihood(rng.normal(size=50), rng), nodes, np.ones((50, 1)))


def _classes(seed: int, sizes: list[int], effects: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    prior = rng.normal(70, 10, len(group))
    final = 20 + 0.7 * prior + effects[group] + rng.normal(0, 6, len(group))
    return final, prior, np.array([f"c{g}" for g in group])


def test_value_added_shrinks_small_classes_and_refuses_tiny_ones() -> None:
    effects = np.array([4.0, -4.0, 0.0, 2.0, -2.0, 0.0, 3.0, -3.0])
    sizes = [40, 40, 40, 40, 40, 40, 12, 6]
    final, prior, label = _classes(3, sizes, effects)
    order = tuple(f"c{g}" for g in range(8))
    found = value_added(final, prior, label, order=order)
    assert isinstance(found, ValueAdded)
    assert found.groups == order
    assert found.slope == pytest.approx(0.7, abs=0.1)
    first, seventh, eighth = found.effect[0], found.effect[6], found.effect[7]
    assert isinstance(first, Estimate)
    assert first.low < 4.0 < first.high
    assert isinstance(seventh, Estimate)
    assert seventh.high - seventh.low > first.high - first.low
    assert eighth == Insufficient(Reason.TOO_FEW_PUPILS, 6)


def test_blup_equals_henderson_s_equations_written_out() -> None:
    final, prior, label = _classes(5, [30] * 6, np.array([3.0, -3, 1, -1, 2, -2]))
    found = value_added(final, prior, label, order=tuple(f"c{g}" for g in range(6)))
    assert isinstance(found, ValueAdded)
    ratio = found.between_share / (1 - found.between_share)
    x = np.column_stack([np.ones(180), prior - prior.mean()])
    z = (label[:, None] == np.array([f"c{g}" for g in range(6)])).astype(float)
    left = np.block([[x.T @ x, x.T @ z], [z.T @ x, z.T @ z + np.eye(6) / ratio]])
    solution = np.linalg.solve(left, np.concatenate([x.T @ final, z.T @ final]))
    values = [e.value for e in found.effect if isinstance(e, Estimate)]
    assert values == pytest.approx(list(solution[2:]), abs=1e-6)


def test_no_groups_to_compare_and_unknown_groups() -> None:
    final, prior, label = _classes(6, [30, 30], np.zeros(2))
    assert value_added(final, prior, label, order=("c0", "c1")) == Insufficient(Reason.TOO_FEW_PUPILS, 2)
    with pytest.raises(ValueError, match="c1"):
        value_added(final, prior, label, order=("c0",))


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.7, 0.1)])
def test_marks_that_follow_from_the_earlier_ones_add_nothing(slope: float, intercept: float) -> None:
    _, prior, label = _classes(7, [30] * 6, np.zeros(6))
    found = value_added(slope * prior + intercept, prior, label, order=tuple(f"c{g}" for g in range(6)))
    assert found == Insufficient(Reason.BOUNDARY, 180)


@pytest.mark.parametrize("classes", [6, 20])
def test_effects_are_covered_with_few_classes_and_errors_that_are_not_normal(classes: int) -> None:
    rng = np.random.default_rng(17)
    inside = known = 0
    for _ in range(600 // classes):
        label = np.repeat(np.arange(classes), rng.choice([12, 25, 45], classes))
        effect, start = rng.normal(0, 0.3, classes), rng.normal(0, 0.5, classes)
        prior = start[label] + rng.normal(size=len(label))
        noise = (rng.chisquare(4, len(label)) - 4) / np.sqrt(8)
        final = 0.8 * prior + effect[label] + 0.6 * noise
        order = tuple(str(g) for g in range(classes))
        found = value_added(final, prior, label.astype(str), order=order)
        assert isinstance(found, ValueAdded)
        for got, true in zip(found.effect, effect, strict=True):
            if isinstance(got, Estimate):
                inside += got.low <= true <= got.high
                known += 1
    assert 0.90 <= inside / known <= 0.98
