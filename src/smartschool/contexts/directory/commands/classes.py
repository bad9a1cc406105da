"""Verbs on classes: open one or many, change, close, open again, take back what was opened by mistake."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F

from smartschool.contexts.directory import errors
from smartschool.contexts.directory.models import (
    Appointment,
    HomeClass,
    Organisation,
    Placement,
    TeachingAssignment,
)
from smartschool.contexts.directory.public.contracts import NewClass
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
    made = _new(
        organisation, NewClass(stage, entry_year, number, class_type, further_entry_years), valid_from
    )
    _save(made)
    done(
        made,
        organisation_id=organisation.pk,
        data={"stage": stage, "entry_year": entry_year, "number": number},
        event="directory.class_opened",
    )
    return made


@command("directory.open_classes")
def open_classes(
    *, actor: Actor, organisation: Organisation, classes: Sequence[NewClass], valid_from: date
) -> list[HomeClass]:
    """Many at once (a new first grade), all or none."""
    made = [_new(organisation, one, valid_from) for one in classes]
    for row in made:
        _save(row)
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"classes": [[one.stage, one.entry_year, one.number] for one in classes]},
        event="directory.classes_opened",
        ids={"classes": [row.pk for row in made]},
    )
    return made


def _new(organisation: Organisation, wanted: NewClass, valid_from: date) -> HomeClass:
    return HomeClass(
        organisation=organisation,
        stage=wanted.stage,
        entry_year=wanted.entry_year,
        number=wanted.number,
        class_type=wanted.class_type,
        further_entry_years=list(wanted.further_entry_years),
        valid_from=valid_from,
    )


@command("directory.change_class")
def change_class(
    *, actor: Actor, home_class: HomeClass, number: int, class_type: str, entry_years: Sequence[int]
) -> tuple[int, str, list[int]]:
    """Another 班号, type or set of grades (`entry_years`, the youngest last); the class keeps its id, its
    pupils and its history. A grade that still sits in it stays. Returns what was before."""
    years = sorted({home_class.entry_year, *home_class.further_entry_years})
    former = home_class.number, home_class.class_type, years
    left = set(years) - set(entry_years)
    sitting = Placement.objects.filter(
        valid_to__isnull=True, home_class=home_class, enrolment__entry_year__in=left
    ).count()
    if sitting:
        raise errors.still_in_use(f"去掉的年级还有 {sitting} 名学生坐在班里")
    home_class.number, home_class.class_type = number, class_type
    home_class.entry_year = max(entry_years)
    home_class.further_entry_years = sorted(set(entry_years) - {home_class.entry_year})
    _save(home_class)
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={"from": list(former), "to": [number, class_type, sorted(entry_years)]},
        event="directory.class_changed",
    )
    return former


@command("directory.close_class")
def close_class(*, actor: Actor, home_class: HomeClass, on: date, reason: str) -> HomeClass:
    """Refused while pupils sit in it; its form teacher's appointment ends with it."""
    if home_class.valid_to is not None:
        raise errors.not_open()
    pupils = Placement.objects.filter(valid_on(on), home_class=home_class).count()
    if pupils:
        raise errors.still_in_use(f"班里还有 {pupils} 名学生")
    Appointment.objects.filter(home_class=home_class, valid_to__isnull=True).update(valid_to=on)
    home_class.valid_to = on
    home_class.save(update_fields=["valid_to"])
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={"on": on.isoformat(), "reason": reason},
        event="directory.class_closed",
    )
    return home_class


@command("directory.reopen_class")
def reopen_class(*, actor: Actor, home_class: HomeClass) -> HomeClass:
    """Take a closing back; the form teacher whose appointment ended with the class has it again."""
    former = home_class.valid_to
    if former is None:
        raise errors.still_open(class_info(home_class).name)
    Appointment.objects.filter(home_class=home_class, valid_to=former, staff__valid_to__isnull=True).update(
        valid_to=None
    )
    home_class.valid_to = None
    _save(home_class)
    done(
        home_class,
        organisation_id=home_class.organisation_id,
        data={"closed_on": former.isoformat()},
        event="directory.class_reopened",
    )
    return home_class


@command("directory.withdraw_classes")
def withdraw_classes(*, actor: Actor, organisation: Organisation, home_classes: Sequence[HomeClass]) -> int:
    """Classes opened by mistake never were: each ends on the day on which it began. Refused once anybody
    sat or taught there."""
    ids = [row.pk for row in home_classes]
    if Placement.objects.filter(home_class__in=ids).exists():
        raise errors.still_in_use("班里已经有学生")
    if TeachingAssignment.objects.filter(home_class__in=ids).exists():
        raise errors.still_in_use("班里已经排了任课")
    Appointment.objects.filter(home_class__in=ids, valid_to__isnull=True).update(valid_to=F("valid_from"))
    HomeClass.objects.filter(pk__in=ids).update(valid_to=F("valid_from"))
    done(
        organisation,
        organisation_id=organisation.pk,
        data={"classes": ids},
        event="directory.classes_withdrawn",
        ids={"classes": ids},
    )
    return len(ids)


def _save(home_class: HomeClass) -> None:
    try:
        with transaction.atomic():
            home_class.save()
    except IntegrityError:
        raise errors.class_exists(class_info(home_class).name) from None
