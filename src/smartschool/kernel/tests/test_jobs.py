"""Jobs of which one a name waits: what waits already is left alone, also where two queue at one moment."""

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from smartschool.contexts.exchange.tasks import apply_imports
from smartschool.kernel import jobs

pytestmark = pytest.mark.django_db


def waiting() -> list[tuple[str, str, dict[str, int], bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT queueing_lock, lock, args, scheduled_at > now() FROM procrastinate_jobs"
            " WHERE queueing_lock LIKE 'once-%' ORDER BY id"
        )
        return [(name, lock, args, bool(later)) for name, lock, args, later in cursor.fetchall()]


def wanted(*numbers: int) -> dict[str, dict[str, int]]:
    return {f"once-{number}": {"organisation": number} for number in numbers}


def test_what_waits_is_not_queued_again() -> None:
    assert jobs.queue_once(apply_imports, wanted(1, 2)) == 2
    assert jobs.queue_once(apply_imports, wanted(2, 3), schedule_in={"minutes": 2}) == 1
    assert jobs.queue_once(apply_imports, wanted(1)) == 0
    assert [(name, lock, later) for name, lock, _, later in waiting()] == [
        ("once-1", "once-1", False),
        ("once-2", "once-2", False),
        ("once-3", "once-3", True),
    ]


def test_a_twin_that_queues_at_the_same_moment_costs_no_other_job(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.queue_once(apply_imports, wanted(2)) == 1
    nothing = ProcrastinateJob.objects.none()
    monkeypatch.setattr(
        jobs.ProcrastinateJob.objects, "filter", lambda **_: nothing
    )  # it came since we looked
    assert jobs.queue_once(apply_imports, wanted(1, 2, 3)) == 2
    assert sorted(name for name, *_ in waiting()) == ["once-1", "once-2", "once-3"]
