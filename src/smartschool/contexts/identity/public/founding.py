"""Door of identity to the first account of a district: who opens all the others."""

from django.db import transaction

from smartschool.contexts.directory.public.founding import district_officer
from smartschool.contexts.identity.commands.accounts import open_for_people
from smartschool.contexts.identity.holders import Holder
from smartschool.contexts.identity.public.contracts import FirstAccount
from smartschool.contexts.identity.rules import rules
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor


def found(*, name: str, staff_number: str, bureau_name: str | None, bureau_code: str) -> FirstAccount:
    """A 区级管理员 with an account, in one transaction; the bureau too, where there is none yet."""
    actor = system_actor("setup")
    with transaction.atomic():
        person, bureau = district_officer(
            actor=actor,
            name=name,
            staff_number=staff_number,
            bureau_name=bureau_name,
            bureau_code=bureau_code,
        )
        holder = Holder(person, name, "区级管理员", "staff")
        (slip,) = open_for_people(actor=actor, people=[holder])
    return FirstAccount(bureau, slip.login, slip.once, clock.today() + rules().once_valid)
