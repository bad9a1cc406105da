"""Committed people for the checks of identity: a bureau, two schools, a teacher of both, a guardian."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from smartschool.contexts.directory.commands.guardians import add_guardians
from smartschool.contexts.directory.commands.pupils import enrol_pupils
from smartschool.contexts.directory.commands.staff import appoint, record_staff
from smartschool.contexts.directory.models import Guardianship, Organisation, Person, StaffRecord
from smartschool.contexts.directory.public.contracts import NewGuardian, NewPupil, NewStaff
from smartschool.contexts.identity.commands.accounts import NewAccount, open_accounts
from smartschool.contexts.identity.models import Account
from smartschool.kernel.actor import system_actor
from smartschool.kernel.scope import scope_of

ACTOR = system_actor("checks")
SINCE = date(2024, 9, 1)
PASSWORD = "Tongda-2026"


@dataclass(frozen=True)
class People:
    central: Organisation
    one: Organisation
    two: Organisation
    teacher: Account
    guardian: Account
    pupil: Account


def organisation(parent: Organisation | None, code: str, kind: str) -> Organisation:
    return Organisation.objects.create(
        parent=parent, code=code, name=f"{code} 校", short_name=code, kind=kind, valid_from=SINCE
    )


def account(login: str, person: int, *, must_change: bool = False) -> Account:
    (made,) = open_accounts(
        actor=ACTOR,
        accounts=[NewAccount(login, person, PASSWORD)],
        must_change_password=must_change,
    )
    return made


def make_people() -> People:
    """One bureau, a 中心校 with school one below it, school two beside it."""
    with transaction.atomic():
        bureau = organisation(None, "Q-局", "bureau")
        central = organisation(bureau, "Q-中心", "central_school")
        one, two = organisation(central, "Q-1", "school"), organisation(bureau, "Q-2", "school")
        person = Person.objects.create(id_hash=b"q" * 32)
        for place, role in ((one, "teacher"), (two, "academic_admin")):
            with scope_of([place.pk]):
                (staff,) = record_staff(
                    actor=ACTOR, organisation=place, staff=[NewStaff("孙越", "77")], valid_from=SINCE
                )
                record = StaffRecord.objects.get(pk=staff)
                record.person = person
                record.save()
                appoint(actor=ACTOR, staff=record, role=role, valid_from=SINCE)
        with scope_of([one.pk]):
            (child,) = enrol_pupils(
                actor=ACTOR, organisation=one, pupils=[NewPupil("陈小雨", "primary", 2024)], valid_from=SINCE
            )
            add_guardians(
                actor=ACTOR, organisation=one, guardians=[NewGuardian(child, "王强", "51")], valid_from=SINCE
            )
            guardianship = Guardianship.objects.select_related("enrolment").get(enrolment=child)
            return People(
                central,
                one,
                two,
                account("q-sun", person.pk),
                account("q-wang", guardianship.person_id),
                account("q-chen", guardianship.enrolment.person_id),
            )
