"""Reads for families: own children's released reports, the report itself, its earlier versions and exams."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Exists, OuterRef, Q

from edumetrics.arrays import MARK_TOLERANCE
from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import AttemptStatus, MarkState
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose.pupil import Earlier, OwnReport, OwnResult, compose_own_report
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, PupilReport, Release
from smartschool.contexts.diagnosis.policies import view_own
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.contexts.directory.public import families
from smartschool.contexts.directory.public.contracts import ChildInfo
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import NotYours


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One released report in a list."""

    child: ChildInfo
    subject: str
    exam: str
    paper_code: str
    level: str
    released_at: datetime
    corrected: bool


@dataclass(frozen=True, slots=True)
class OwnPage:
    """One report with what stands around it."""

    child: ChildInfo
    paper: PaperSketch
    report: OwnReport
    release: Release
    corrections: tuple[str, ...]


def children(actor: Actor) -> list[ChildInfo]:
    """Oneself, or the own children, in the schools of the scope."""
    if actor.person_id is None:
        return []
    found = families.own_enrolments(actor.person_id) + families.children_of(actor.person_id)
    return list({child.enrolment_id: child for child in found}.values())


def _open_to(actor: Actor, enrolments: Sequence[int]) -> Q:
    """Reports whose release reaches the actor: a pupil only where pupils were told too."""
    told = Release.rows().filter(paper_id=OuterRef("run__paper_id"), withdrawn_at__isnull=True)
    own = [child.enrolment_id for child in _own(actor)]
    as_pupil = Q(enrolment_id__in=own) & Exists(told.filter(audience=Release.Audience.BOTH))
    as_guardian = ~Q(enrolment_id__in=own) & Exists(told)
    return Q(enrolment_id__in=list(enrolments)) & (as_pupil | as_guardian)


def _own(actor: Actor) -> list[ChildInfo]:
    return [] if actor.person_id is None else families.own_enrolments(actor.person_id)


def own_rows(actor: Actor, *, limit: int = 100) -> list[OwnRow]:
    """Released reports, the newest first."""
    family = {child.enrolment_id: child for child in children(actor)}
    if not family:
        return []
    rows = list(
        view_own.queryset(actor)
        .filter(_open_to(actor, list(family)))
        .select_related("run")
        .defer("run__inputs", "run__settings")
        .order_by("-run__held_on", "enrolment_id", "run__subject")[:limit]
    )
    told = {
        release.paper_id: release
        for release in Release.rows()
        .filter(paper_id__in={row.run.paper_id for row in rows}, withdrawn_at__isnull=True)
        .annotate(corrected=_corrected_since("paper_id", "run__number"))
    }
    found = []
    for row in rows:
        paper, release = sketches.load(row.run.sketch), told[row.run.paper_id]
        found.append(
            OwnRow(
                child=family[row.enrolment_id],
                subject=paper.subject,
                exam=paper.exam,
                paper_code=row.run.paper_code,
                level=_level(paper, row),
                released_at=release.released_at,
                corrected=release.corrected,
            )
        )
    return found


def _corrected_since(paper: str, number: str) -> Exists:
    """Whether a version after `number` put something right; later ones may only have added marks."""
    return Exists(
        AnalysisRun.rows().filter(
            paper_id=OuterRef(paper), number__gt=OuterRef(number), changes__isnull=False
        )
    )


def _level(paper: PaperSketch, row: PupilReport) -> str:
    if row.level is not None:
        return paper.level_labels[row.level]
    status = AttemptStatus(row.status)
    return "没有等级" if status is AttemptStatus.PRESENT else status.zh


def own_page(actor: Actor, *, paper_code: str, enrolment_code: str) -> OwnPage:
    """One report, or 404: not one's own, not released, withdrawn and unknown look the same."""
    child = next((one for one in children(actor) if one.code == enrolment_code), None)
    if child is None:
        raise NotYours
    reach = _open_to(actor, [child.enrolment_id])
    row = view_own.queryset(actor).filter(reach, run__paper_code=paper_code).select_related("run").first()
    if row is None:
        raise NotYours
    release = (
        Release.rows()
        .select_related("run")
        .annotate(corrected=_corrected_since("paper_id", "run__number"))
        .get(paper_id=row.run.paper_id, withdrawn_at__isnull=True)
    )
    paper = sketches.load(row.run.sketch)
    report = compose_own_report(
        paper,
        result_of(row),
        lost_items=lost_items(paper, row),
        doubtful_items=_doubtful(row.run),
        earlier=_earlier(row, reach),
        show_marks=release.marks,
    )
    return OwnPage(child, paper, report, release, _corrections(paper, row, release))


def result_of(row: PupilReport) -> OwnResult:
    """Stored row as composition takes it."""
    status = AttemptStatus(row.status)
    return OwnResult(
        present=status is AttemptStatus.PRESENT and (row.level is not None or bool(row.states)),
        reason="" if status is AttemptStatus.PRESENT else status.zh,
        level=row.level,
        share=row.share,
        states=tuple(None if state < 0 else state for state in row.states),
        sure=tuple(row.sure),
        n_items=tuple(row.n_items),
    )


def lost_items(paper: PaperSketch, row: PupilReport) -> list[int]:
    """Items on which this pupil lost marks; only which, never how many marks."""
    if not paper.items:
        return []
    data = assessment.answers_of(row.run.paper_id, len(paper.items), class_ids=[row.home_class_id])
    place = np.flatnonzero(data.enrolment_ids == row.enrolment_id)
    if not len(place):
        return []
    full = np.array([item.full for item in paper.items])
    blank = data.states[place[0]] == MarkState.BLANK
    return [int(j) for j in np.flatnonzero(blank | (data.marks[place[0]] < full - MARK_TOLERANCE))]


def _doubtful(run: AnalysisRun) -> list[int]:
    row = ClassFigure.rows().filter(run=run, home_class__isnull=True).first()
    if row is None:
        return []
    return [j for j, item in enumerate(stored.load(row.numbers, row.words).items) if item.rival]


def _earlier(row: PupilReport, reach: Q) -> Earlier | None:
    """The own result at the exam before, if the reader may open it too and points are the same."""
    if row.run.held_on is None:
        return None
    former = (
        PupilReport.rows()
        .filter(
            reach,
            enrolment_id=row.enrolment_id,
            run__current=True,
            run__subject=row.run.subject,
            run__held_on__lt=row.run.held_on,
        )
        .select_related("run")
        .order_by("-run__held_on")
        .first()
    )
    if former is None or not former.states:
        return None
    paper = sketches.load(former.run.sketch)
    states = {
        point.code: None if state < 0 else state
        for point, state in zip(paper.points, former.states, strict=True)
    }
    now = {point.code for point in sketches.load(row.run.sketch).points}
    return Earlier(paper.exam, states) if now & states.keys() else None


def _corrections(paper: PaperSketch, row: PupilReport, release: Release) -> tuple[str, ...]:
    """What a correction after the release changed for this child, in words."""
    if not release.corrected:  # type: ignore[attr-defined]
        return ()
    then = PupilReport.rows().filter(run_id=release.run_id, enrolment_id=row.enrolment_id).first()
    if then is None:
        return ()
    said = []
    old_paper = sketches.load(release.run.sketch)
    before, after = _level(old_paper, then), _level(paper, row)
    said.append(f"等级由{before}改为{after}" if before != after else "等级没有变")
    former = dict(zip((point.code for point in old_paper.points), then.states, strict=False))
    moved = [
        point.name
        for point, state in zip(paper.points, row.states, strict=False)
        if former.get(point.code) != state
    ]
    if moved:
        said.append(f"重新算过的知识点：{'、'.join(moved)}")
    return tuple(said)
