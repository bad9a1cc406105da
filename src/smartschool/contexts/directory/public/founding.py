"""Door of directory to the first step of a district: the bureau, if there is none, and a 区级管理员 there."""

from smartschool.contexts.directory import errors
from smartschool.contexts.directory.commands.organisations import found_bureau
from smartschool.contexts.directory.commands.staff import appoint, record_staff
from smartschool.contexts.directory.models import Organisation, StaffRecord
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.scope import scope_of


def district_officer(
    *, actor: Actor, name: str, staff_number: str, bureau_name: str | None, bureau_code: str
) -> tuple[int, str]:
    """Record and appoint one at the bureau, founding it where there is none; needs a transaction. Returns the
    person's id and the name of the bureau.

    Raises
    ------
    DomainError
        No bureau and no name for one; a 工号 that is in use.
    """
    today = clock.today()
    bureau = Organisation.objects.filter(kind="bureau", valid_to__isnull=True).first()
    if bureau is None:
        if not bureau_name:
            raise errors.no_bureau()
        bureau = found_bureau(actor=actor, code=bureau_code, name=bureau_name, valid_from=today)
    with scope_of([bureau.pk]):
        (pk,) = record_staff(
            actor=actor, organisation=bureau, staff=[NewStaff(name, staff_number)], valid_from=today
        )
        staff = StaffRecord.objects.get(pk=pk)
        appoint(actor=actor, staff=staff, role="district_admin", valid_from=today)
    return staff.person_id, bureau.name
