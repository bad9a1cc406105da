"""Owns the checks of papers of two abilities: what these have in common, and intervals that hold it."""

from __future__ import annotations

import numpy as np
import pytest

from edumetrics.arrays import response_matrix
from edumetrics.irt import Settings, calibrate, score
from edumetrics.irt.item_groups import TEXT, common_part

QUICK = Settings(standard_errors=False)


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def two_abilities(n, rng, common, first=20, second=20):
    """What both abilities have in common, and the marks of a paper whose groups of items ask for one each."""
    group = np.repeat([0, 1], [first, second])
    shared = rng.normal(size=n)
    ability = np.sqrt(common) * shared[:, None] + np.sqrt(1.0 - common) * rng.normal(size=(n, 2))
    slope, place = rng.uniform(0.8, 1.8, len(group)), rng.normal(0, 1, len(group))
    chance = logistic(slope * (ability[:, group] - place))
    return shared, response_matrix((rng.random(chance.shape) < chance) * 1.0, 1.0)


def straight(n, rng, common, first, second):
    """Answers on a straight scale with noise of variance one, all seen, and slopes of all items alike."""
    group = np.repeat([0, 1], [first, second])
    own = np.sqrt(1.0 - common) * rng.normal(size=(n, 2))
    ability = np.sqrt(common) * rng.normal(size=(n, 1)) + own
    answers = 0.6 * ability[:, group] + rng.normal(size=(n, len(group)))
    return answers.T - answers.T.mean(axis=1, keepdims=True), np.ones((len(group), n), dtype=bool)


@pytest.mark.parametrize(("common", "second"), [(0.3, 20), (0.5, 20), (0.3, 10), (0.5, 10)])
@pytest.mark.parametrize(("n", "rounds"), [(200, 12), (1000, 3)])
def test_intervals_hold_what_two_unlike_abilities_have_in_common(common, second, n, rounds):
    rng = np.random.default_rng(21)
    inside, known, warned = dict.fromkeys(("eap", "wle"), 0), dict.fromkeys(("eap", "wle"), 0), 0
    reliabilities = 0
    for _ in range(rounds):
        shared, matrix = two_abilities(n, rng, common, 40 - second, second)
        calibration = calibrate(matrix, settings=QUICK)
        for method in inside:
            found = score(calibration, matrix, method)
            got = found.ability
            inside[method] += int(((got.low <= shared) & (shared <= got.high))[got.known].sum())
            known[method] += int(got.known.sum())
            true = float(np.corrcoef(got.value[got.known], shared[got.known])[0, 1] ** 2)
            reliabilities += found.reliability.low <= true <= found.reliability.high
        codes = {note.code: note.data for note in found.provenance.warnings}
        assert "errors_widened_for_dependence" in codes
        warned += "items_ask_for_two_abilities" in codes
    for method, hits in inside.items():
        assert 0.90 <= hits / known[method] <= 0.985, method
    assert reliabilities >= 0.6 * 2 * rounds
    if common == 0.3:
        assert warned >= 0.8 * rounds
        assert codes["items_ask_for_two_abilities"]["common"] == pytest.approx(common, abs=0.2)


@pytest.mark.parametrize("n", [60, 200, 1000])
def test_items_of_one_ability_are_not_set_apart(n):
    """Groups can always be found among some pupils; the others say that they have all in common."""
    rng = np.random.default_rng(22)
    found, widened = [], 0
    for _ in range(20):
        answers, seen = straight(n, rng, 1.0, 15, 15)
        common = common_part(answers, seen, np.full(30, 0.6))
        assert not common.little
        found.append(common.variance)
        widened += common.missed > 0.0
    assert np.mean(found) == pytest.approx(1.0, abs=4.0 * np.std(found) / np.sqrt(20))
    assert widened <= 4


@pytest.mark.parametrize("common", [0.2, 0.5, 0.8])
def test_variance_in_common_and_what_a_balanced_score_misses(common):
    """Halves alike: the score of ability correlates √(2c/(1 + c)) with what they have in common."""
    rng = np.random.default_rng(23)
    answers, seen = straight(20_000, rng, common, 15, 15)
    found = common_part(answers, seen, np.full(30, 0.6))
    assert found.variance == pytest.approx(common, abs=3.0 * found.error)
    assert found.share == 0.5
    assert found.missed == pytest.approx(2.0 - 2.0 * np.sqrt(2.0 * common / (1.0 + common)), abs=0.03)


def test_errors_of_the_variance_in_common_are_its_spread_over_pupils():
    rng = np.random.default_rng(24)
    found = [
        common_part(*straight(300, rng, 0.5, 15, 10), np.full(25, 0.6)) for _ in range(60)
    ]  # fmt: skip
    values, errors = np.array([(one.variance, one.error) for one in found]).T
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.3)


def test_booklets_leave_the_variance_in_common_where_it_is():
    rng = np.random.default_rng(25)
    answers, _ = straight(6000, rng, 0.5, 15, 15)
    seen = rng.random(answers.shape) < 0.5
    found = common_part(np.where(seen, answers, 0.0), seen, np.full(30, 0.6))
    assert found.variance == pytest.approx(0.5, abs=3.0 * found.error)
    assert found.error < 0.05


def test_a_text_is_no_ability():
    """Six of forty items on one text: what pupils are good at is what the others ask."""
    rng = np.random.default_rng(26)
    answers, seen = straight(3000, rng, 0.5, 34, 6)
    found = common_part(answers, seen, np.full(40, 0.6))
    assert found.share <= TEXT
    assert found.variance < 0.6
    assert found.missed == 0.0
    assert not found.little


def test_five_items_are_no_two_groups():
    rng = np.random.default_rng(27)
    answers, seen = straight(100, rng, 0.5, 3, 2)
    assert common_part(answers, seen, np.full(5, 0.6)) is None


def test_order_of_pupils_does_not_matter():
    """Nor with items that equally many get right, for whom slopes and sums are the same."""
    rng = np.random.default_rng(29)
    _, matrix = two_abilities(120, rng, 0.3, 10, 10)
    marks = matrix.marks.copy()
    marks[:, 1] = rng.permutation(marks[:, 0])
    order = rng.permutation(120)
    values = []
    for these in (marks, marks[order]):
        one = response_matrix(these, 1.0)
        values.append(score(calibrate(one, settings=QUICK), one).ability.se)
    np.testing.assert_allclose(values[0][order], values[1], atol=1e-6)


def test_order_of_items_and_their_keys_do_not_matter():
    rng = np.random.default_rng(28)
    answers, seen = straight(500, rng, 0.4, 15, 10)
    slopes = np.full(25, 0.6)
    one = common_part(answers, seen, slopes)
    order = rng.permutation(25)
    other = common_part(answers[order], seen[order], slopes[order])
    assert other.variance == pytest.approx(one.variance, abs=1e-9)
    assert other.missed == pytest.approx(one.missed, abs=1e-9)
    turned = np.where(np.arange(25) % 5 == 0, -1.0, 1.0)
    wrong_keys = common_part(answers * turned[:, None], seen, slopes * turned)
    assert wrong_keys.missed == pytest.approx(one.missed, abs=1e-9)
    assert wrong_keys.share == one.share == 0.4
