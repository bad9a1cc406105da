"""Verbs that change the data: queue, apply in one transaction, undo a whole batch."""

import json
import zlib
from io import BytesIO

from django.db import IntegrityError, transaction

from smartschool.contexts.exchange import errors, report
from smartschool.contexts.exchange.checkup import Reading, compare, read_and_check
from smartschool.contexts.exchange.commands.landing import PREVIEW, WAITING, keep_preview
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.public.contracts import ImportReport, UndoReport
from smartschool.contexts.exchange.queries import (
    content_of,
    importer_named,
    saved_mapping,
    target_of,
    undoable,
)
from smartschool.kernel import clock, files, journal
from smartschool.kernel.actor import Actor
from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.command import command, done
from smartschool.kernel.ready import update_row
from smartschool.kernel.scope import current_scope

# First key of the advisory locks of imports ("IMPO"): two imports into one school wait for each other.
_LOCK_SPACE = 0x494D504F
# The same for a school's queue ("QUEU").
_QUEUE_SPACE = 0x51554555
# A run that is over is never applied again.
OVER = (ImportRun.Status.APPLIED, ImportRun.Status.UNDONE, ImportRun.Status.DISCARDED)
# What applying changes of a run.
_APPLIED = (*PREVIEW, "status", "step", "message", "accept_partial", "confirmed", "undo_file", "applied_at")


@command("exchange.queue_import")
def queue_run(*, actor: Actor, run: ImportRun, accept_partial: bool, confirmed: bool) -> None:
    """Hand a checked run to the worker; the page may be closed."""
    _hold(run)
    if run.status not in WAITING:
        raise errors.not_ready()
    run.status, run.step, run.message = ImportRun.Status.QUEUED, 0, ""
    run.accept_partial, run.confirmed, run.account_id = accept_partial, confirmed, actor.account_id
    update_row(run, ["status", "step", "message", "accept_partial", "confirmed", "account_id"])
    done(run, organisation_id=run.organisation_id, data={"partial": accept_partial, "confirmed": confirmed})


def lock_queue(organisation_id: int, *, shared: bool) -> None:
    """Until the transaction ends: many may queue at once, and nobody looks meanwhile at what is queued."""
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with bound_cursor() as cursor:
        cursor.execute(f"SELECT {name}(%s, %s)", [_QUEUE_SPACE, organisation_id])


@command("exchange.start_import")
def start_run(*, actor: Actor, run: ImportRun) -> None:
    """The worker has taken it; committed by itself, so that the page can say so."""
    run.status, run.step = ImportRun.Status.RUNNING, 1
    update_row(run, ["status", "step"])
    done(run, organisation_id=run.organisation_id)


@command("exchange.give_up_import")
def give_up_run(*, actor: Actor, run: ImportRun, message: str) -> None:
    """Nothing was written; say so and why."""
    run.status, run.step, run.message = ImportRun.Status.NOT_APPLIED, 0, message
    update_row(run, ["status", "step", "message"])
    done(run, organisation_id=run.organisation_id, data={"reason": message})


@command("exchange.apply_import")
def apply_run(
    *,
    actor: Actor,
    run: ImportRun,
    accept_partial: bool,
    confirmed: bool,
    reading: Reading | None = None,
) -> ImportReport:
    """Everything or nothing: compare once more under a lock, write, note the undo image.

    `reading` is the pure half where the caller has done it already, outside the transaction.
    """
    importer, target = importer_named(run.importer), target_of(run, actor)
    _lock(sorted({run.organisation_id, *current_scope().write}))
    _hold(run)
    if run.status in OVER:
        raise errors.not_ready()
    if reading is None:
        saved = saved_mapping(run.organisation_id, run.importer)
        reading = read_and_check(content_of(run), importer, target, saved)
    checkup = compare(reading, importer, target)
    applies = checkup.may_apply(accept_partial=accept_partial, confirmed=confirmed)
    if applies and checkup.plan is not None and reading.checked is not None:
        notes = journal.Journal()
        importer.apply(checkup.plan, reading.checked, target, notes)
        image = zlib.compress(json.dumps(notes.image(), ensure_ascii=False).encode(), 1)
        run.undo_file = files.store(BytesIO(image), encrypt=True)
        run.applied_at = clock.now()
    keep_preview(run, checkup, report.dump(report.build(checkup, importer, target)))
    run.status = ImportRun.Status.APPLIED if applies else ImportRun.Status.NOT_APPLIED
    run.step, run.accept_partial, run.confirmed = 3, accept_partial, confirmed
    run.message = "" if applies else "有行没通过检查，一行也没有导入。"
    update_row(run, _APPLIED)
    outcome = checkup.report(applies=applies, run=run.code)
    done(
        run,
        organisation_id=run.organisation_id,
        data={
            "importer": run.importer,
            "digest": run.file_digest,
            "rows": outcome.rows,
            "added": outcome.added,
            "changed": outcome.changed,
            "left": outcome.left,
            "refused": outcome.refused,
        },
        event="exchange.import_applied" if applies and (outcome.applied or outcome.left) else None,
        ids={"run": run.pk, "importer": run.importer},
    )
    return outcome


def _hold(run: ImportRun) -> None:
    """Hold `run` as it is now until the transaction ends: of two clicks the second sees what the first did.

    A run that was applied twice would be left with the undo image of the second time, in which nothing is.
    """
    now = ImportRun.rows().select_for_update(of=("self",))
    run.refresh_from_db(fields=["status", "applied_at", "undo_file"], from_queryset=now)


def _lock(organisation_ids: list[int]) -> None:
    statement = "SELECT pg_advisory_xact_lock(%s, one) FROM unnest(%s::int[]) AS one ORDER BY one"
    with bound_cursor() as cursor:
        cursor.execute(statement, [_LOCK_SPACE, organisation_ids])


@command("exchange.undo_import")
def undo_run(*, actor: Actor, run: ImportRun) -> UndoReport:
    """Take the batch back. What was changed since, or is in use, stays and is listed."""
    _lock(sorted({run.organisation_id, *current_scope().write}))
    _hold(run)
    if not undoable(run) or run.undo_file is None:
        raise errors.not_undoable()
    image = json.loads(zlib.decompress(b"".join(files.read(run.undo_file))))
    try:
        with transaction.atomic():
            undone = journal.undo(image)
    except IntegrityError:
        raise errors.undo_conflict() from None
    importer_named(run.importer).undone(target_of(run, actor))
    run.status, run.undone_at = ImportRun.Status.UNDONE, clock.now()
    run.message = f"撤销了 {undone.done} 条，{len(undone.blocked)} 条导入后又改过，保持原样。"
    update_row(run, ["status", "undone_at", "message"])
    done(
        run,
        organisation_id=run.organisation_id,
        data={"undone": undone.done, "kept": len(undone.blocked)},
        event="exchange.import_undone",
        ids={"run": run.pk, "importer": run.importer},
    )
    return UndoReport(undone.done, tuple(undone.blocked))
