"""What is released is what was previewed: a version that came in between is shown, and nothing is told."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Attempt
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun, Release
from smartschool.contexts.diagnosis.tests.school import ACTOR, FULL, District
from smartschool.contexts.diagnosis.views import releases
from smartschool.kernel.errors import Changed
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]


def fields(page: str) -> dict[str, list[str]]:
    """The hidden fields of the form that releases."""
    form = page.split('releases/release/"')[1].split("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(
        r'type="hidden" name="(papers|versions|audience|marks)" value="([^"]+)"', form
    ):
        found.setdefault(name, []).append(value)
    return found


def released(district: District) -> list[int]:
    with transaction.atomic(), scope_of([district.town.pk]):
        rows = Release.objects.filter(paper=district.papers["final"], withdrawn_at__isnull=True)
        return list(rows.values_list("run__number", flat=True))


def correct(district: District) -> None:
    paper = district.papers["final"]
    with transaction.atomic(), scope_of([district.town.pk]):
        attempt = Attempt.objects.get(paper=paper, enrolment=district.seats[0][0].enrolment)
        attempt.marks = [0.0 if attempt.marks == FULL else full for full in FULL]
        attempt.save()
        analyse_paper(actor=ACTOR, paper_id=paper.pk, trigger=AnalysisRun.Trigger.CORRECTION)


def test_a_correction_after_the_preview_is_shown_before_it_is_told(
    district: District, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = sign_in("t-office")
    base = f"/schools/{district.town.code}/analysis/releases/"
    chosen = {"papers": [district.papers[name].code for name in ("final", "midterm")], "marks": "yes"}
    form = fields(office.get(base + "preview/", chosen).content.decode())
    assert len(form["versions"]) == 2
    correct(district)
    answer = office.post(base + "release/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "没有发布。" in page
    assert released(district) == []
    again = fields(page)
    assert {**again, "versions": []} == {**form, "versions": []}, "what was chosen stays chosen"
    assert len(set(again["versions"]) & set(form["versions"])) == 1, "one of the two papers was corrected"

    # Replaced between the look and the lock: the same answer.
    def late(**_: object) -> None:
        raise Changed

    with monkeypatch.context() as patch:
        patch.setattr(releases, "release_results", late)
        assert office.post(base + "release/", again).status_code == 409
    assert office.post(base + "release/", again).status_code == 302
    assert released(district) == [2]


def test_a_form_without_versions_releases_nothing(district: District, sign_in: SignIn) -> None:
    before = released(district)
    base = f"/schools/{district.town.code}/analysis/releases/"
    answer = sign_in("t-office").post(base + "release/", {"papers": [district.papers["final"].code]})
    assert answer.status_code == 409
    assert "发布预览" in answer.content.decode()
    assert released(district) == before
