"""Doors of exchange: import a file from start to end, for the command line and for other rooms' seeds."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction

from smartschool.contexts.directory.public.doors import organisation, organisations
from smartschool.contexts.exchange import errors
from smartschool.contexts.exchange.checkup import compare, read_and_check
from smartschool.contexts.exchange.commands.applying import apply_run, queue_run, undo_run
from smartschool.contexts.exchange.commands.landing import land_file
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.public.contracts import ImportReport, UndoReport
from smartschool.contexts.exchange.queries import importer_named, saved_mapping
from smartschool.contexts.exchange.tasks import queue_import
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.collector import collector_paused
from smartschool.kernel.errors import DomainError
from smartschool.kernel.importing import Target
from smartschool.kernel.jobs import unit_scope
from smartschool.kernel.scope import Scope, scope_of


class UnknownSchool(DomainError):
    """The school of an import is not one of the district."""

    def __init__(self, code: str) -> None:
        super().__init__("exchange.unknown_school", f"本区没有标识码为 {code} 的学校，请核对。", status=404)


@collector_paused()
def import_file(
    *,
    actor: Actor,
    importer: str,
    content: bytes,
    file_name: str,
    school_code: str | None = None,
    mode: str = "add",
    options: Mapping[str, str] | None = None,
    accept_partial: bool = False,
    confirmed: bool = False,
    dry_run: bool = False,
) -> ImportReport:
    """Land, check and apply one file; a dry run only looks and keeps nothing.

    Without `school_code` the file may hold rows of many schools and the district owns the run. Opens its
    own transactions and scopes: for callers that act for the whole district (command line, seeds).
    """
    kind = importer_named(importer)
    if mode not in kind.modes:
        raise errors.unknown_mode(kind.zh)
    place, fixed = _place(school_code)
    target = Target(place, fixed, mode, clock.today(), actor, dict(options or {}), file_name)
    with _scope(place, fixed):
        saved = saved_mapping(place, importer)
    reading = read_and_check(content, kind, target, saved)
    if dry_run:
        with _scope(place, fixed, write=True):
            checkup = compare(reading, kind, target)
            applies = checkup.may_apply(accept_partial=accept_partial, confirmed=confirmed)
            transaction.set_rollback(True)
        return checkup.report(applies=applies, dry_run=True)
    with _scope(place, fixed, write=True):
        run = land_file(
            actor=actor,
            organisation_id=place,
            importer=importer,
            content=content,
            file_name=file_name,
            mode=mode,
            fixed=fixed,
            options=options,
        )
    with _scope(place, fixed, write=True):
        return apply_run(
            actor=actor, run=run, accept_partial=accept_partial, confirmed=confirmed, reading=reading
        )


def queue_file(
    *,
    actor: Actor,
    importer: str,
    content: bytes,
    file_name: str,
    school_code: str,
    options: Mapping[str, str] | None = None,
) -> str:
    """Land one file of a school and give it to the workers; returns the code of the run.

    A file with a fault is not applied; the run says why.
    """
    place, _ = _place(school_code)
    with unit_scope([place]):
        run = land_file(
            actor=actor,
            organisation_id=place,
            importer=importer,
            content=content,
            file_name=file_name,
            options=options,
        )
        queue_run(actor=actor, run=run, accept_partial=False, confirmed=False)
        queue_import(place)
    return run.code


def undo_import(*, actor: Actor, run_code: str) -> UndoReport:
    """Take an applied import back by its code."""
    place, _ = _place(None)
    with _scope(place, False, write=True):
        run = ImportRun.objects.filter(code=run_code).first()
        if run is None:
            raise errors.not_undoable()
        return undo_run(actor=actor, run=run)


def _place(school_code: str | None) -> tuple[int, bool]:
    """(organisation that owns the run, whether every row is its own)."""
    if school_code is not None:
        found = organisation(school_code)
        if found is None:
            raise UnknownSchool(school_code)
        return found.id, True
    bureaus = organisations(["bureau"])
    if not bureaus:
        raise UnknownSchool("（区教育体育局）")
    return bureaus[0].id, False


@contextmanager
def _scope(place: int, fixed: bool, *, write: bool = False) -> Iterator[Scope]:
    ids = {place} if fixed else {one.id for one in organisations()}
    with transaction.atomic(), scope_of(ids, write=write) as scope:
        yield scope
