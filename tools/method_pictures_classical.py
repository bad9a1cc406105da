"""Draws the pictures of docs/methods for exams, items, distractors, reliability, mastery and groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edumetrics.aggregates import group_means
from edumetrics.arrays import ResponseMatrix, State, response_matrix
from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.exam import analyse_exam
from edumetrics.options import option_responses, score_options
from edumetrics.results import Estimate, Insufficient
from smartschool.analyze.reader import ExamInput, read_exam, sources
from svg_plot import Plot

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "methods"


def exam(name: str) -> ExamInput:
    """One of the exams that ship with the product."""
    return read_exam(
        sources(ROOT / "tests" / "fixtures" / "exams" / name, items=None, q=None, knowledge=None)
    )


def exams() -> str:
    rng = np.random.default_rng(6)
    pupils, length = 400, 30
    reached = np.clip(np.rint(rng.normal(31, 5, pupils)), 12, length)
    blank = (np.arange(length) >= reached[:, None]) | (rng.random((pupils, length)) < 0.03)
    blank[:, 17] |= rng.random(pupils) < 0.2
    marks = np.where(blank, np.nan, rng.random((pupils, length)) < 0.7)
    states = np.where(blank, State.BLANK, State.ANSWERED)
    found = analyse_exam(response_matrix(marks, 1.0, states=states)).omissions
    plot = Plot(
        f"A paper too long for {found.pupils_out_of_time} of 400 drawn pupils; item 18 is passed over",
        (0, 31),
        (0, 0.65),
        "item, in the order of the paper",
        "share of pupils",
    )
    place = list(range(1, length + 1))
    plot.points(place, (found.omitted / pupils).tolist(), label="omitted")
    plot.points(place, (found.not_reached / pupils).tolist(), colour=1, label="not reached")
    plot.line([0, 31], [0.15, 0.15], colour=3, label="flagged from here")
    return plot.svg(range(0, 31, 5), (0, 0.1, 0.2, 0.3, 0.4, 0.5))


def items() -> str:
    result = analyse_exam(exam("frcsub").matrix)
    plot = Plot(
        "Fraction subtraction, 536 pupils: 20 items with 95 % intervals",
        (0, 21),
        (0, 1.2),
        "item",
        "facility (blue), D27 (orange)",
    )
    place = np.arange(1, 21)
    for figures, colour, label, shift in (
        (result.facility, 0, "facility", -0.15),
        (result.discrimination, 1, "D27", 0.15),
    ):
        plot.intervals((place + shift).tolist(), figures.low.tolist(), figures.high.tolist(), colour=colour)
        plot.points((place + shift).tolist(), figures.value.tolist(), colour=colour, label=label)
    return plot.svg(range(1, 21), (0, 0.2, 0.4, 0.6, 0.8, 1))


def wrong_key() -> ResponseMatrix:
    """Drawn answers of 300 pupils to 15 items; the key of item 1 is wrong on purpose."""
    rng = np.random.default_rng(8)
    ability, place = rng.normal(size=(300, 1)), rng.normal(0, 0.8, 15)
    right = rng.random((300, 15)) < 1 / (1 + np.exp(-1.2 * (ability - place)))
    key = rng.integers(0, 4, 15)
    wrong = (key + rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=(300, 15))) % 4
    letters = np.array(list("ABCD"))
    keys = [str(letter) for letter in letters[key]]
    keys[0] = str(letters[(key[0] + 1) % 4])
    options = option_responses(letters[np.where(right, key, wrong)].T.tolist(), keys)
    return response_matrix(score_options(options, np.ones(15)), 1.0, options=options)


def distractors() -> str:
    matrix = wrong_key()
    found = analyse_exam(matrix).options[0]
    assert isinstance(found, OptionAnalysis)
    assert not isinstance(found.curves, Insufficient)
    assert found.key_error is not None
    plot = Plot(
        f"A wrong key: pupils who know choose {found.key_error.rival} (300 drawn pupils)",
        (0.5, 5.5),
        (0, 1.4),
        "fifth of the pupils by the score on the other items",
        "share",
    )
    for k, (label, line) in enumerate(zip(found.labels, found.curves, strict=True)):
        word = f"{label}, the key" if found.in_key[k] else label
        plot.line([1, 2, 3, 4, 5], line.tolist(), colour=k, label=word)
    return plot.svg((1, 2, 3, 4, 5), (0, 0.25, 0.5, 0.75, 1))


def reliability() -> str:
    result = analyse_exam(exam("frcsub").matrix)
    bands = [(band, band.sem) for band in result.conditional_sem if isinstance(band.sem, Estimate)]
    overall = result.reliability.sem
    assert isinstance(overall, Estimate)
    middle = [(band.low + band.high) / 2 for band, _ in bands]
    plot = Plot(
        "Fraction subtraction: the error of a total is largest in the middle of the scale",
        (0, 20),
        (0, 3),
        "total",
        "standard error of measurement, marks",
    )
    plot.intervals(middle, [sem.low for _, sem in bands], [sem.high for _, sem in bands])
    plot.points(middle, [sem.value for _, sem in bands], label="conditional")
    plot.line([0, 20], [overall.value, overall.value], colour=1, label="one figure for all")
    return plot.svg((0, 5, 10, 15, 20), (0, 0.5, 1, 1.5, 2, 2.5))


def mastery() -> str:
    source = exam("frcsub")
    table = analyse_exam(source.matrix, source.q, [p.code for p in source.points]).mastery
    assert table is not None
    point = 1  # separate a whole number from a fraction
    shares = table.share
    order = np.linspace(0, 535, 40).astype(int)
    plot = Plot(
        "Posterior of 40 pupils at one point (fraction subtraction), 95 % intervals",
        (0, 41),
        (0, 1.25),
        "pupil, in the order of the list",
        "expected share of marks",
    )
    place = list(range(1, 41))
    plot.intervals(place, shares.low[order, point].tolist(), shares.high[order, point].tolist())
    plot.points(place, shares.value[order, point].tolist())
    for limit, word in ((0.60, "basic from .60"), (0.85, "mastered from .85")):
        plot.line([0, 41], [limit, limit], colour=1 if limit < 0.7 else 2, label=word)
    return plot.svg(range(0, 41, 5), (0, 0.2, 0.4, 0.6, 0.8, 1))


def groups() -> str:
    rng = np.random.default_rng(4)
    sizes = [8, 12, 25, 30, 38, 40, 42, 45, 9, 33]
    truth = rng.normal(0.65, 0.04, 10)
    rows = np.repeat(np.arange(10), sizes)
    values = np.clip(rng.normal(truth[rows], 0.2), 0, 1)[:, None]
    table = group_means(values, [f"{g:02d}" for g in rows])
    plot = Plot(
        "Ten drawn classes of 8 to 45 pupils: small ones are drawn to the whole",
        (0, 11),
        (0.4, 1.0),
        "class",
        "mean share of marks",
    )
    place = list(range(1, 11))
    plot.intervals(place, table.shrunken.low[:, 0].tolist(), table.shrunken.high[:, 0].tolist())
    plot.points(place, table.shrunken.value[:, 0].tolist(), label="shrunken")
    plot.points(place, table.raw.value[:, 0].tolist(), colour=1, label="plain mean")
    plot.points(place, truth.tolist(), colour=2, label="truth")
    return plot.svg(place, (0.4, 0.5, 0.6, 0.7, 0.8, 0.9))


if __name__ == "__main__":
    for name, draw in (
        ("exams", exams),
        ("items", items),
        ("distractors", distractors),
        ("reliability", reliability),
        ("mastery", mastery),
        ("groups", groups),
    ):
        (OUT / f"{name}.svg").write_text(draw(), encoding="utf-8")
