"""What answers alone say of guessed items: skewed ability held, limits never narrower, robust errors too."""

from dataclasses import replace

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Settings, calibrate, calibrate_on_scale, em, with_robust_errors
from edumetrics.irt.profiles import profile_limits
from edumetrics.irt.results import Calibration
from edumetrics.results import Estimate
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack

N_ITEMS = 24


def _answers(rng: np.random.Generator, n: int, humps: bool) -> np.ndarray:
    """Answers of pupils whose ability is skewed or has two humps to items of c between 0.1 and 0.3."""
    items = np.random.default_rng(13)
    slope, place = np.exp(items.normal(0.1, 0.3, N_ITEMS)), items.normal(-0.4, 1.0, N_ITEMS)
    c = items.uniform(0.1, 0.3, N_ITEMS)
    if humps:
        ability = np.where(rng.random(n) < 0.5, -0.85, 0.85) + 0.53 * rng.normal(size=n)
    else:
        ability = (rng.gamma(2.0, 1.0, n) - 2.0) / np.sqrt(2.0)
    chance = c + (1.0 - c) / (1.0 + np.exp(-slope * (ability[:, None] - place)))
    return (rng.random((n, N_ITEMS)) < chance).astype(float)


def _reach(exam: Calibration) -> np.ndarray:
    alone = exam.alone
    assert alone is not None
    return profile_limits(
        alone.problem, alone.parameters, alone.counts, alone.plain_covariance, alone.guessed
    )


def _figures(exam: Calibration) -> list[tuple[object, object, object, object]]:
    return [(i.slope, i.intercepts[0], i.difficulties[0], i.guessing) for i in exam.items]


@pytest.mark.parametrize("humps", [False, True])
def test_easy_items_are_held_where_ability_is_not_normal(humps: bool) -> None:
    """Truth: the same model on a very large exam. Of easy items 30–68 % of all figures were held."""
    rng = np.random.default_rng(2718281)
    many = calibrate(
        response_matrix(_answers(rng, 200_000, humps), 1.0), "3pl", settings=Settings(standard_errors=False)
    )
    assert isinstance(many, Calibration)
    par = many.parameters.par
    truth = np.column_stack([par[:, 0], par[:, 1], -par[:, 1] / par[:, 0], 1.0 / (1.0 + np.exp(-par[:, 2]))])
    easy = _answers(rng, 20_000, humps).mean(axis=0) >= 0.75
    held = np.full((6, N_ITEMS, 4), np.nan)
    for k in range(6):
        exam = calibrate(response_matrix(_answers(rng, 1000, humps), 1.0), "3pl")
        assert isinstance(exam, Calibration)
        for j, figures in enumerate(_figures(exam)):
            for f, figure in enumerate(figures):
                if isinstance(figure, Estimate):
                    held[k, j, f] = figure.low <= truth[j, f] <= figure.high
    assert np.nanmean(held, axis=(0, 1)).min() > 0.9
    assert np.nanmean(held[:, easy], axis=(0, 1)).min() > 0.85


@pytest.fixture(scope="module")
def exam() -> tuple[Calibration, object]:
    matrix = response_matrix(_answers(np.random.default_rng(5), 1000, False), 1.0)
    found = calibrate(matrix, "3pl")
    assert isinstance(found, Calibration)
    return found, matrix


def test_figures_stay_and_limits_reach_further(exam) -> None:
    found, _ = exam
    reach = _reach(found)
    strict = calibrate(exam[1], "3pl", settings=Settings(guessing_prior=(0.9, 1.0)))
    assert strict.alone is None  # a prior of so few answers needs no second one
    for j, figures in enumerate(_figures(found)):
        for f, figure in enumerate(figures):
            if isinstance(figure, Estimate):
                assert figure.low <= reach[j, f, 0]
                assert figure.high >= reach[j, f, 1]
                assert figure.low <= figure.value <= figure.high
    easy = exam[1].marks.mean(axis=0) > 0.8
    slopes = [item.slope for item, is_easy in zip(found.items, easy, strict=True) if is_easy]
    by_prior = [a.value * np.exp(1.96 * a.se / a.value) for a in slopes]
    assert np.mean([a.high for a in slopes] / np.array(by_prior)) > 1.1


def test_profiles_end_about_where_the_marginal_likelihood_has_fallen_by_chi_square(exam) -> None:
    """With all other parameters free to follow, twice the loss is 3.84 at the ends of an exact profile."""
    found, matrix = exam
    alone, cats, reach = found.alone, found.coding.encode(matrix), _reach(found)
    loss = []
    with ThreadRunner(
        [pack(cats, make_layout(found.coding.n_categories, np.zeros(N_ITEMS, bool)))]
    ) as runner:
        top = em.fit(alone.problem, runner, alone.parameters, 1e-5, 2000).loglik
        for j in (0, 9, 12, 21):
            for figure, column in ((0, 0), (1, 1), (3, 2)):
                for end in reach[j, figure]:
                    if figure == 3 and not 0.01 < end < 0.99:
                        continue  # at the bound of c
                    par, fixed = alone.parameters.par.copy(), alone.problem.fixed.copy()
                    par[j, column] = end if figure != 3 else np.log(end / (1.0 - end))
                    fixed[j, column] = True
                    start = replace(alone.parameters, par=par)
                    there = em.fit(replace(alone.problem, fixed=fixed), runner, start, 1e-5, 2000)
                    loss.append(2.0 * (top - there.loglik))
    assert 2.5 < np.mean(loss) < 4.5
    assert min(loss) > 1.0
    assert max(loss) < 8.0


def test_robust_errors_reach_over_the_answers_alone_as_well(exam) -> None:
    found, matrix = exam
    robust = with_robust_errors(found, matrix)
    assert robust.alone is found.alone
    ratio = [
        (r.high - r.low) / (p.high - p.low)
        for mine, plain in zip(_figures(robust), _figures(found), strict=True)
        for r, p in zip(mine, plain, strict=True)
        if isinstance(r, Estimate) and isinstance(p, Estimate)
    ]
    assert 0.8 < np.median(ratio) < 1.3
    again = with_robust_errors(robust, matrix)
    assert _figures(again) == _figures(robust)


def test_exams_without_guessing_and_kept_items_are_left_alone(exam) -> None:
    found, matrix = exam
    plain = calibrate(matrix, "2pl")
    assert plain.alone is None
    kept = calibrate_on_scale(found, matrix)
    assert isinstance(kept, Calibration)
    assert kept.alone is None  # all of its items are the old ones
    mixed = calibrate(matrix, {"3": "3pl"})
    assert isinstance(mixed, Calibration)
    assert np.isfinite(_reach(mixed)).all(axis=(1, 2)).tolist() == [j == 2 for j in range(N_ITEMS)]
