"""Audit: records in the command's transaction, sealed into a hash chain after they are committed."""

from dataclasses import dataclass
from typing import Any

from django.db import connections, models

from smartschool.kernel.actor import Actor
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.request_context import current_request


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
    AuditRecord.objects.using(using).create(
        request_id=context.request_id,
        account_id=actor.account_id,
        actor=actor.role or actor.system or ",".join(sorted(actor.roles())) or "anonymous",
        organisation_id=organisation_id,
        verb=verb,
        subject_type=subject_type,
        subject_id=subject_id,
        outcome=outcome,
        data=data or {},
        ip=context.ip,
        user_agent=context.user_agent,
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
