"""What the pages of directory share: the actor in its place, the school of a page, refused commands."""

from collections.abc import Mapping

from django import forms
from django.http import HttpRequest

from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.public.relations import roles_at
from smartschool.contexts.directory.public.roles import OFFICE
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError


def actor_of(request: HttpRequest) -> Actor:
    """Who asks, standing in the workspace of the page."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def place_of(request: HttpRequest) -> int:
    """Id of the organisation in which the page stands."""
    place = actor_of(request).workspace
    assert place is not None  # noqa: S101 - the policies stand in a school or at the bureau
    return place.id


def school_of(request: HttpRequest) -> Organisation:
    """The organisation in which the page stands, for commands; one round trip."""
    return Organisation.objects.get(pk=place_of(request))


def runs_office(actor: Actor) -> bool:
    """Whether the actor is principal or in the office here; many of them teach as well."""
    return actor.workspace is not None and bool(roles_at(actor, actor.workspace.id) & OFFICE)


def blame(form: forms.Form, refused: DomainError, fields: Mapping[str, str], otherwise: str) -> None:
    """Put a refusal at the field that its code belongs to (`directory.code_taken` → "code")."""
    form.add_error(fields.get(refused.code.rpartition(".")[2], otherwise), refused.message)
