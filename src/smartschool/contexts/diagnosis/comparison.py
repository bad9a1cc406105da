"""Reads what a class did on the items that its exam shares with the one before, and compares the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edumetrics.anchors import MIN_ANCHORS
from edumetrics.common_items import common_item_growth
from edumetrics.results import Insufficient, Reason
from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import AttemptStatus, MarkState
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose.comparison import common_items, comparison
from smartschool.contexts.diagnosis.compose.words import Sentence
from smartschool.contexts.diagnosis.models import ClassFigure
from smartschool.contexts.diagnosis.queries import ClassPage


def compared_with_before(page: ClassPage) -> Sentence:
    """What is to be said of the class's last exam of the subject; nothing where there was none.

    One round trip; two more only where enough items stand in both exams.
    """
    former = _former(page)
    if former is None:
        return ()
    sketch = sketches.load(former.run.sketch)
    anchors = common_items(page.paper, page.figures, sketch, stored.load(former.numbers, former.words))
    if len(anchors) < MIN_ANCHORS:
        return comparison(former.run.exam_name, (), Insufficient(Reason.TOO_FEW_ITEMS, len(anchors)), ())
    own = page.figure.home_class_id
    here = _marks(page.run.paper_id, len(page.paper.items), own, [anchor.now for anchor in anchors])
    there = _marks(former.run.paper_id, len(sketch.items), own, [anchor.before for anchor in anchors])
    both = sorted(here.keys() & there.keys())
    size = (len(both), len(anchors))
    found = common_item_growth(
        tuple(page.paper.items[anchor.now].number for anchor in anchors),
        np.array([there[key] for key in both]).reshape(size),
        np.array([here[key] for key in both]).reshape(size),
        np.array([page.paper.items[anchor.now].full for anchor in anchors]),
    )
    if isinstance(found, Insufficient):
        return comparison(former.run.exam_name, (), found, ())
    return comparison(former.run.exam_name, found.anchors, found, found.drifted)


def _former(page: ClassPage) -> ClassFigure | None:
    """The figures of the same class at the last exam of the subject before this one."""
    if page.run.held_on is None:
        return None
    return (
        ClassFigure.rows()
        .filter(
            home_class=page.figure.home_class_id,
            subject=page.run.subject,
            run__current=True,
            run__held_on__lt=page.run.held_on,
        )
        .select_related("run")
        .defer("run__inputs", "run__settings", "run__changes")
        .order_by("-run__held_on", "-run__pk")
        .first()
    )


def _marks(
    paper_id: int, n_items: int, class_id: int | None, places: list[int]
) -> dict[int, NDArray[np.float64]]:
    """Marks of those who took part, by key of the enrolment; a blank is no mark gained."""
    data = assessment.answers_of(paper_id, n_items, class_ids=[class_id] if class_id else [])
    marks = np.where(data.states == MarkState.BLANK, 0.0, data.marks)[:, places]
    return {
        int(key): marks[row]
        for row, key in enumerate(data.enrolment_ids)
        if data.statuses[row] == AttemptStatus.PRESENT
    }
