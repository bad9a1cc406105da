"""Verbs on guardians: add, end."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory import errors, records
from smartschool.contexts.directory.models import Guardianship, Organisation
from smartschool.contexts.directory.public.contracts import NewGuardian
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.add_guardians")
def add_guardians(
    *, actor: Actor, organisation: Organisation, guardians: Sequence[NewGuardian], valid_from: date
) -> list[int]:
    """Tie many guardians to their children; returns guardianship ids in order."""
    try:
        with transaction.atomic():
            ids = records.write_guardianships(organisation.pk, guardians, valid_from)
    except IntegrityError:
        raise errors.already_enrolled(sorted({one.name for one in guardians})) from None
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"guardians": len(guardians)},
        event="directory.guardians_added",
        ids={"guardianships": ids},
    )
    return ids


@command("directory.end_guardianship")
def end_guardianship(*, actor: Actor, guardianship: Guardianship, on: date) -> Guardianship:
    """From `on` this adult sees nothing of the child any more."""
    if guardianship.valid_to is not None:
        raise errors.not_open()
    guardianship.valid_to = on
    guardianship.revision += 1
    guardianship.save(update_fields=["valid_to", "revision"])
    done(
        guardianship,
        organisation_id=guardianship.organisation_id,
        data={"on": on.isoformat()},
        event="directory.guardianship_ended",
    )
    return guardianship
