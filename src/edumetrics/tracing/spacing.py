"""When to come back to a point: spacing by the FSRS scheduler, from right and wrong answers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from fsrs import Card, Rating, Scheduler

from edumetrics.errors import BadAnswer, BadSetting, EmptyMatrix


@dataclass(frozen=True, slots=True)
class Review:
    """When the next practice is worth it, and how likely the pupil still knows it at `asked`."""

    due: datetime
    recall: float
    stability_days: float
    difficulty: float


def next_review(
    answers: Sequence[tuple[datetime, bool]], asked: datetime, *, retention: float = 0.9
) -> Review:
    """Schedule from a pupil's answers on one knowledge point.

    Parameters
    ----------
    answers : sequence of (instant, right), in time, at least one; timezone-aware
    asked : datetime
        The instant for which `recall` is wanted.
    retention : float
        Recall to keep; FSRS's default of 0.9.

    Notes
    -----
    FSRS (Ye, Su & Cao 2022, KDD, 4381–4390), library `fsrs`. A right answer counts as "good", a wrong one as
    "again"; children are not asked how hard it felt. Fuzz is off: the same answers give the same day.
    """
    if not 0.0 < retention < 1.0:
        raise BadSetting(value=f"retention is a share between 0 and 1, not {retention}")
    if not answers:
        raise EmptyMatrix(value="no answer yet: there is nothing to come back to")
    if any(later[0] < earlier[0] for earlier, later in pairwise(answers)):
        raise BadAnswer(value="answers are not in time order")
    scheduler = Scheduler(
        desired_retention=retention, enable_fuzzing=False, learning_steps=(), relearning_steps=()
    )
    card = Card(card_id=1, due=answers[0][0])
    for at, right in answers:
        card, _ = scheduler.review_card(card, Rating.Good if right else Rating.Again, at)
    return Review(
        card.due,
        float(scheduler.get_card_retrievability(card, asked)),
        float(card.stability or 0.0),
        float(card.difficulty or 0.0),
    )
