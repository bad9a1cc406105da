"""今日 of teacher, office and district: what to teach first, what is not released, no figure of a school."""

import re
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Exam, Paper
from smartschool.contexts.diagnosis.models import RawExport
from smartschool.contexts.diagnosis.raw_exports import FRESH
from smartschool.contexts.diagnosis.tests.school import District
from smartschool.contexts.diagnosis.tests.test_families import release
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
        release(client, district, name)
    assert "分析好了，还没发布" not in home(client)


def test_both_sides_hear_of_a_mark_book_on_their_first_page(district: District, sign_in: SignIn) -> None:
    teacher, head = sign_in("t-maths"), sign_in("t-head")
    base = f"/schools/{district.town.code}/analysis/raw/"

    def ask(reason: str) -> str:
        assert teacher.post(district.url("midterm", 0, "ask-marks/"), {"reason": reason}).status_code == 302
        return re.findall(r"/raw/([A-Z0-9]+)/decide/", head.get(base).content.decode())[0]

    code = ask("期中试卷分析，分析完删除")
    assert "1 份成绩册申请等你批准" in home(head)
    assert "成绩册" not in home(teacher), "nothing was decided"
    head.post(f"{base}{code}/decide/", {"answer": "yes"})
    assert "成绩册" not in home(head)
    text = home(teacher)
    assert "1 份成绩册已批准，可以取。" in text.split("新出的学情")[0], "in the sentence that opens the page"
    assert re.search(r"成绩册已批准： 七（1）班 数学 .{2,12}，何校长批准", text)
    assert "成绩册已批准" in teacher.get(base.replace("raw/", "")).content.decode(), "and among the reports"
    assert teacher.get(f"{base}{code}/marks.xlsx").status_code == 200
    assert "成绩册" not in home(teacher), "what was fetched is no news"
    refused = ask("想再看看分数情况")
    head.post(f"{base}{refused}/decide/", {"answer": "no"})
    assert re.search(r"成绩册没有批准： 七（1）班 数学 .{2,12}，何校长 .{4,9}答复", home(teacher))
    assert "成绩册" not in home(sign_in("t-form")), "another teacher's request is not told"
    with transaction.atomic(), scope_of([district.town.pk]):
        RawExport.objects.filter(code=refused).update(decided_at=clock.now() - FRESH)
    assert "成绩册" not in home(teacher), "nor is what was decided long ago"


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
