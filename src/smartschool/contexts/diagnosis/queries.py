"""Reads of diagnosis: what a page needs, in few round trips. Nothing here orders people by marks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from numpy.typing import NDArray

from edumetrics.arrays import MARK_TOLERANCE, State
from edumetrics.suppression import MIN_GROUP
from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import NO_ANSWER, AttemptStatus, MarkState
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose.class_report import PupilLine, needs_help
from smartschool.contexts.diagnosis.compose.words import NOT_CHOSEN
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, PupilReport, Release
from smartschool.contexts.diagnosis.policies import own_subject, view_report
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotAllowed, NotYours
from smartschool.kernel.ready import Ready

GONE = "（已转出）"


@dataclass(frozen=True, slots=True)
class ClassPage:
    """One class on one paper as it is now."""

    figure: ClassFigure
    run: AnalysisRun
    paper: PaperSketch
    figures: GroupFigures
    own: bool  # the actor teaches this subject here: names and marks may be shown
    released_at: datetime | None
    corrected: int | None  # the last version that put something right; later ones only added marks

    @property
    def small(self) -> bool:
        """Below 25 pupils there are no groups and no curves."""
        return self.figure.n_present < 25

    def require_own(self) -> None:
        """404 for everybody but the class's own teacher of the subject."""
        if not self.own:
            raise NotYours


def released(paper: str = "paper_id") -> Exists:
    """Whether the results of a paper are open to pupils and parents."""
    return Exists(Release.rows().filter(paper_id=OuterRef(paper), withdrawn_at__isnull=True))


def corrected(paper: str) -> Subquery:
    """Number of the last version of a paper that put something right."""
    return Subquery(
        AnalysisRun.rows()
        .filter(paper_id=OuterRef(paper), changes__isnull=False)
        .order_by("-number")
        .values("number")[:1]
    )


def class_page(actor: Actor, *, paper_code: str, class_code: str) -> ClassPage:
    """Fetch through the policy, or 404; one round trip."""
    found = (
        view_report.queryset(actor)
        .filter(run__paper_code=paper_code, class_code=class_code)
        .select_related("run")
        .annotate(
            own=Case(When(own_subject.condition(actor), then=Value(True)), default=Value(False)),
            released=Release.rows()
            .filter(paper_id=OuterRef("run__paper_id"), withdrawn_at__isnull=True)
            .values("released_at")[:1],
            corrected=corrected("run__paper_id"),
        )
        .first()
    )
    if found is None:
        raise NotYours
    page = ClassPage(
        found,
        found.run,
        sketches.load(found.run.sketch),
        stored.load(found.numbers, found.words),
        bool(found.own),
        found.released,
        found.corrected,
    )
    if not page.own and few(page.figures.n_present, page.figures.n_totals):
        raise NotAllowed("参加的学生不到 5 人，班级的数字会让人看出每个人的得分，只有本科任课教师能看。")
    return page


def few(*counts: int) -> bool:
    """Whether figures of so many pupils would let one of them be worked out."""
    return any(0 < count < MIN_GROUP for count in counts)


def grade_figures(page: ClassPage) -> GroupFigures | None:
    """Figures of all classes of the paper; None where there is no other class to compare with.

    None too where a class has fewer than five pupils: the grade less the other classes would be that one.
    """
    if page.run.n_classes < 2:
        return None
    small = Q(n_present__gt=0, n_present__lt=MIN_GROUP) | Q(words__n__2__gt=0, words__n__2__lt=MIN_GROUP)
    few = ClassFigure.rows().filter(small, run=page.run, home_class__isnull=False)
    row = ClassFigure.rows().filter(~Exists(few), run=page.run, home_class__isnull=True).first()
    return None if row is None else stored.load(row.numbers, row.words)


def pupil_lines(page: ClassPage, *, with_names: bool = True) -> list[PupilLine]:
    """Pupils of the class by 学号, with whether they needed help at the exam before."""
    rows = list(
        PupilReport.rows()
        .filter(run=page.run, home_class_id=page.figure.home_class_id)
        .order_by("class_number", "enrolment_id")
    )
    ids = [row.enrolment_id for row in rows]
    people = directory.pupils_by_enrolment(ids) if with_names else {}
    before = _needed_help_before(page, ids)
    lines = []
    for row in rows:
        person = people.get(row.enrolment_id)
        status = AttemptStatus(row.status)
        lines.append(
            PupilLine(
                key=row.enrolment_id,
                code=person.code if person else "",
                number=row.class_number,
                name=person.name if person else GONE,
                present=status is AttemptStatus.PRESENT and bool(row.states or row.share is not None),
                reason="" if status is AttemptStatus.PRESENT else status.zh,
                level=row.level,
                states=states_of(row),
                sure=tuple(row.sure),
                help_before=row.enrolment_id in before,
            )
        )
    return lines


def states_of(row: PupilReport) -> tuple[int | None, ...]:
    """Stored states with None where there was not enough evidence."""
    return tuple(None if state < 0 else state for state in row.states)


def _needed_help_before(page: ClassPage, enrolments: Collection[int]) -> set[int]:
    """Who needed help at the last exam of the subject before this one, by the same rule."""
    if page.run.held_on is None:
        return set()
    rows = (
        PupilReport.rows()
        .filter(
            enrolment_id__in=enrolments,
            run__current=True,
            run__subject=page.run.subject,
            run__held_on__lt=page.run.held_on,
        )
        .select_related("run")
        .defer("run__sketch", "run__inputs", "run__settings", "run__changes")
        .order_by("enrolment_id", "-run__held_on")
        .distinct("enrolment_id")
    )
    lowest = len(page.paper.level_labels) - 1
    found = set()
    for row in rows:
        line = PupilLine(0, "", 0, "", row.status == 0, "", row.level, states_of(row), tuple(row.sure))
        if needs_help(line, lowest):
            found.add(row.enrolment_id)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class ClassMarks:
    """Marks and core states of one class; row i belongs to line i of the report."""

    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    choices: NDArray[np.str_] | None


def core_states(statuses: NDArray[np.int8], states: NDArray[np.int8]) -> NDArray[np.int8]:
    """assessment's reasons for a missing mark in the numbers of the numeric core."""
    core = np.full(states.shape, State.ANSWERED, dtype=np.int8)
    core[states == MarkState.BLANK] = State.BLANK
    core[states == MarkState.NOT_ENTERED] = State.NOT_PRESENTED
    core[states == MarkState.ABSENT] = State.NOT_PRESENTED
    for status, state in (
        (AttemptStatus.ABSENT, State.ABSENT),
        (AttemptStatus.DEFERRED, State.DEFERRED),
        (AttemptStatus.EXEMPT, State.EXEMPT),
    ):
        core[statuses == status] = state
    return core


def class_marks(page: ClassPage, lines: Sequence[PupilLine]) -> ClassMarks:
    """The answers of the class, for its own teacher, in the order of `lines`; one round trip.

    Joined by pupil: marks may have come in after the version of the report that is shown.
    """
    assert page.figure.home_class_id is not None  # noqa: S101 - class pages have a class
    data = assessment.answers_of(
        page.run.paper_id, len(page.paper.items), class_ids=[page.figure.home_class_id]
    )
    row_of = {int(key): row for row, key in enumerate(data.enrolment_ids)}
    rows = np.array([row_of.get(line.key, -1) for line in lines], dtype=np.int64)
    size = (len(lines), len(page.paper.items))
    marks, states = np.full(size, np.nan), np.full(size, State.NOT_PRESENTED, dtype=np.int8)
    choices = None if data.choices is None else np.full(size, "", dtype=data.choices.dtype)
    seen = rows >= 0
    marks[seen] = data.marks[rows[seen]]
    states[seen] = core_states(data.statuses, data.states)[rows[seen]]
    if choices is not None and data.choices is not None:
        choices[seen] = data.choices[rows[seen]]
    return ClassMarks(marks, states, choices)


def lost_items(paper: PaperSketch, marks: ClassMarks, row: int) -> list[int]:
    """Items on which a pupil lost marks or that were left blank, in the paper's order."""
    blank = marks.states[row] == State.BLANK
    full = np.array([item.full for item in paper.items])
    return [int(j) for j in np.flatnonzero(blank | (marks.marks[row] < full - MARK_TOLERANCE))]


def lost_note(marks: ClassMarks, row: int, item: int) -> str:
    """What was chosen or left blank; never how many marks."""
    choice = "" if marks.choices is None else str(marks.choices[row, item])
    if choice:
        return NOT_CHOSEN if choice == NO_ANSWER else f"选 {choice}"
    return "空白" if marks.states[row, item] == State.BLANK else ""


def reports_in_reach(actor: Actor, *, limit: int = 200, with_figures: bool = False) -> list[ClassFigure]:
    """Class reports the actor may open, the newest exam first, then grade and class."""
    heavy = () if with_figures else ("numbers", "words", "run__sketch")
    return list(
        view_report.queryset(actor)
        .select_related("run")
        .defer("run__inputs", "run__settings", "run__changes", *heavy)
        .annotate(own=Case(When(own_subject.condition(actor), then=Value(True)), default=Value(False)))
        .annotate(is_released=released("run__paper_id"), corrected=corrected("run__paper_id"))
        .order_by("-run__held_on", "run__grade", "run__subject", "home_class_id")[:limit]
    )


_LAST_RUN = Ready(
    lambda paper: (
        AnalysisRun.rows()
        .select_for_update()
        .filter(paper_id=paper)
        .order_by("-number")
        .values_list("pk")[:1]
    )
)


def last_run(paper_id: int) -> AnalysisRun | None:
    """The last version, in force or withdrawn, locked against a second analysis of the same paper."""
    found = _LAST_RUN(paper=paper_id)
    return AnalysisRun.rows().get(pk=found[0][0]) if found else None
