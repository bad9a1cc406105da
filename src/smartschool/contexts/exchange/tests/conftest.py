"""Two schools without anybody, for checks that import into them."""

from datetime import date

import pytest

from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.exchange.tests.rosters import make_school


@pytest.fixture
def bureau() -> Organisation:
    found = Organisation.objects.filter(kind="bureau").first()
    return found or Organisation.objects.create(
        code="X-B", name="局", short_name="局", kind="bureau", valid_from=date(2020, 1, 1)
    )


@pytest.fixture
def school(bureau: Organisation) -> Organisation:
    return make_school(bureau, "2134009901", "甲小学")


@pytest.fixture
def other(bureau: Organisation) -> Organisation:
    return make_school(bureau, "2134009902", "乙小学")
