"""Tracing: a slow twin of the forward pass, recovery, real log, spacing and adaptive rules."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edumetrics.errors import (
    BadAnswer,
    BadCode,
    BadSetting,
    DuplicateItem,
    EmptyMatrix,
    ShapeMismatch,
    UnknownName,
)
from edumetrics.tracing import (
    AdaptivePlan,
    KnowledgeTracing,
    fit_bkt,
    fit_performance,
    next_item,
    next_review,
    practice_log,
    predict_performance,
    trace_bkt,
)
from edumetrics.tracing.log import by_skill

DATA = os.environ.get("SMARTSCHOOL_DATA")


def _simulate(seed: int, learners: int = 2000, length: int = 12) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    knows = rng.random(learners) < 0.35
    right = np.empty((learners, length))
    for t in range(length):
        right[:, t] = np.where(knows, rng.random(learners) > 0.08, rng.random(learners) < 0.22)
        learned, lost = rng.random(learners) < 0.18, rng.random(learners) < 0.04
        knows = np.where(knows, ~lost, learned)
    who = np.repeat(np.arange(learners), length)
    return who, np.tile(np.arange(length), learners), np.zeros(len(who), int), right.ravel().astype(int)


def test_parameters_are_recovered() -> None:
    model = fit_bkt(practice_log(*_simulate(1, learners=6000)))
    found = np.array([model.known[0], model.learn[0], model.forget[0], model.guess[0], model.slip[0]])
    assert np.abs(found - [0.35, 0.18, 0.04, 0.22, 0.08]).max() < 0.03


def test_em_never_loses_likelihood_and_forgetting_can_be_held_at_zero() -> None:
    log = practice_log(*_simulate(2, learners=300))
    values = [fit_bkt(log, iterations=k).log_likelihood for k in (1, 4, 7, 20)]
    assert values == sorted(values)
    assert fit_bkt(log, forgetting=False).forget.max() == 0.0


@pytest.mark.parametrize(("learners", "length"), [(400, 12), (60, 150), (4, 1500)])
def test_the_fit_is_a_maximum_of_the_likelihood_that_tracing_gives(learners: int, length: int) -> None:
    log = practice_log(*_simulate(6, learners=learners, length=length))
    model = fit_bkt(log)
    names = ("known", "learn", "forget", "guess", "slip")
    priors = ((1.5, 1.5), (1.5, 3.0), (1.2, 12.0), (2.0, 6.0), (2.0, 10.0))

    def objective(found: KnowledgeTracing) -> tuple[float, float]:
        right = trace_bkt(found, log)[0][log.order]
        fit = float(np.log(np.where(log.correct, right, 1 - right)).sum())
        values = [float(getattr(found, name)[0]) for name in names]
        prior = [
            (a - 1) * np.log(x) + (b - 1) * np.log1p(-x) for x, (a, b) in zip(values, priors, strict=True)
        ]
        return fit, fit + sum(prior)

    likelihood, best = objective(model)
    assert model.log_likelihood == pytest.approx(likelihood, abs=1e-6)
    for name in names:
        for step in (-0.01, 0.01):
            moved = np.clip(getattr(model, name) + step, 1e-4, 1 - 1e-4)
            assert objective(replace(model, **{name: moved}))[1] < best + 0.02


def test_performance_factors_are_at_their_maximum() -> None:
    parts = [_simulate(seed, learners=80) for seed in (7, 8)]
    who, when, right = (np.concatenate([part[c] for part in parts]) for c in (0, 1, 3))
    skill = np.repeat([4, 9], len(parts[0][0]))
    log = practice_log(who, 2 * when + (skill == 9), skill, right)
    model = fit_performance(log, ridge=2.0)
    chance = predict_performance(model, log)
    for k, code in enumerate(model.skills):
        residual = (chance - right)[skill == code].sum()
        assert residual + 2.0 * model.intercepts[k] == pytest.approx(0, abs=1e-3)


def test_tracing_equals_the_formula_written_out() -> None:
    model = fit_bkt(practice_log(*_simulate(3, learners=400)))
    answers = [1, 0, 0, 1, 1]
    right, knows = trace_bkt(model, practice_log([0] * 5, range(5), [0] * 5, answers, skills=model.skills))
    p = float(model.known[0])
    for t, answer in enumerate(answers):
        g, s = float(model.guess[0]), float(model.slip[0])
        assert right[t] == pytest.approx(p * (1 - s) + (1 - p) * g)
        top = p * (1 - s) if answer else p * s
        p = top / (top + (1 - p) * (g if answer else 1 - g))
        assert knows[t] == pytest.approx(p)
        p = p * (1 - float(model.forget[0])) + (1 - p) * float(model.learn[0])


@given(st.permutations(range(60)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    who, when, skill, right = (column[:60] for column in _simulate(4, learners=10, length=12))
    model = fit_bkt(practice_log(who, when, skill, right), iterations=5)
    shuffled = practice_log(who[order], when[order], skill[order], right[order])
    again = fit_bkt(shuffled, iterations=5)
    assert again.log_likelihood == pytest.approx(model.log_likelihood, abs=1e-9)
    plain = trace_bkt(model, practice_log(who, when, skill, right))[0]
    assert np.allclose(trace_bkt(model, shuffled)[0], plain[order])


def test_an_unknown_skill_is_answered_by_the_mean_and_bad_input_named() -> None:
    model = fit_bkt(practice_log(*_simulate(5, learners=200)))
    right, knows = trace_bkt(model, practice_log([1, 1], [0, 1], [0, 99], [1, 1], skills=model.skills))
    assert 0 < right[1] < 1
    assert np.isnan(knows[1])
    with pytest.raises(ValueError, match="answer 1"):
        practice_log([1, 1], [0, 1], [0, 0], [1, 2])


def _auc(score: np.ndarray, right: np.ndarray) -> float:
    from scipy.stats import rankdata

    place = rankdata(score)
    positive = right.sum()
    return float(
        (place[right == 1].sum() - positive * (positive + 1) / 2) / (positive * (len(right) - positive))
    )


@pytest.mark.skipif(not DATA, reason="SMARTSCHOOL_DATA does not name the folder of real exams")
def test_real_practice_log_reaches_the_reference() -> None:
    folder = Path(DATA or "") / "exams" / "practice_log_assist2009"
    train, other = (
        np.loadtxt(folder / f"{name}.csv", delimiter=",", skiprows=1, dtype=int).T
        for name in ("train", "test")
    )
    log = practice_log(*train)
    model = fit_bkt(log, forgetting=False)
    right = trace_bkt(model, practice_log(*other, skills=model.skills))[0]
    assert _auc(right, other[3]) >= 0.7127  # pyBKT, all 110 skills
    assert np.sqrt(((right - other[3]) ** 2).mean()) <= 0.4396 + 5e-4
    factors = fit_performance(log)
    predicted = predict_performance(factors, practice_log(*other, skills=factors.skills))
    assert _auc(predicted, other[3]) >= 0.75


def test_spacing_comes_sooner_after_a_wrong_answer_and_is_repeatable() -> None:
    start = datetime(2026, 9, 1, 8, tzinfo=UTC)
    days = [start, start + timedelta(days=3), start + timedelta(days=9)]
    asked = days[-1] + timedelta(days=2)
    good = next_review([(day, True) for day in days], asked)
    bad = next_review([(days[0], True), (days[1], True), (days[2], False)], asked)
    assert bad.due < good.due
    assert bad.stability_days < good.stability_days
    assert good == next_review([(day, True) for day in days], asked)
    assert 0 < good.recall <= 1
    with pytest.raises(ValueError, match="no answer yet"):
        next_review([], asked)


def test_adaptive_practice_keeps_blueprint_exposure_and_stop_rules() -> None:
    rng = np.random.default_rng(7)
    n = 200
    a, b = rng.lognormal(0, 0.2, n), rng.normal(0, 1, n)
    content = ["数与代数" if i % 2 else "图形与几何" for i in range(n)]
    plan = AdaptivePlan({"数与代数": 0.6, "图形与几何": 0.4}, longest=20)
    exposure = np.where(np.arange(n) < 20, 0.9, 0.0)
    given_items: list[int] = []
    while len(given_items) < 20:
        chosen = next_item(
            plan, theta=0.3, se=1.0, a=a, b=b, content=content, given=given_items, exposure=exposure, rng=rng
        )
        assert isinstance(chosen, int)
        assert chosen not in given_items
        assert exposure[chosen] <= plan.most_exposed
        given_items.append(chosen)
    assert sum(content[i] == "数与代数" for i in given_items) == 12
    arguments = {"theta": 0.3, "a": a, "b": b, "content": content, "exposure": exposure, "rng": rng}
    assert next_item(plan, se=1.0, given=given_items, **arguments) == "longest"  # type: ignore[arg-type]
    assert next_item(plan, se=0.2, given=given_items[:6], **arguments) == "precise"  # type: ignore[arg-type]


@pytest.mark.parametrize("skills", [[99], []])
def test_a_log_of_unknown_skills_has_nothing_to_learn_from(skills: list[int]) -> None:
    who, when, skill, right = _simulate(9, learners=20)
    log = practice_log(who, when, skill, right, skills=skills)
    assert by_skill(log)[1].tolist() == [0]
    with pytest.raises(EmptyMatrix):
        fit_bkt(log)
    chance = predict_performance(fit_performance(log), log)
    assert ((chance > 0) & (chance < 1)).all()


def test_a_log_with_other_skills_than_the_model_is_refused() -> None:
    who, when, skill, right = _simulate(10, learners=20)
    log = practice_log(who, when, skill, right)
    other = practice_log(who, when, np.arange(len(who)), right)
    with pytest.raises(UnknownName):
        trace_bkt(fit_bkt(log), other)
    with pytest.raises(UnknownName):
        predict_performance(fit_performance(log), other)


@pytest.mark.parametrize("skills", [[10**9, 5, 7], [7, 10**9, 5]])
def test_known_skills_may_stand_in_any_order_once(skills: list[int]) -> None:
    log = practice_log([1] * 4, range(4), [5, 7, 10**9, 8], [1, 0, 1, 1], skills=skills)
    assert log.skills[log.skill[:3]].tolist() == [5, 7, 10**9]
    assert log.skill[3] == -1
    with pytest.raises(DuplicateItem):
        practice_log([1], [0], [5], [1], skills=[5, 7, 5])


def test_bad_practice_is_a_typed_error() -> None:
    with pytest.raises(BadCode):
        practice_log([1], [0], [np.inf], [1])
    with pytest.raises(BadAnswer):
        practice_log([1], [0], [0], [0.5])
    with pytest.raises(ShapeMismatch):
        practice_log([1, 1], [0], [0, 0], [1, 1])
    with pytest.raises(BadSetting):
        AdaptivePlan({"数与代数": 0.5})
