"""Reads of assessment: lists of exams and papers, and all of one paper as arrays."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db.models import Count, F, QuerySet
from numpy.typing import NDArray

from smartschool.contexts.assessment.blocks import fetch_blocks
from smartschool.contexts.assessment.models import Exam, Item, Paper
from smartschool.contexts.assessment.public.contracts import (
    Answers,
    ExamInfo,
    ItemInfo,
    ItemType,
    Nature,
    PaperData,
    PaperInfo,
)
from smartschool.kernel.errors import NotYours
from smartschool.kernel.ready import Ready
from smartschool.kernel.scope import current_scope

# One row for a whole paper: each column comes back as one block, in the order of the roll, never of marks.
_ATTEMPTS = """
WITH attempt AS (
    SELECT * FROM assessment_attempt
    WHERE paper_id = %(paper)s AND (%(classes)s::bigint[] IS NULL OR home_class_id = ANY (%(classes)s))
    ORDER BY home_class_id, class_number, id
)
SELECT array_agg(id), array_agg(enrolment_id), array_agg(home_class_id), array_agg(class_number),
       array_agg(status), array_agg(stated_total), array_agg(marks) FILTER (WHERE cardinality(marks) > 0),
       array_agg(states) FILTER (WHERE cardinality(states) > 0),
       CASE WHEN bool_or(cardinality(choices) > 0) THEN array_agg(array_to_string(choices, ',')) END
FROM attempt
"""


def exam_info(exam: Exam) -> ExamInfo:
    return ExamInfo(
        exam.pk,
        exam.code,
        exam.name,
        exam.organisation_id,
        Nature(exam.nature),
        exam.grade,
        exam.term_id,
        exam.joint_code,
        exam.held_on,
    )


def paper_info(paper: Paper, n_items: int) -> PaperInfo:
    return PaperInfo(
        paper.pk,
        paper.code,
        exam_info(paper.exam),
        paper.subject,
        paper.stage,
        paper.exam.grade,
        paper.entry_year,
        paper.full_score,
        n_items,
        paper.revision,
        paper.marks_at,
        paper.item_marks,
    )


def _papers() -> QuerySet[Paper]:
    return Paper.rows().select_related("exam").annotate(n_items=Count("items", distinct=True))


def papers(
    *,
    organisation_id: int | None = None,
    term_id: int | None = None,
    grade: int | None = None,
    subjects: Iterable[str] | None = None,
    class_ids: Iterable[int] | None = None,
    enrolment_ids: Iterable[int] | None = None,
    joint_code: str | None = None,
    with_marks: bool = True,
) -> list[PaperInfo]:
    """Papers in the open scope, the newest exam first; `class_ids` and `enrolment_ids` ask for attempts."""
    found = _papers()
    narrow: list[tuple[str, Any]] = [
        ("organisation_id", organisation_id),
        ("exam__term_id", term_id),
        ("exam__grade", grade),
        ("subject__in", None if subjects is None else list(subjects)),
        ("exam__joint_code", joint_code),
    ]
    found = found.filter(**{lookup: value for lookup, value in narrow if value is not None})
    if with_marks:
        found = found.filter(marks_at__isnull=False)
    if class_ids is not None:
        found = found.filter(
            pk__in=Paper.rows().filter(attempts__home_class__in=list(class_ids)).values("pk")
        )
    if enrolment_ids is not None:
        found = found.filter(
            pk__in=Paper.rows().filter(attempts__enrolment__in=list(enrolment_ids)).values("pk")
        )
    found = found.order_by(F("exam__held_on").desc(nulls_last=True), "-exam_id", "subject")
    return [paper_info(paper, paper.n_items) for paper in found]  # type: ignore[attr-defined]


def paper(*, paper_id: int | None = None, code: str | None = None) -> PaperInfo:
    """One paper by key or code; `NotYours` when the scope does not show it."""
    found = _papers().filter(**({"pk": paper_id} if code is None else {"code": code})).first()
    if found is None:
        raise NotYours
    return paper_info(found, found.n_items)  # type: ignore[attr-defined]


# A line an item and point: aggregating them in the database costs more than putting them together here.
_items = Ready(
    lambda paper: Item.objects.filter(paper_id=paper)
    .order_by("position", "points__point_id")
    .values_list(
        "pk", "position", "label", "type", "full_score", "key", "options", "shared_item", "partial_score",
        "points__point_id", "points__weight",
    )
)  # fmt: skip


def items_of(paper_id: int) -> tuple[ItemInfo, ...]:
    """The two-way table of a paper as it is now, in frozen order; row security narrows it to the scope."""
    items: dict[int, Sequence[Any]] = {}
    points: dict[int, list[tuple[int, float]]] = {}
    for *item, point, weight in _items(paper=paper_id):
        pk = item[0]
        if items.setdefault(pk, item) is item:
            points[pk] = []
        if point is not None:
            points[pk].append((point, round(weight, 4)))
    return tuple(
        ItemInfo(
            pk,
            position,
            label,
            ItemType(kind),
            full,
            key,
            tuple(options),
            shared,
            tuple(points[pk]),
            partial,
        )
        for pk, position, label, kind, full, key, options, shared, partial in items.values()
    )


_EXAM_FIELDS = (
    "pk",
    "code",
    "name",
    "organisation_id",
    "nature",
    "grade",
    "term_id",
    "joint_code",
    "held_on",
)
_PAPER_FIELDS = (
    *("pk", "code", "subject", "stage", "entry_year", "full_score"),  # then the number of items
    *("revision", "marks_at", "item_marks"),
)
_PAPER = Ready(
    lambda paper: (
        Paper.rows().filter(pk=paper).values_list(*(f"exam__{name}" for name in _EXAM_FIELDS), *_PAPER_FIELDS)
    )
)


def paper_for_analysis(paper_id: int, *, class_ids: Iterable[int] | None = None) -> PaperData:
    """Everything an analysis needs of one paper (or of some of its classes) in three queries, without names.

    Raises
    ------
    NotYours
        The open scope does not show the paper.
    """
    found = _PAPER(paper=paper_id)
    if not found:
        raise NotYours
    items = items_of(paper_id)
    (exam_id, code, name, organisation, nature, grade, term, joint, held_on), own = found[0][:9], found[0][9:]
    exam = ExamInfo(exam_id, code, name, organisation, Nature(nature), grade, term, joint, held_on)
    key, paper_code, subject, stage, entry_year, full, *rest = own
    info = PaperInfo(key, paper_code, exam, subject, stage, grade, entry_year, full, len(items), *rest)
    answers = answers_of(paper_id, len(items), class_ids=class_ids)
    point_ids, weights = _weights(items)
    return PaperData(
        paper=info,
        items=items,
        point_ids=point_ids,
        weights=weights,
        attempt_ids=answers.attempt_ids,
        enrolment_ids=answers.enrolment_ids,
        class_ids=answers.class_ids,
        class_numbers=answers.class_numbers,
        statuses=answers.statuses,
        marks=answers.marks,
        states=answers.states,
        choices=answers.choices,
        stated_totals=answers.stated_totals,
    )


def answers_of(paper_id: int, n_items: int, *, class_ids: Iterable[int] | None = None) -> Answers:
    """The attempts alone, in one query, for a caller who knows the paper's `n_items` items already."""
    current_scope()
    classes = None if class_ids is None else list(class_ids)
    ids, enrolments, home_classes, numbers, statuses, totals, marks, states, choices = fetch_blocks(
        _ATTEMPTS, {"paper": paper_id, "classes": classes}
    )
    shape = (0 if ids is None else len(ids), n_items)
    empty = np.empty(0)
    return Answers(
        attempt_ids=np.asarray(empty if ids is None else ids, np.int64),
        enrolment_ids=np.asarray(empty if ids is None else enrolments, np.int64),
        class_ids=np.asarray(empty if ids is None else home_classes, np.int64),
        class_numbers=np.asarray(empty if ids is None else numbers, np.int16),
        statuses=np.asarray(empty if ids is None else statuses, np.int8),
        marks=np.asarray(empty if marks is None else marks, np.float64).reshape(shape),
        states=np.asarray(empty if states is None else states, np.int8).reshape(shape),
        choices=_choices(choices, n_items),
        stated_totals=np.asarray(empty if ids is None else totals, np.float64),
    )


def _weights(items: tuple[ItemInfo, ...]) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    """Keys of the points in order of first use, and the (I, K) weights."""
    point_ids = tuple(dict.fromkeys(point for item in items for point, _ in item.points))
    place = {point: column for column, point in enumerate(point_ids)}
    weights = np.zeros((len(items), len(point_ids)))
    for row, item in enumerate(items):
        for point, weight in item.points:
            weights[row, place[point]] = weight
    return point_ids, weights


def _choices(joined: list[str] | None, n_items: int) -> NDArray[np.str_] | None:
    """(P, I) options; a pupil without any has a row of ""."""
    if joined is None:
        return None
    nothing = [""] * n_items
    return np.array([row.split(",") if row else nothing for row in joined], dtype=np.str_)
