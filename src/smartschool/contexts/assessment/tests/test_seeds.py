"""The small demo: a finished final with 21 items, shared items at two schools, a village class, a draft."""

import numpy as np
import pytest

from smartschool.contexts.assessment.models import Exam, Item, Paper
from smartschool.contexts.assessment.public.doors import paper_for_analysis, papers
from smartschool.contexts.assessment.seeds import run
from smartschool.contexts.directory.public.doors import schools
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db


def test_the_demo_has_what_the_pages_need() -> None:
    places = {place.short_name: place for place in schools()}
    with scope_of([place.id for place in places.values()]):
        finals = papers(grade=7, subjects=["14"])
        names = {one.exam.name for one in finals}
        assert names == {"七年级期末考试", "七年级期中考试"}
        main = [p for p in finals if p.exam.nature == "final"]
        assert len(main) == 2
        for paper in main:
            data = paper_for_analysis(paper.id)
            assert len(data.items) == 21
            present = data.statuses == 0
            assert data.choices is not None
            assert np.isfinite(data.marks[present]).all()
            assert (data.marks[present] <= data.full_scores).all()
            facility = data.marks[present].mean(axis=0) / data.full_scores
            assert 0.05 < facility.min() < 0.5 < facility.max()
            assert 0.35 < data.marks[present].sum(axis=1).mean() / 100 < 0.85
        shared = Item.objects.filter(paper__in=[p.id for p in main]).exclude(shared_item="")
        per_school = {p.id: {i.shared_item: i.position for i in shared if i.paper_id == p.id} for p in main}
        one, two = per_school.values()
        assert one.keys() == two.keys()
        assert len(one) == 14
        assert one != two
        (village,) = papers(grade=6)
        assert len(paper_for_analysis(village.id).attempt_ids) == 8
        drafts = Paper.objects.filter(exam__nature="monitoring")
        assert all(paper.marks_at is None and paper.items.count() == 25 for paper in drafts)
        assert drafts.count() == 2
        (english,) = {p.item_marks for p in papers(grade=7, subjects=["41"])}
        assert english is False


def test_a_second_run_writes_nothing() -> None:
    with scope_of([place.id for place in schools()]):
        before = Exam.objects.count()
        run("small")
        assert Exam.objects.count() == before
