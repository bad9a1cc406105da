"""The teacher's pages over HTTP: who sees what, how many queries and bytes, and that figures are right."""

import gzip
import re
from collections.abc import Callable

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from smartschool.contexts.assessment.models import Attempt, Exam
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun
from smartschool.contexts.diagnosis.tests.school import (
    ACTOR,
    CHINESE,
    FULL,
    START,
    District,
    _class,
    add_paper,
    answers,
)
from smartschool.contexts.directory.models import Term
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def statements(seen: CaptureQueriesContext) -> list[str]:
    """What was asked of the database, without the frame of the transaction."""
    frame = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(frame)]


def test_class_report_says_where_the_class_stands(district: District, sign_in: SignIn) -> None:
    page = text(sign_in("t-maths"), district.url("final", 0))
    marks = np.delete(district.marks["final"][:32], 30, axis=0)
    mean = np.nansum(marks, axis=1).mean() / sum(FULL) * 100
    assert f"<b>{mean:.1f}</b>" in page
    assert "31 人参加，1 人没有参加" in page
    assert "需要帮助的学生" in page
    assert "第 4 题的答案存疑，先复核，再讲评。" in page
    assert "答案存疑" in page
    assert "有题存疑" in page


def test_statements_and_bytes_of_the_class_report(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-maths")
    client.get(district.url("final", 0))
    with CaptureQueriesContext(connection) as seen:
        page = client.get(district.url("final", 0)).content
    asked = statements(seen)
    assert len(asked) <= 12, "\n".join(sql[:150] for sql in asked)
    assert len(gzip.compress(page)) <= 12 * 1024


def test_every_share_stands_with_its_interval(district: District, sign_in: SignIn) -> None:
    """Wilson's limits of a right/wrong item, recomputed; a point's row has its range or 证据不足."""
    client = sign_in("t-maths")
    page = text(client, district.url("final", 0, "?tab=items"))
    column = np.delete(district.marks["final"][:32, 0], 30) / 3
    n, p, z = len(column), column.mean(), 1.959963984540054
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    row = re.search(r'items/1/"><span class="only-m">.*?</tr>', page, re.S)
    assert row is not None
    shares = [round(100 * float(limit)) for limit in (middle - half, middle + half)]
    assert f"{shares[0]}–{shares[1]}%</span>" in row[0]
    assert (
        len(re.findall(r'<span class="ci sm muted nw">[\d−.]+(?:–| 到 )[\d−.]+</span>', page))
        == len(FULL) - 1
    )  # 第 4 题 is in doubt
    points = text(client, district.url("final", 0, "?tab=points"))
    assert len(re.findall(r'<td class="num nw muted"><span class="ci sm muted nw">\d+–\d+%', points)) == 6


def test_village_class_gets_the_grid(district: District, sign_in: SignIn) -> None:
    client = sign_in("v-maths")
    client.get(district.url("village", 2))
    with CaptureQueriesContext(connection) as seen:
        page = text(client, district.url("village", 2))
    asked = statements(seen)
    assert len(asked) <= 12, "\n".join(sql[:150] for sql in asked)
    assert "没有可比对象" in page
    assert "每道题的丢分" in page
    assert "区分度" not in page
    marks = district.marks["village"]
    lost = (marks < np.array(FULL)).sum(axis=0)
    shown = [int(n) for n in re.findall(r'<td class="num">(?:<b>)?(\d+)(?: 人)?(?:</b>)?</td></tr>', page)]
    assert shown == lost.tolist()


def test_cast_has_no_name_no_number_and_no_count_under_five(district: District, sign_in: SignIn) -> None:
    for login, paper, place in (("t-maths", "final", 0), ("v-maths", "village", 2)):
        page = text(sign_in(login), district.url(paper, place, "cast/"))
        for seat in district.seats[place]:
            assert seat.enrolment.name not in page
            assert seat.enrolment.code not in page
        assert not re.search(r"(?<![\d.])[1-4] 人(?!以|的)", re.sub(r"不到 5 人", "", page)), page


def test_another_teacher_another_school_and_a_parent_get_404(district: District, sign_in: SignIn) -> None:
    assert sign_in("t-form").get(district.url("final", 0)).status_code == 404
    assert sign_in("t-maths").get(district.url("final", 1)).status_code == 404
    assert sign_in("v-maths").get(district.url("final", 0)).status_code == 404
    assert sign_in("g-first").get(district.url("final", 0)).status_code in (403, 404)


def test_the_office_sees_counts_and_no_pupil(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-office")
    for tail in ("", "?tab=items", "?tab=points", "?tab=pupils", "items/4/"):
        page = text(client, district.url("final", 0, tail))
        for seat in district.seats[0]:
            assert seat.enrolment.name not in page


def test_item_page_shows_the_doubt_and_who_lost_marks(district: District, sign_in: SignIn) -> None:
    page = text(sign_in("t-maths"), district.url("final", 0, "items/4/"))
    assert "标准答案存疑" in page
    marks = district.marks["final"][:32, 3]
    for row, seat in enumerate(district.seats[0]):
        lost = row != 30 and marks[row] < 3
        assert (seat.enrolment.name in page) == lost


def test_every_tab_opens(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-maths")
    for tab in ("items", "points", "pupils", "sheet"):
        assert 'aria-current="page"' in text(client, district.url("final", 0, f"?tab={tab}"))
    assert "七（1）班" in text(client, f"/schools/{district.town.code}/analysis/")


@pytest.mark.parametrize(("paper", "number"), [("final", 0), ("village", 2)])
def test_items_that_the_first_sentence_names_are_on_the_sheet(
    district: District, sign_in: SignIn, paper: str, number: int
) -> None:
    """The sentence said to begin with item 17, and the list of today's items did not have it."""
    page = text(sign_in("v-maths" if paper == "village" else "t-maths"), district.url(paper, number, "cast/"))
    lede = re.search(r'class="lede[^>]*>(.*?)</p>', page, re.DOTALL).group(1)  # type: ignore[union-attr]
    named = {word for run in re.findall(r"第 ([\d、]+) 题(?!的答案存疑)", lede) for word in run.split("、")}
    listed = set(re.findall(r"<b>第 (\S+) 题</b>", page))
    assert named
    assert named <= listed


def test_a_class_under_five_is_laid_open_neither_by_itself_nor_by_the_rest(
    district: District, sign_in: SignIn
) -> None:
    """Quartiles of three pupils are their marks; and grade less the other class is the mean of the three."""
    marks, choices = answers(np.random.default_rng(6), 35)
    with transaction.atomic(), scope_of([district.town.pk]):
        _class(district, district.town, "junior", 3, 3)
        tiny = len(district.classes) - 1
        exam = Exam.objects.create(
            organisation=district.town,
            name="上学期期末",
            nature="final",
            term=Term.objects.exclude(pk=district.term.pk)[0],
            grade=7,
            held_on=START,
        )
        add_paper(district, "tiny", [0, tiny], marks, choices, exam=exam)
    office, teacher = sign_in("t-office"), sign_in("t-maths")
    for tail in ("", "?tab=items", "?tab=points", "items/1/", "cast/", "changes/"):
        answer = office.get(district.url("tiny", tiny, tail))
        assert answer.status_code == 403
        assert "不到 5 人" in answer.content.decode()
    grade = np.nansum(marks, axis=1).mean() / sum(FULL) * 100
    item = marks[:, 0].mean() / FULL[0] * 100
    for client in (office, teacher):
        for tail in ("", "?tab=items", "?tab=points", "items/1/", "cast/"):
            page = text(client, district.url("tiny", 0, tail))
            assert f"{grade:.1f}" not in page
            assert ("比年级" in page, "年级得分率" in page, "年级水平" in page) == (False, False, False)
        assert f"{item:.0f}%" not in text(client, district.url("tiny", 0, "items/1/"))
        assert "比年级" in text(client, district.url("final", 0, "?tab=items")), "62 pupils in two classes"
    with transaction.atomic(), scope_of([district.town.pk]):
        attempt = Attempt.objects.get(paper=district.papers["tiny"], enrolment=district.seats[0][2].enrolment)
        attempt.marks = [3.0 - attempt.marks[0], *attempt.marks[1:]]
        attempt.save()
        correcting = AnalysisRun.Trigger.CORRECTION
        analyse_paper(actor=ACTOR, paper_id=district.papers["tiny"].pk, trigger=correcting)
        add_paper(district, "three", [tiny], marks[:3], None, subject=CHINESE, exam=exam)
    for client in (office, teacher):
        page = text(client, district.url("tiny", 0, "changes/"))
        assert "全年级的数字不列" in page
        assert "%" not in page.split("<main")[1]
    base = f"/schools/{district.town.code}/analysis/releases/preview/"
    for name, told in (("three", False), ("tiny", True)):
        page = office.get(base, {"papers": [district.papers[name].code]}).content.decode()
        assert bool(re.search(r'data-l="优秀">\d+ 人', page)) == told
        assert ("不到 5 人参加" in page) != told
