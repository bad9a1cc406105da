"""Commands: the only writers. One atomic of their own, one audit record, at most one event, exactly once."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.db import IntegrityError, models, transaction

from smartschool.kernel import audit, events
from smartschool.kernel.actor import Actor
from smartschool.kernel.models import CommandReceipt

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class _Running:
    verb: str
    done: "Done | None" = None


@dataclass(frozen=True)
class Done:
    """What a command reports of itself before it returns."""

    subject: tuple[str, str]
    organisation_id: int | None
    data: dict[str, Any] = field(default_factory=dict)
    event: str | None = None
    ids: dict[str, Any] = field(default_factory=dict)


class AlreadyDone(Exception):
    """The same `command_id` was carried out before; `subject` is what it wrote then."""

    def __init__(self, subject: tuple[str, str]) -> None:
        super().__init__(f"already done: {subject[0]} {subject[1]}")
        self.subject = subject


_running: ContextVar[_Running | None] = ContextVar("running_command", default=None)
# Whether what runs succeeds or fails as a whole: `unit`.
_whole: ContextVar[bool] = ContextVar("one_unit", default=False)


@contextmanager
def unit() -> Iterator[None]:
    """One transaction that is given up whole when a command in it fails.

    Elsewhere a caller may catch what a command raises and go on with the transaction, so each command leaves
    a savepoint to return to; here nobody can (Django refuses any further query), and none is made.
    """
    with transaction.atomic():
        token = _whole.set(True)
        try:
            yield
        finally:
            _whole.reset(token)


def done(
    subject: models.Model | tuple[str, Any],
    *,
    organisation_id: int | None,
    data: dict[str, Any] | None = None,
    event: str | None = None,
    ids: dict[str, Any] | None = None,
) -> None:
    """Report, once, what the running command did; `data` is masked, `ids` carries keys only."""
    running = _running.get()
    if running is None:
        raise RuntimeError("done() outside a command")
    if running.done is not None:
        raise RuntimeError(f"{running.verb} reported twice")
    running.done = Done(audit.subject_of(subject), organisation_id, data or {}, event, ids or {})


def command(verb: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a command.

    The function takes ``actor`` keyword-only and must call `done` exactly once. The wrapper accepts an
    optional ``command_id`` (uuid.UUID): a second run with the same id raises `AlreadyDone` and writes
    nothing.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = kwargs.get("actor")
            if not isinstance(actor, Actor):
                raise TypeError(f"{verb} needs actor=Actor")
            command_id = cast("uuid.UUID | None", kwargs.pop("command_id", None))
            running = _Running(verb)
            with transaction.atomic(savepoint=not _whole.get()):
                receipt = _receipt(command_id, verb, actor) if command_id else None
                token = _running.set(running)
                try:
                    result = function(*args, **kwargs)
                finally:
                    _running.reset(token)
                report = running.done
                if report is None:
                    raise RuntimeError(f"{verb} left no audit record")
                audit.record(
                    actor=actor,
                    verb=verb,
                    subject=report.subject,
                    organisation_id=report.organisation_id,
                    data=report.data,
                )
                if report.event:
                    events.publish(
                        report.event,
                        subject_id=report.subject[1],
                        organisation_id=report.organisation_id,
                        ids=report.ids,
                    )
                if receipt is not None:
                    receipt.subject_type, receipt.subject_id = report.subject
                    receipt.save(update_fields=["subject_type", "subject_id"])
            return result

        run.command_verb = verb  # type: ignore[attr-defined]
        return run

    return decorate


def _receipt(command_id: uuid.UUID, verb: str, actor: Actor) -> CommandReceipt:
    """Claim the id. A concurrent twin waits on the unique index until the first has committed."""
    try:
        with transaction.atomic():
            return CommandReceipt.objects.create(
                command_id=command_id, verb=verb, account_id=actor.account_id
            )
    except IntegrityError:
        former = CommandReceipt.objects.get(command_id=command_id)
        if former.verb != verb or former.account_id != actor.account_id:
            raise
        raise AlreadyDone((former.subject_type, former.subject_id)) from None
