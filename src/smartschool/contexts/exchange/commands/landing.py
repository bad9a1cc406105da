"""Verbs before the data changes: land a file, check it, save a mapping, put it away."""

import hashlib
from collections.abc import Mapping
from io import BytesIO

from smartschool.contexts.exchange import errors, report
from smartschool.contexts.exchange.checkup import Checkup, compare, read_and_check
from smartschool.contexts.exchange.models import HeaderMapping, ImportRun
from smartschool.contexts.exchange.queries import content_of, importer_named, saved_mapping, target_of
from smartschool.kernel import files
from smartschool.kernel.actor import Actor
from smartschool.kernel.collector import collector_paused
from smartschool.kernel.command import command, done
from smartschool.kernel.importing import ADDED, CHANGED
from smartschool.kernel.ready import insert_row, update_row

WAITING = (ImportRun.Status.LANDED, ImportRun.Status.CHECKED, ImportRun.Status.NOT_APPLIED)


@command("exchange.land_file")
def land_file(
    *,
    actor: Actor,
    organisation_id: int,
    importer: str,
    content: bytes,
    file_name: str,
    mode: str = "add",
    fixed: bool = True,
    options: Mapping[str, str] | None = None,
) -> ImportRun:
    """Keep the file as it came, hashed and encrypted. Nothing else changes."""
    kind = importer_named(importer)
    if mode not in kind.modes:
        raise errors.unknown_mode(kind.zh)
    run = ImportRun(
        organisation_id=organisation_id,
        importer=importer,
        mode=mode,
        fixed=fixed,
        options=dict(options or {}),
        file=files.store(BytesIO(content), encrypt=True),
        file_name=file_name[-200:],
        file_size=len(content),
        file_digest=hashlib.sha256(content).hexdigest(),
        account_id=actor.account_id,
    )
    insert_row(run)
    done(
        run,
        organisation_id=organisation_id,
        data={"importer": importer, "digest": run.file_digest, "bytes": len(content)},
    )
    return run


@command("exchange.check_file")
@collector_paused()
def check_run(*, actor: Actor, run: ImportRun) -> Checkup:
    """Look at the file against today's records and keep the preview."""
    if run.status not in WAITING:
        raise errors.not_ready()
    importer, target = importer_named(run.importer), target_of(run, actor)
    saved = saved_mapping(run.organisation_id, run.importer)
    checkup = compare(read_and_check(content_of(run), importer, target, saved), importer, target)
    keep_preview(run, checkup, report.dump(report.build(checkup, importer, target)))
    run.status = ImportRun.Status.CHECKED
    update_row(run, (*PREVIEW, "status"))
    done(run, organisation_id=run.organisation_id, data={"rows": run.n_rows, "refused": run.refused})
    return checkup


PREVIEW = ("n_rows", "refused", "added", "changed", "unchanged", "leaving", "report")


def keep_preview(run: ImportRun, checkup: Checkup, content: str) -> None:
    """Counts and preview of the last look; the caller saves."""
    plan = checkup.plan
    run.n_rows, run.refused = checkup.rows, checkup.refused
    run.added = plan.count(ADDED) if plan else 0
    run.changed = plan.count(CHANGED) if plan else 0
    run.unchanged = run.n_rows - run.refused - run.added - run.changed
    run.leaving = len(plan.leaving) if plan else 0
    run.report = content


@command("exchange.save_mapping")
def save_mapping(*, actor: Actor, run: ImportRun, words: Mapping[str, str]) -> None:
    """Remember what a school's headers mean; the next file of the same kind needs no help."""
    importer = importer_named(run.importer)
    known = {column.key for column in importer.columns(target_of(run, actor))} | {""}
    clean = {word: key for word, key in words.items() if key in known}
    row, _ = HeaderMapping.objects.get_or_create(organisation_id=run.organisation_id, importer=run.importer)
    row.words = {**row.words, **clean}
    row.save(update_fields=["words"])
    done(row, organisation_id=run.organisation_id, data={"importer": run.importer, "words": len(clean)})


@command("exchange.discard_run")
def discard_run(*, actor: Actor, run: ImportRun) -> None:
    """Nothing is imported; the preview is dropped at once, the file with its retention."""
    if run.status not in WAITING:
        raise errors.not_ready()
    run.status, run.report = ImportRun.Status.DISCARDED, None
    run.save(update_fields=["status", "report"])
    done(run, organisation_id=run.organisation_id)
