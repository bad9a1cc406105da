"""A child entered without a number has an account whose first password its office knows; once the number
tells who it is, that account opens no more than this office may see."""

import pytest

from smartschool.contexts.directory.commands.pupils import allocate_number, enrol_pupils, release_pupil
from smartschool.contexts.directory.models import Enrolment, Organisation, Person
from smartschool.contexts.directory.public.contracts import NewPupil
from smartschool.contexts.directory.public.hashes import id_hash
from smartschool.contexts.identity import holders
from smartschool.contexts.identity.actors import actor_of, ties_of
from smartschool.contexts.identity.holders import Holder
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.tests.people import ACTOR, SINCE, People, make_people
from smartschool.kernel import clock
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db

NUMBER = "11010519491231002X"  # the example of GB 11643


@pytest.fixture
def people() -> People:
    return make_people()


def _identified(people: People) -> Enrolment:
    """The pupil of school one gets the number, as its office writes it."""
    with scope_of([people.one.pk]):
        enrolment = Enrolment.objects.get(person_id=people.pupil.person_id)
        return allocate_number(
            actor=ACTOR, enrolment=enrolment, national_number=f"G{NUMBER}", id_number=NUMBER
        )


def _listed(people: People, person_id: int) -> Holder:
    with scope_of([people.one.pk], write=False):
        (holder,) = holders.with_accounts([Holder(person_id, "陈小雨", "1 号", "student")])
    return holder


def _elsewhere(school: Organisation) -> Enrolment:
    """A pupil of school two under the number."""
    with scope_of([school.pk]):
        (pk,) = enrol_pupils(
            actor=ACTOR,
            organisation=school,
            pupils=[NewPupil("陈小雨", "primary", 2024, id_number=NUMBER)],
            valid_from=SINCE,
        )
        return Enrolment.objects.get(pk=pk)


def test_the_number_of_an_officer_opens_nothing(people: People) -> None:
    """Somebody of the staff of two schools: a number is copied from a list more easily than a password."""
    Person.objects.filter(pk=people.teacher.person_id).update(id_hash=id_hash(NUMBER))
    assert actor_of(people.pupil.pk) is not None
    enrolment = _identified(people)
    assert enrolment.person_id == people.teacher.person_id, "one person now"
    assert actor_of(people.pupil.pk) is None
    assert ties_of([people.pupil.pk]) == {people.pupil.pk: set()}
    assert _listed(people, enrolment.person_id).login == people.teacher.login
    teacher = actor_of(people.teacher.pk)
    assert teacher is not None
    assert teacher.roles() == {"teacher", "academic_admin", "student"}, "the own account is as it was"


def test_a_pupil_of_two_schools_needs_an_account_of_its_own(people: People) -> None:
    there = _elsewhere(people.two)
    enrolment = _identified(people)
    assert enrolment.person_id == there.person_id
    assert actor_of(people.pupil.pk) is None
    assert _listed(people, there.person_id).state == "none", "the page offers to open one"
    with scope_of([people.two.pk]):
        release_pupil(actor=ACTOR, enrolment=there, status=Enrolment.Status.TRANSFERRED, on=clock.today())
    actor = actor_of(people.pupil.pk)
    assert actor is not None, "this school's pupil alone again"
    assert {one.organisation.id for one in actor.affiliations} == {people.one.pk}
    assert _listed(people, there.person_id).login == people.pupil.login


def test_the_own_account_comes_first(people: People) -> None:
    there = _elsewhere(people.two)
    own = Account.objects.create(login="q-own", person_id=there.person_id, password="!")
    _identified(people)
    with scope_of([people.two.pk]):
        release_pupil(actor=ACTOR, enrolment=there, status=Enrolment.Status.TRANSFERRED, on=clock.today())
    assert _listed(people, there.person_id).login == own.login
