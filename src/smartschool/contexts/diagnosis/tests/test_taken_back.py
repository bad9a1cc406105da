"""Marks that are taken back take their report and its release with them; new marks begin a new version."""

from datetime import UTC, datetime

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Attempt
from smartschool.contexts.assessment.tests.world import build
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, Release
from smartschool.contexts.diagnosis.tests.test_analysis import fill
from smartschool.kernel.models import Event

pytestmark = pytest.mark.django_db


def test_a_paper_without_attempts_shows_no_report() -> None:
    world = build(classes=1, pupils=30)
    marks = np.random.default_rng(5).integers(0, 5, (30, 3)).astype(float)
    with world.scope():
        paper = world.paper([{"full_score": 4}] * 3)
        fill(world, paper, marks)
        run = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert run is not None
        Release.objects.create(
            organisation=world.school,
            paper=paper,
            run=run,
            audience=Release.Audience.BOTH,
            released_at=datetime(2027, 1, 25, tzinfo=UTC),
        )
        Attempt.objects.filter(paper=paper).delete()
        assert analyse_paper(actor=world.actor, paper_id=paper.pk) is None
        assert not AnalysisRun.objects.filter(paper=paper, current=True).exists()
        assert not ClassFigure.objects.filter(run__current=True, run__paper=paper).exists()
        assert Release.objects.get(paper=paper).withdrawn_at is not None
        told = Event.objects.filter(type="diagnosis.report_withdrawn")
        assert [one.ids for one in told] == [{"paper": paper.pk, "former": run.pk}]
        # Again without marks: nothing is left to withdraw.
        assert analyse_paper(actor=world.actor, paper_id=paper.pk) is None
        assert told.count() == 1
        fill(world, paper, marks)
        again = analyse_paper(actor=world.actor, paper_id=paper.pk)
        assert again is not None
        assert (again.number, again.current) == (2, True)
        assert Release.objects.filter(paper=paper, withdrawn_at__isnull=True).count() == 0
