"""Verbs on the organisation tree: create, rename, close. The bureau's business."""

from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory.errors import code_taken, still_in_use
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.create_organisation")
def create_organisation(
    *,
    actor: Actor,
    parent: Organisation,
    code: str,
    name: str,
    short_name: str,
    kind: str,
    valid_from: date,
    school_type: str = "",
    urban_rural: str = "",
    plan_category: str = "",
    town: str = "",
    division: str = "",
) -> Organisation:
    """Add a node below `parent`. A voided code is never used again, so a closed one counts as taken."""
    try:
        with transaction.atomic():
            made = Organisation.objects.create(
                parent=parent,
                code=code,
                name=name,
                short_name=short_name,
                kind=kind,
                valid_from=valid_from,
                school_type=school_type,
                urban_rural=urban_rural,
                plan_category=plan_category,
                town=town,
                division=division,
            )
    except IntegrityError:
        raise code_taken(code) from None
    done(
        made,
        organisation_id=made.pk,
        data={"code": code, "name": name, "parent": parent.code},
        event="directory.organisation_created",
    )
    return made


@command("directory.rename_organisation")
def rename_organisation(
    *, actor: Actor, organisation: Organisation, name: str, short_name: str
) -> Organisation:
    """The code stays, it is for life."""
    former = organisation.name
    organisation.name, organisation.short_name = name, short_name
    organisation.save(update_fields=["name", "short_name"])
    done(organisation, organisation_id=organisation.pk, data={"from": former, "to": name})
    return organisation


@command("directory.close_organisation")
def close_organisation(*, actor: Actor, organisation: Organisation, on: date) -> Organisation:
    """Refused while open organisations hang below it; its classes are closed by the school first."""
    below = Organisation.objects.filter(valid_on(on), parent=organisation).count()
    if below:
        raise still_in_use(f"下面还有 {below} 个单位")
    organisation.valid_to = on
    organisation.save(update_fields=["valid_to"])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"on": on.isoformat()},
        event="directory.organisation_closed",
    )
    return organisation
