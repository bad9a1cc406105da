"""What follows marks that arrive or are corrected: a job a paper, so that a bad one stops no other."""

from collections.abc import Sequence

from smartschool.contexts.assessment.public.events import (
    BLUEPRINT_CHANGED,
    MARKS_COMMITTED,
    PAPER_CORRECTED,
)
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.kernel import events
from smartschool.kernel.jobs import queue_once

NAME = "diagnosis.analyse"
TRIGGERS = {
    MARKS_COMMITTED: AnalysisRun.Trigger.MARKS,
    PAPER_CORRECTED: AnalysisRun.Trigger.CORRECTION,
    BLUEPRINT_CHANGED: AnalysisRun.Trigger.BLUEPRINT,
}


def follow(limit: int = 500) -> int:
    """Read new events and queue the analyses they ask for; returns how many events were read."""
    return events.follow(NAME, _queue, types=list(TRIGGERS), limit=limit)


def _queue(happened: Sequence[events.Happened]) -> None:
    from smartschool.contexts.diagnosis.tasks import analyse  # tasks import the queue of this module

    wanted: dict[tuple[int, int], str] = {}
    for event in happened:
        key = (int(event.ids["paper"]), int(event.organisation_id or 0))
        trigger = TRIGGERS[event.type].value
        # A correction among marks that arrive is a correction: it is what has to be explained.
        if wanted.get(key) in (None, AnalysisRun.Trigger.MARKS.value):
            wanted[key] = trigger
    queue_once(
        analyse,
        {
            f"analyse-{paper}": {"paper": paper, "organisation": organisation, "trigger": trigger}
            for (paper, organisation), trigger in wanted.items()
        },
    )
