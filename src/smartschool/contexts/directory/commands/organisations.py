"""Verbs on the organisation tree: create, change, move, close, open again. The bureau's business."""

from collections.abc import Mapping
from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory import errors
from smartschool.contexts.directory.models import Headcount, HomeClass, Organisation
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done

Kind = Organisation.Kind
# Under what a unit of a kind may stand.
PARENTS: Mapping[str, tuple[str, ...]] = {
    Kind.CENTRAL_SCHOOL: (Kind.BUREAU,),
    Kind.SCHOOL: (Kind.BUREAU, Kind.CENTRAL_SCHOOL),
    Kind.CAMPUS: (Kind.SCHOOL,),
    Kind.TEACHING_POINT: (Kind.CENTRAL_SCHOOL, Kind.SCHOOL, Kind.BUREAU),
}
# What a change may touch; the code is for life and the kind comes with it.
CHANGEABLE = (
    "name", "short_name", "school_type", "urban_rural", "plan_category", "town", "division", "credit_code",
)  # fmt: skip


@command("directory.found_bureau")
def found_bureau(*, actor: Actor, code: str, name: str, valid_from: date) -> Organisation:
    """The root of the tree, once for each district: everything else stands below it."""
    if Organisation.objects.filter(kind=Kind.BUREAU, valid_to__isnull=True).exists():
        raise errors.bureau_exists()
    made = Organisation(code=code, name=name, short_name=name, kind=Kind.BUREAU, valid_from=valid_from)
    _save(made)
    done(
        made,
        organisation_id=made.pk,
        data={"code": code, "name": name},
        event="directory.organisation_created",
    )
    return made


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
    credit_code: str = "",
) -> Organisation:
    """Add a node below `parent`. A voided code is never used again, so a closed one counts as taken."""
    _check_parent(kind, parent)
    made = Organisation(
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
        credit_code=credit_code,
    )
    _save(made)
    done(
        made,
        organisation_id=made.pk,
        data={"code": code, "name": name, "parent": parent.code},
        event="directory.organisation_created",
    )
    return made


@command("directory.change_organisation")
def change_organisation(
    *, actor: Actor, organisation: Organisation, fields: Mapping[str, str]
) -> dict[str, str]:
    """Other particulars; `fields` are of `CHANGEABLE`. Returns the former values of those that changed."""
    former = {
        key: str(getattr(organisation, key))
        for key in CHANGEABLE
        if key in fields and fields[key] != getattr(organisation, key)
    }
    for key in former:
        setattr(organisation, key, fields[key])
    _save(organisation)
    done(
        organisation,
        organisation_id=organisation.pk,
        data={key: [value, fields[key]] for key, value in former.items()},
        event="directory.organisation_changed",
    )
    return former


@command("directory.move_organisation")
def move_organisation(*, actor: Actor, organisation: Organisation, parent: Organisation) -> Organisation:
    """Hang a unit under another one (a 教学点 under its 中心校). Returns the former parent."""
    former = organisation.parent
    if former is None:
        raise errors.wrong_parent(Kind(organisation.kind).label, Kind(parent.kind).label)
    _check_parent(organisation.kind, parent)
    above: Organisation | None = parent
    while above is not None:
        if above.pk == organisation.pk:
            raise errors.under_itself(organisation.short_name)
        above = above.parent
    organisation.parent = parent
    organisation.save(update_fields=["parent"])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"from": former.code, "to": parent.code},
        event="directory.organisation_moved",
    )
    return former


@command("directory.close_organisation")
def close_organisation(*, actor: Actor, organisation: Organisation, on: date, reason: str) -> Organisation:
    """From `on` it is no more. Refused while units hang below it or it has classes or pupils."""
    if organisation.valid_to is not None:
        raise errors.not_open()
    in_the_way = standing_in_the_way(organisation, on)
    if in_the_way:
        raise errors.still_in_use("、".join(in_the_way))
    organisation.valid_to = on
    organisation.save(update_fields=["valid_to"])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"on": on.isoformat(), "reason": reason},
        event="directory.organisation_closed",
    )
    return organisation


def standing_in_the_way(organisation: Organisation, on: date) -> list[str]:
    """What must be gone before a unit can be closed, in words; three round trips."""
    units = Organisation.objects.filter(valid_on(on), parent=organisation).count()
    classes = HomeClass.objects.filter(organisation=organisation, valid_to__isnull=True).count()
    people = Headcount.objects.filter(organisation=organisation).first()
    pupils = people.pupils if people else 0
    found = ((units, "下面还有 {} 个单位"), (classes, "还有 {} 个班"), (pupils, "还有 {} 名学生在册"))
    return [words.format(number) for number, words in found if number]


@command("directory.reopen_organisation")
def reopen_organisation(*, actor: Actor, organisation: Organisation) -> Organisation:
    """Take a closing back; the unit above must be open."""
    if organisation.valid_to is None:
        raise errors.still_open(organisation.short_name)
    if organisation.parent is not None and organisation.parent.valid_to is not None:
        raise errors.parent_closed(organisation.parent.short_name)
    former, organisation.valid_to = organisation.valid_to, None
    organisation.save(update_fields=["valid_to"])
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"closed_on": former.isoformat()},
        event="directory.organisation_reopened",
    )
    return organisation


def _check_parent(kind: str, parent: Organisation) -> None:
    if parent.kind not in PARENTS.get(kind, ()):
        raise errors.wrong_parent(Kind(kind).label, Kind(parent.kind).label)
    if parent.valid_to is not None:
        raise errors.parent_closed(parent.short_name)


def _save(organisation: Organisation) -> None:
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:
        if "credit_code" in str(error):
            raise errors.credit_code_taken(organisation.credit_code) from None
        raise errors.code_taken(organisation.code) from None
