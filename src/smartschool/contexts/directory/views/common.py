"""What the pages of directory share: the school of a page, refused commands."""

from collections.abc import Callable, Mapping

from django import forms
from django.http import HttpRequest

from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.policies import GIVES
from smartschool.contexts.directory.public.relations import roles_at
from smartschool.contexts.directory.public.roles import OFFICE
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, place_of


def school_of(request: HttpRequest) -> Organisation:
    """The organisation in which the page stands, for commands; one round trip."""
    return Organisation.objects.get(pk=place_of(request))


def runs_office(actor: Actor) -> bool:
    """Whether the actor is principal or in the office here; many of them teach as well."""
    return actor.workspace is not None and bool(roles_at(actor, actor.workspace.id) & OFFICE)


def gives(request: HttpRequest) -> frozenset[str]:
    """Posts that the actor may give and take here."""
    held = roles_at(actor_of(request), place_of(request))
    return frozenset().union(*(GIVES.get(role, frozenset()) for role in held))


def carried_out(
    form: forms.Form, verb: Callable[[], object], fields: Mapping[str, str], otherwise: str
) -> bool:
    """Whether the form is filled in well and the command did it. A refusal stands at its field (`blame`): the
    page then answers 422 with the form as it was sent."""
    if not form.is_valid():
        return False
    try:
        verb()
    except DomainError as refused:
        blame(form, refused, fields, otherwise)
        return False
    return True


def blame(form: forms.Form, refused: DomainError, fields: Mapping[str, str], otherwise: str) -> None:
    """Put a refusal at the field that its code belongs to (`directory.code_taken` → "code")."""
    form.add_error(fields.get(refused.code.rpartition(".")[2], otherwise), refused.message)
