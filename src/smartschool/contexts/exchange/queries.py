"""Reads of exchange: the importer, the target, the landed bytes and the saved mapping of a run."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from smartschool.contexts.exchange import errors
from smartschool.contexts.exchange.models import HeaderMapping, ImportRun
from smartschool.kernel import clock, files
from smartschool.kernel.actor import Actor
from smartschool.kernel.importing import Importer, Target
from smartschool.kernel.ready import Ready
from smartschool.kernel.registry import importers
from smartschool.kernel.retention import rules


def importer_named(name: str) -> Importer:
    """A registered importer, or 404."""
    try:
        return importers.get(name)
    except KeyError:
        raise errors.unknown_importer(name) from None


def target_of(run: ImportRun, actor: Actor) -> Target:
    """Where a run goes; the day is today, not the day of landing."""
    return Target(run.organisation_id, run.fixed, run.mode, clock.today(), actor, run.options, run.file_name)


def content_of(run: ImportRun) -> bytes:
    """The landed file as it came."""
    if run.file is None:
        raise errors.not_ready()
    return b"".join(files.read(run.file))


_MAPPING = Ready(
    lambda organisation, importer: (
        HeaderMapping.rows().filter(organisation_id=organisation, importer=importer).values_list("words")
    )
)


def saved_mapping(organisation_id: int, importer: str) -> Mapping[str, str]:
    """The school's own words for the columns of an importer."""
    found = _MAPPING(organisation=organisation_id, importer=importer)
    return dict(found[0][0]) if found else {}


def report_of(run: ImportRun) -> dict[str, Any]:
    """The stored preview; empty once it has been dropped."""
    return json.loads(str(run.report)) if run.report else {}


def undoable(run: ImportRun) -> bool:
    """Applied, not undone, its undo image still there."""
    if run.status != ImportRun.Status.APPLIED or run.undo_file_id is None or run.applied_at is None:
        return False
    return clock.now() < run.applied_at + timedelta(days=rules()["import"].days)


def unfinished_runs(organisation_id: int, number: int = 4) -> list[ImportRun]:
    """Runs that wait for a decision or the worker, newest first; who left one for weeks began anew."""
    waiting = (
        ImportRun.Status.CHECKED,
        ImportRun.Status.QUEUED,
        ImportRun.Status.RUNNING,
        ImportRun.Status.NOT_APPLIED,
    )
    return list(
        ImportRun.objects.filter(
            organisation_id=organisation_id,
            status__in=waiting,
            landed_at__gte=clock.now() - timedelta(days=14),
        )
        .defer("report")
        .order_by("-landed_at")[:number]
    )


def recent_runs(organisation_id: int, number: int = 10) -> list[ImportRun]:
    """The last finished imports of an organisation, newest first."""
    finished = (ImportRun.Status.APPLIED, ImportRun.Status.UNDONE)
    return list(
        ImportRun.objects.filter(organisation_id=organisation_id, status__in=finished)
        .defer("report")
        .order_by("-landed_at")[:number]
    )
