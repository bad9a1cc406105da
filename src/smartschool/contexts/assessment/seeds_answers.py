"""Invented answers to the demo's papers: pupils, classes and schools differ, items differ, points differ.

A two-parameter logistic model with a guessing floor for choices; open items are marked in steps. What the
analysis later fits is not this model: point effects, steps and absences are not in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartschool.contexts.assessment.public.contracts import NO_ANSWER, AttemptStatus, ItemType, MarkState
from smartschool.contexts.assessment.scoring import mark_of

GUESSING = 0.2
ABSENT, DEFERRED = 0.015, 0.003
OPTIONS = "ABCD"


@dataclass(frozen=True, slots=True)
class Answers:
    """P pupils × I items."""

    statuses: NDArray[np.int8]
    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    choices: NDArray[np.str_]


def invent(
    items: Sequence[dict[str, Any]], ability: NDArray[np.float64], rng: np.random.Generator
) -> Answers:
    """Answers of pupils with these abilities (mean 0, standard deviation about 1)."""
    pupils = len(ability)
    codes = sorted({code for item in items for code, _ in item["points"]})
    strength = rng.normal(0, 0.5, (pupils, len(codes)))  # one pupil is better at one point than at another
    shared = rng.normal(0, 0.35, len(codes))  # and a whole group has learnt a point less well
    marks = np.zeros((pupils, len(items)))
    choices = np.full((pupils, len(items)), "", dtype="U4")
    for place, item in enumerate(items):
        known = [codes.index(code) for code, _ in item["points"]]
        theta = ability + ((strength + shared)[:, known].mean(axis=1) if known else 0)
        chance = 1 / (1 + np.exp(-1.7 * item["slope"] * (theta - item["difficulty"])))
        kind = ItemType(item["type"])
        if kind.objective:
            choices[:, place] = _choose(kind, item["key"], chance, rng)
            rule = {"type_": kind, "key": item["key"], "full": item["full"], "partial": item["full"] / 2}
            marks[:, place] = [mark_of(str(choice), **rule) for choice in choices[:, place]]
        elif kind is ItemType.BLANK:
            marks[:, place] = np.where(rng.random(pupils) < chance, item["full"], 0)
        else:
            steps = int(item["full"])
            marks[:, place] = rng.binomial(steps, rng.beta(4 * chance + 0.05, 4 * (1 - chance) + 0.05))
    statuses = _statuses(pupils, rng)
    away = statuses != AttemptStatus.PRESENT
    states = np.full(marks.shape, MarkState.MARKED, np.int8)
    marks[away], states[away], choices[away] = np.nan, MarkState.ABSENT, ""
    return Answers(statuses, marks, states, choices)


def _choose(kind: ItemType, key: str, chance: NDArray[np.float64], rng: np.random.Generator) -> list[str]:
    """Options: the right one by ability, else mostly one favourite wrong one, rarely none."""
    floor = GUESSING if kind is ItemType.SINGLE else 0.0
    right = rng.random(len(chance)) < floor + (1 - floor) * chance
    if kind is ItemType.SINGLE:
        wrong = [option for option in OPTIONS if option != key]
        shares = [0.55, 0.25, 0.2]
    else:  # an incomplete answer, or one option too many
        wrong = [key[:-1], key[1:], "".join(sorted({*key, *OPTIONS} - {key[0]}))]
        shares = [0.45, 0.3, 0.25]
    order = rng.permutation(3)
    others = rng.choice([wrong[i] for i in order], len(chance), p=shares)
    others[rng.random(len(chance)) < 0.02] = NO_ANSWER
    return [key if hit else str(other) for hit, other in zip(right, others, strict=True)]


def _statuses(pupils: int, rng: np.random.Generator) -> NDArray[np.int8]:
    draw = rng.random(pupils)
    statuses = np.full(pupils, AttemptStatus.PRESENT, np.int8)
    statuses[draw < ABSENT + DEFERRED] = AttemptStatus.ABSENT
    statuses[draw < DEFERRED] = AttemptStatus.DEFERRED
    return statuses
