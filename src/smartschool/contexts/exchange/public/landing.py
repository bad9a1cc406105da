"""Starts the import wizard for a room whose importer needs options of its own page (which paper)."""

from collections.abc import Mapping

from django.urls import reverse

from smartschool.contexts.exchange.commands.landing import check_run, land_file
from smartschool.kernel.actor import Actor


def land_and_check(
    *, actor: Actor, importer: str, content: bytes, file_name: str, options: Mapping[str, str]
) -> str:
    """Land a file for the actor's school, check it, and answer the address where the wizard goes on."""
    if actor.workspace is None:
        raise TypeError("the wizard stands in a school")
    run = land_file(
        actor=actor,
        organisation_id=actor.workspace.id,
        importer=importer,
        content=content,
        file_name=file_name,
        options=options,
    )
    check_run(actor=actor, run=run)
    return reverse("exchange:run", args=[actor.workspace.code, run.code])
