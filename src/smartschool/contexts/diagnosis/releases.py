"""Reads for the release of results: exams with subjects, counts per level, a sample of a family's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose.pupil import OwnReport, OwnResult, compose_own_report
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, Release
from smartschool.contexts.diagnosis.policies import release_results as may_release
from smartschool.contexts.diagnosis.queries import corrected, few
from smartschool.kernel.actor import Actor


@dataclass(frozen=True, slots=True)
class Subject:
    """One paper of an exam in the list."""

    run: AnalysisRun
    name: str
    doubts: tuple[str, ...]
    release: Release | None


@dataclass(frozen=True, slots=True)
class ExamRow:
    """One exam of one grade with its papers."""

    name: str
    grade: int
    held_on: date | None
    subjects: tuple[Subject, ...]

    @property
    def open(self) -> bool:
        """Whether something is left to release."""
        return any(subject.release is None for subject in self.subjects)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a release of one paper will tell, in counts; of fewer than five pupils (`few`) without levels."""

    run: AnalysisRun
    name: str
    levels: tuple[tuple[str, int], ...]
    absent: int
    doubts: tuple[str, ...]
    few: bool


def exams(actor: Actor) -> list[ExamRow]:
    """Analysed exams, the newest first, grades and subjects in natural order."""
    runs = list(
        may_release.queryset(actor)
        .defer("inputs", "settings", "changes")
        .annotate(corrected=corrected("paper_id"))
        .order_by("-held_on", "grade", "subject")
    )
    told = {
        release.paper_id: release
        for release in Release.rows().filter(
            paper_id__in=[run.paper_id for run in runs], withdrawn_at__isnull=True
        )
    }
    doubts = _doubts(runs)
    grouped: dict[tuple[str, int, date | None], list[Subject]] = {}
    for run in runs:
        subject = Subject(run, run.sketch["subject"], doubts[run.pk], told.get(run.paper_id))
        grouped.setdefault((run.exam_name, run.grade, run.held_on), []).append(subject)
    return [ExamRow(*key, subjects=tuple(subjects)) for key, subjects in grouped.items()]


def _whole(runs: Sequence[AnalysisRun]) -> dict[int, stored.GroupFigures]:
    rows = ClassFigure.rows().filter(run__in=[run.pk for run in runs], home_class__isnull=True)
    return {row.run_id: stored.load(row.numbers, row.words) for row in rows}


def _doubts(runs: Sequence[AnalysisRun]) -> dict[int, tuple[str, ...]]:
    """Items whose key is in doubt, by their printed numbers; of all figures nothing else is read."""
    rows = ClassFigure.rows().filter(run__in=[run.pk for run in runs], home_class__isnull=True)
    found = dict(rows.values_list("run_id", "words__doubts"))
    return {
        run.pk: tuple(
            str(run.sketch["items"][place][0])
            for place, rival in sorted((int(place), rival) for place, (rival, _) in found[run.pk].items())
            if rival
        )
        for run in runs
    }


def previews(runs: Sequence[AnalysisRun]) -> list[Preview]:
    """Counts per level: the office sees counts, never whose level it is."""
    whole, doubts = _whole(runs), _doubts(runs)
    return [
        Preview(
            run,
            run.sketch["subject"],
            tuple(zip(run.sketch["levels"], whole[run.pk].levels, strict=True)),
            whole[run.pk].n_listed - whole[run.pk].n_present,
            doubts[run.pk],
            few(whole[run.pk].n_present),
        )
        for run in runs
    ]


def sample(run: AnalysisRun, *, marks: bool) -> OwnReport:
    """An invented pupil's report on this paper, made by the same composition as the real ones."""
    paper = sketches.load(run.sketch)
    states = tuple((3, 2, 1)[k % 3] for k in range(len(paper.points)))
    invented = OwnResult(True, "", 1, 0.78, states, (0.9,) * len(states), (3,) * len(states))
    return compose_own_report(
        paper,
        invented,
        lost_items=[j for j, item in enumerate(paper.items) if 2 in item.weights],
        doubtful_items=[],
        earlier=None,
        show_marks=marks,
    )
