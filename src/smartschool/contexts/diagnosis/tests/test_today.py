"""今日 of teacher, office and district: what to teach first, what is not released, no figure of a school."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Exam, Paper
from smartschool.contexts.diagnosis.tests.school import District
from smartschool.kernel import clock
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]


def home(client: Client) -> str:
    html = client.get("/", follow=True).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<main")[1]))


def test_a_teacher_reads_what_to_teach_first(district: District, sign_in: SignIn) -> None:
    text = home(sign_in("t-maths"))
    assert "新出的学情" in text
    assert "第 4 题的答案存疑，先复核" in text, "the key of item 4 is wrong in the final"
    assert re.search(r"先讲第 [\d、]+ 题：“[^”]+”失分最多", text), "the midterm has a point to begin with"


def test_the_office_sees_what_no_family_has_seen_until_it_is_released(
    district: District, sign_in: SignIn
) -> None:
    client = sign_in("t-office")
    before = home(client)
    assert "分析好了，还没发布" in before
    assert "2 场考试的结果还没有发布。" in before.split("分析好了")[0], "the first sentence says what waits"
    assert "数学第 4 题，先请任课教师复核" in before
    for name in ("midterm", "final"):
        form = {"papers": [district.papers[name].code], "audience": "both"}
        assert (
            client.post(f"/schools/{district.town.code}/analysis/releases/release/", form).status_code == 302
        )
    assert "分析好了，还没发布" not in home(client)


def test_the_district_counts_papers_and_shows_no_figure(district: District, sign_in: SignIn) -> None:
    """The midterm of the town is held and analysed; a second subject was held and has no marks."""
    with transaction.atomic(), scope_of([district.town.pk]):
        exam = Exam.objects.create(
            organisation=district.town, name="质量监测", nature="monitoring", term=district.term, grade=7,
            held_on=clock.today() - timedelta(days=1),
        )  # fmt: skip
        Paper.objects.create(
            organisation=district.town, exam=exam, subject="13", stage="junior",
            entry_year=district.classes[0].entry_year, full_score=100,
        )  # fmt: skip
    with transaction.atomic(), scope_of([district.town.pk]):
        held = list(
            Paper.objects.filter(
                organisation=district.town, exam__held_on__range=(district.term.starts_on, clock.today())
            )
        )
    text = home(sign_in("d-research"))
    done = sum(paper.marks_at is not None for paper in held)
    assert f"东山初中 {done}/{len(held)} 卷" in text
    tiles = text.split("各校考试的学情")[1].split("全区知识点质量")[0]
    assert "%" not in tiles
    assert "本学期没考" in tiles
    assert "各校考试的学情" not in home(sign_in("t-head"))
