"""Verbs on classes: open, renumber, close."""

from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.directory.errors import class_exists, still_in_use
from smartschool.contexts.directory.models import Appointment, HomeClass, Organisation, Placement
from smartschool.contexts.directory.shapes import class_info
from smartschool.contexts.directory.validity import valid_on
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("directory.open_class")
def open_class(
    *,
    actor: Actor,
    organisation: Organisation,
    stage: str,
    entry_year: int,
    number: int,
    valid_from: date,
    class_type: str = "10",
    further_entry_years: tuple[int, ...] = (),
) -> HomeClass:
    """A new 行政班; `further_entry_years` are the other grades of a 复式班."""
    made = HomeClass(
        organisation=organisation,
        stage=stage,
        entry_year=entry_year,
        number=number,
        class_type=class_type,
        further_entry_years=list(further_entry_years),
        valid_from=valid_from,
    )
    _save(made)
    done(
        made,
        organisation_id=organisation.pk,
        data={"stage": stage, "entry_year": entry_year, "number": number},
        event="directory.class_opened",
    )
    return made


@command("directory.renumber_class")
def renumber_class(*, actor: Actor, home_class: HomeClass, number: int) -> HomeClass:
    """Another 班号; the class keeps its id, its pupils and its history."""
    former, home_class.number = home_class.number, number
    _save(home_class)
    done(home_class, organisation_id=home_class.organisation_id, data={"from": former, "to": number})
    return home_class


@command("directory.close_class")
def close_class(*, actor: Actor, home_class: HomeClass, on: date) -> HomeClass:
    """Refused while pupils sit in it; its form teacher's appointment ends with it."""
    pupils = Placement.objects.filter(valid_on(on), home_class=home_class).count()
    if pupils:
        raise still_in_use(f"班里还有 {pupils} 名学生")
    Appointment.objects.filter(home_class=home_class, valid_to__isnull=True).update(valid_to=on)
    home_class.valid_to = on
    home_class.save(update_fields=["valid_to"])
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={"on": on.isoformat()},
        event="directory.class_closed",
    )
    return home_class


def _save(home_class: HomeClass) -> None:
    try:
        with transaction.atomic():
            home_class.save()
    except IntegrityError:
        raise class_exists(class_info(home_class).name) from None
