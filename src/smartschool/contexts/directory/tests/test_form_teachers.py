"""A class has one 班主任, also when two of the office change it at the same moment."""

from collections.abc import Callable

import pytest
from django.db import transaction

from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.models import Appointment, HomeClass, StaffRecord
from smartschool.contexts.directory.tests.test_pages import looking, of_class
from smartschool.contexts.directory.tests.test_teaching_pages import member
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.scope import scope_of
from smartschool.kernel.tests.meanwhile import meanwhile

ACTOR = system_actor("checks")


def _set(own: HomeClass, staff: StaffRecord) -> None:
    commands.set_form_teacher(actor=ACTOR, home_class=own, staff=staff, on=clock.today())


def _appoint(own: HomeClass, staff: StaffRecord) -> None:
    commands.appoint(actor=ACTOR, staff=staff, role="form_teacher", home_class=own, valid_from=clock.today())


def _restore(own: HomeClass, staff: StaffRecord) -> None:
    former = Appointment.objects.select_related("staff", "home_class").get(
        staff=staff, home_class=own, role="form_teacher"
    )
    commands.restore_appointment(actor=ACTOR, appointment=former)


def _readmit(own: HomeClass, staff: StaffRecord) -> None:
    commands.readmit_staff(actor=ACTOR, staff=staff)


@pytest.mark.parametrize("second", [_set, _appoint, _restore, _readmit])
def test_of_two_at_once_the_later_sees_the_earlier(
    fresh_database: str, second: Callable[[HomeClass, StaffRecord], None]
) -> None:
    """何静 is being made 班主任 in one transaction while another gives the class to somebody else."""
    own, jing, lan = of_class("七（2）班"), member("何静"), member("李岚")
    with transaction.atomic(), scope_of([own.organisation_id]):
        if second is _readmit:
            commands.release_staff(actor=ACTOR, staff=lan, on=clock.today())
        else:
            commands.end_appointment(actor=ACTOR, appointment=_head(own), on=clock.today())
    with meanwhile(lambda: scope_of([own.organisation_id]), lambda: second(own, lan)) as raised:
        _set(own, jing)
    with looking():
        heads = Appointment.objects.filter(home_class=own, role="form_teacher", valid_to__isnull=True)
        assert heads.count() == 1
        assert heads[0].staff_id == (lan.pk if second is _set else jing.pk)
    refused = [problem.code for problem in raised if isinstance(problem, DomainError)]
    assert refused == ([] if second in (_set, _readmit) else ["directory.class_has_head"])
    assert len(raised) == len(refused)


def _head(own: HomeClass) -> Appointment:
    found = commands.head_of(own)
    assert found is not None
    return found
