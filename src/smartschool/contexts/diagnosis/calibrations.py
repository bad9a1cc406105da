"""After a report is committed: which papers are calibrated, from whose marks, and where the result is kept.

Reading and keeping are transactions of their own; nothing is open while the curves are worked out. The marks
of a joint paper are read school by school, each in the school's own scope; what is kept holds no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import PaperData
from smartschool.contexts.diagnosis.commands.calibrate import keep_calibration
from smartschool.contexts.diagnosis.compose.item_curve import LEAST_PUPILS
from smartschool.contexts.diagnosis.compute.paper import digests
from smartschool.contexts.diagnosis.models import AnalysisRun, PaperCalibration
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel import events
from smartschool.kernel.actor import system_actor
from smartschool.kernel.jobs import job_scope, queue_once

NAME = "diagnosis.calibrate"
PAPER_ANALYSED = "diagnosis.paper_analysed"
# The schools of a joint paper hand in over hours: wait a little instead of calibrating once a school.
JOINT_DELAY = {"minutes": 10}
# Corrections often follow a report at once, and in a season report follows report: a calibration takes a
# processor for a second, and nobody waits for it.
OWN_DELAY = {"minutes": 2}


@dataclass(frozen=True, slots=True)
class _Source:
    """A version whose marks go in."""

    run: AnalysisRun
    organisation: int


def follow(limit: int = 500) -> int:
    """Read new versions and queue their calibrations; returns how many events were read."""
    return events.follow(NAME, _queue, types=[PAPER_ANALYSED], limit=limit)


def _queue(happened: Sequence[events.Happened]) -> None:
    from smartschool.contexts.diagnosis import tasks  # tasks import this module

    wanted = dict.fromkeys((int(e.ids["paper"]), int(e.organisation_id or 0)) for e in happened)
    queue_once(
        tasks.calibrate,
        {
            f"calibrate-{paper}": {"paper": paper, "organisation": organisation}
            for paper, organisation in wanted
        },
        schedule_in=OWN_DELAY,
    )


def calibrate(paper_id: int, organisation: int) -> None:
    """A school's own paper at once where it has enough pupils; a joint paper later, with the others."""
    from smartschool.contexts.diagnosis import tasks

    with job_scope([organisation], write=False):
        run = _current([paper_id]).first()
        paper = assessment.paper(paper_id=paper_id)
    if run is None or not paper.item_marks:
        return
    if paper.exam.joint_code:
        code, subject = paper.exam.joint_code, paper.subject
        queue_once(
            tasks.calibrate_joint,
            {f"calibrate-{code}-{subject}": {"joint_code": code, "subject": subject}},
            schedule_in=JOINT_DELAY,
        )
    elif run.n_pupils >= LEAST_PUPILS:
        _calibrate([_Source(run, organisation)])


def calibrate_joint(joint_code: str, subject: str) -> None:
    """One calibration for every set of schools whose papers have the same two-way table."""
    schools = [school.id for school in directory.schools()]
    with job_scope(schools, write=False):
        papers = assessment.papers(joint_code=joint_code, subjects=[subject])
        runs = list(_current([paper.id for paper in papers if paper.item_marks]))
    tables: dict[str, list[_Source]] = {}
    for run in runs:
        tables.setdefault(run.inputs["table"], []).append(_Source(run, run.organisation_id))
    for sources in tables.values():
        if sum(source.run.n_pupils for source in sources) >= LEAST_PUPILS:
            _calibrate(sources)


def _current(papers: Sequence[int]) -> QuerySet[AnalysisRun]:
    return AnalysisRun.rows().filter(current=True, paper_id__in=papers).order_by("pk")


def _calibrate(sources: Sequence[_Source]) -> None:
    # Loads the compiler: a process that never calibrates does without.
    from smartschool.contexts.diagnosis.compute.calibration import ALGORITHM, calibrate_paper

    parts: list[PaperData] = []
    used: list[_Source] = []
    for source in sources:
        with job_scope([source.organisation], write=False):
            data = assessment.paper_for_analysis(source.run.paper_id)
        # Marks that came in since make a version of their own, which is calibrated when it is there.
        if digests(data) == source.run.inputs:
            parts.append(data)
            used.append(source)
    keys = sorted(source.run.pk for source in used)
    if not used or _kept(used[0], keys, ALGORITHM):
        return
    found = calibrate_paper(parts)
    for source in used:
        with job_scope([source.organisation]):
            keep_calibration(actor=system_actor("diagnosis"), run=source.run, sources=keys, found=found)


def _kept(source: _Source, keys: list[int], algorithm: str) -> bool:
    with job_scope([source.organisation], write=False):
        return PaperCalibration.rows().filter(run=source.run, sources=keys, algorithm=algorithm).exists()
