"""Two classes of three with G numbers, and a paper of three items, for the tests beside."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.tests.marks_import.files import ROWS, g_number
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.directory.models import Enrolment
from smartschool.contexts.directory.public.hashes import id_hash, national_hash
from smartschool.kernel import clock


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.frozen(datetime(2027, 1, 25, 4, tzinfo=UTC)):
        yield


@pytest.fixture
def world() -> World:
    """Two classes of three; every pupil has a G number by which workbooks know it."""
    world = build(classes=2, pupils=3)
    with world.scope():
        for serial, place in enumerate(world.pupils):
            number = g_number(serial)
            Enrolment.objects.filter(pk=place.enrolment_id).update(
                id_hash=id_hash(number[1:]), national_number_hash=national_hash(number)
            )
    return world


@pytest.fixture
def paper(world: World) -> Paper:
    with world.scope():
        paper = world.paper([], full_score=12)
        save_blueprint(actor=world.actor, paper=paper, rows=ROWS, full_score=12, base_revision=1)
        paper.refresh_from_db()
        return paper
