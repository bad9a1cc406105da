"""Audit: records in the command's transaction, sealed into a hash chain after they are committed."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connections, models

from smartschool.kernel.actor import Actor
from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.request_context import current_request

# By hand: every command writes one, and composing the statement costs more than carrying it out.
_INSERT = """
INSERT INTO kernel_auditrecord
    (request_id, account_id, actor, organisation_id, verb, subject_type, subject_id, outcome, data, ip,
     user_agent)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def subject_of(subject: models.Model | tuple[str, Any]) -> tuple[str, str]:
    """``("directory.homeclass", "42")`` of a model instance or of a ready pair."""
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(subject.pk)
    return subject[0], str(subject[1])


def record(
    *,
    actor: Actor,
    verb: str,
    subject: models.Model | tuple[str, Any],
    organisation_id: int | None,
    data: dict[str, Any] | None = None,
    outcome: str = "done",
    using: str = "default",
) -> None:
    """Write one audit record. Commands do this through `kernel.command`; call it yourself only for reading
    of sensitive data and for refusals."""
    context = current_request()
    subject_type, subject_id = subject_of(subject)
    who = actor.role or actor.system or ",".join(sorted(actor.roles())) or "anonymous"
    with bound_cursor(using) as cursor:
        cursor.execute(
            _INSERT,
            [
                context.request_id,
                actor.account_id,
                who,
                organisation_id,
                verb,
                subject_type,
                subject_id,
                outcome,
                json.dumps(data or {}),
                context.ip or None,
                context.user_agent,
            ],
        )


@dataclass(frozen=True)
class ChainState:
    """Result of `verify`: the first broken record or None, the sealed and the unsealed count."""

    broken_record: int | None
    sealed: int
    unsealed: int


def seal(using: str = "default") -> int:
    """Chain every committed record that is not yet sealed; returns how many. Runs every few seconds.

    The chain head is not in the command: it would make every command wait for the slowest transaction.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT kernel_seal_audit()")
        return int(cursor.fetchone()[0])


def verify(using: str = "default") -> ChainState:
    """Recompute the chain."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT broken, sealed, unsealed FROM kernel_verify_audit()")
        broken, sealed, unsealed = cursor.fetchone()
    return ChainState(broken, sealed, unsealed)
