"""District view: shared items with cluster intervals, suppression, no order; raw marks by two people."""

import io
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import python_calamine
from django.db import transaction
from django.test import Client
from scipy import stats

from edumetrics.results import Estimate, Insufficient
from smartschool.contexts.assessment.models import Exam
from smartschool.contexts.assessment.public.contracts import PaperData
from smartschool.contexts.diagnosis import raw_exports
from smartschool.contexts.diagnosis.commands.raw import decide_raw_export, fetch_raw_export
from smartschool.contexts.diagnosis.compose.district import SharedSums, point_lines, point_share, shared_rows
from smartschool.contexts.diagnosis.models import AnalysisRun, ItemFigure, RawExport
from smartschool.contexts.diagnosis.tests.school import (
    CHINESE,
    FULL,
    MATHS,
    POINTS,
    START,
    District,
    add_paper,
    answers,
)
from smartschool.contexts.directory.models import TeachingAssignment, Term
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]


def sums(values: np.ndarray, n: np.ndarray, groups: list[str]) -> list[SharedSums]:
    """values, n: schools × items; all items test point 7."""
    return [
        SharedSums(
            s, groups[s], f"i{j}", ((7, 1.0),), float(j + 2), int(n[s, j]), float(values[s, j] * n[s, j])
        )
        for s in range(len(values))
        for j in range(values.shape[1])
        if n[s, j]
    ]


def test_point_share_by_an_obvious_twin() -> None:
    rng = np.random.default_rng(4)
    values, n = rng.uniform(0.3, 0.9, size=(6, 3)), rng.integers(8, 60, size=(6, 3))
    n[0, 1] = 0
    found = point_share(sums(values, n, ["rural"] * 6), 7)
    assert isinstance(found, Estimate)
    weight = np.array([2.0, 3.0, 4.0])
    facility = [sum(values[s, j] * n[s, j] for s in range(6)) / n[:, j].sum() for j in range(3)]
    value = sum(weight[j] * facility[j] for j in range(3)) / weight.sum()
    z = [
        sum(weight[j] * n[s, j] * (values[s, j] - facility[j]) / n[:, j].sum() for j in range(3))
        / weight.sum()
        for s in range(6)
    ]
    se = (6 / 5 * sum(one**2 for one in z)) ** 0.5
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 5) * se, abs=1e-12)


def test_interval_covers_the_truth_when_schools_differ() -> None:
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(400):
        school = rng.normal(0.6, 0.08, size=(12, 1))
        n = np.full((12, 3), 40)
        values = rng.binomial(40, np.clip(school, 0.02, 0.98), size=(12, 3)) / 40
        found = point_share(sums(values, n, ["rural"] * 12), 7)
        hits += found.low <= 0.6 <= found.high  # type: ignore[union-attr]
    assert 0.91 <= hits / 400 <= 0.98


def test_small_groups_and_what_would_give_them_away_are_hidden() -> None:
    values = np.full((5, 1), 0.5)
    n = np.array([[40], [40], [40], [2], [2]])
    (line,) = point_lines(sums(values, n, ["urban"] * 3 + ["rural"] * 2), [7])
    assert all(isinstance(group, Insufficient) for group in line.groups)
    assert isinstance(line.whole, Estimate)


def test_a_school_of_no_group_does_not_follow_from_the_groups() -> None:
    """Whole less town less country was the one teaching point that is neither."""
    values = np.full((7, 1), 0.5)
    groups = ["urban"] * 3 + ["rural"] * 3 + [""]
    (line,) = point_lines(sums(values, np.full((7, 1), 40), groups), [7])
    assert isinstance(line.whole, Estimate)
    assert line.n_schools == 7
    assert sum(isinstance(group, Estimate) for group in line.groups) == 1
    values, groups = np.full((9, 1), 0.5), ["urban"] * 3 + ["rural"] * 3 + [""] * 3  # three are a group
    (line,) = point_lines(sums(values, np.full((9, 1), 40), groups), [7])
    assert all(isinstance(group, Estimate) for group in line.groups)


def test_two_way_tables_that_differ_give_one_figure_in_any_order() -> None:
    """The last school that was read decided what an item weighs."""
    fulls = {("a", 0): 3.0, ("a", 1): 5.0, ("a", 2): 4.0, ("b", 0): 2.0, ("b", 1): 2.0, ("b", 2): 2.0}
    got = {"a": 0.8, "b": 0.3}
    rows = [
        SharedSums(school, "rural", item, ((7, 1.0),), full, 40, 40 * got[item])
        for (item, school), full in fulls.items()
    ]
    expected = (4 * 0.8 + 2 * 0.3) / (4 + 2)  # the mean full mark of item a is 4
    for order in (rows, rows[::-1], rows[3:] + rows[:3], [rows[1], rows[2], rows[0], *rows[3:]]):
        found = point_share(order, 7)
        assert isinstance(found, Estimate)
        assert found.value == pytest.approx(expected, abs=1e-12)


def test_an_item_that_nobody_of_a_second_school_answered_is_not_shared() -> None:
    rows = [SharedSums(s, "rural", "a", ((7, 1.0),), 3.0, n, n / 2) for s, n in enumerate((40, 0))]
    assert shared_rows(rows) == []
    rows.append(SharedSums(2, "rural", "a", ((7, 1.0),), 3.0, 1, 0.5))
    assert [row.school for row in shared_rows(rows)] == [0, 2]


def test_items_of_one_school_alone_and_two_schools_say_nothing() -> None:
    one = [SharedSums(0, "rural", "a", ((7, 1.0),), 3.0, 40, 20.0)]
    assert point_lines(one, [7]) == ()
    two = [SharedSums(s, "rural", "a", ((7, 1.0),), 3.0, 40, 20.0) for s in range(2)]
    assert isinstance(point_share(two, 7), Insufficient)


def test_points_come_in_the_order_of_teaching() -> None:
    rows = [
        SharedSums(s, "rural", f"{p}", ((p, 1.0),), 3.0, 40, total)
        for s in range(3)
        for p, total in ((5, 30.0), (6, 10.0), (7, 20.0))
    ]
    assert [line.point for line in point_lines(rows, [6, 7, 5])] == [6, 7, 5]


def test_page_and_workbook_say_the_same_and_name_no_school(district: District, sign_in: SignIn) -> None:
    with transaction.atomic(), scope_of([district.town.pk]):
        # One item that no other school took: it is not one of those that are shared.
        run = AnalysisRun.objects.get(paper=district.papers["final"], current=True)
        ItemFigure.objects.filter(run=run, position=17).update(shared_item="own-17")
    client = sign_in("d-research")
    page = client.get("/district/quality/").content.decode()
    assert "4 所学校的期末卷共用 18 道题" in page, "of 19 numbers"
    answer = client.get("/district/quality/quality.xlsx")
    for name in ("东山初中", "沈岗小学", "乙中学", "丙中学", "丁中学"):
        assert name not in page
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_index(0).to_python()[4:]
    assert [row[0] for row in rows] == POINTS, "in the order of teaching"
    full = np.array(FULL)
    blocks = [np.delete(district.marks["final"], 30, axis=0)]
    blocks += [district.marks[f"rural{number}"] for number in range(3)]
    for k, row in enumerate(rows):
        items = [j for j in range(len(FULL)) if j % 6 == k]
        facility = [
            sum(np.nansum(block[:, j]) for block in blocks[j == 17 :])
            / sum(np.isfinite(block[:, j]).sum() for block in blocks[j == 17 :])
            / full[j]
            for j in items
        ]
        share = float(np.average(facility, weights=full[items]))
        assert abs(int(row[4].split("%")[0]) - share * 100) <= 0.5 + 1e-9
        assert row[4] in re.sub(r"</?b>", "", page)
        assert (row[1], row[2]) == (3, 4)
        assert "不显示" in row[5], "one urban school is no group"
        assert "不显示" in row[6], "whole minus rural would be that one school"
    for login in ("t-maths", "t-head", "g-first"):
        assert sign_in(login).get("/district/quality/").status_code == 403


def test_marks_leave_only_with_another_persons_yes(district: District, sign_in: SignIn) -> None:
    teacher, office, head = sign_in("t-maths"), sign_in("t-office"), sign_in("t-head")
    base = f"/schools/{district.town.code}/analysis/raw/"
    assert teacher.post(district.url("final", 0, "ask-marks/"), {"reason": "想要"}).status_code == 400
    asked = teacher.post(district.url("final", 0, "ask-marks/"), {"reason": "与阅卷底册核对，核完删除"})
    assert asked.status_code == 302
    page = head.get(base).content.decode()
    home = base.replace("raw/", "")
    assert "1 份成绩册申请等你批准" in head.get(home).content.decode(), "who may say yes hears of it"
    assert "等你批准" not in teacher.get(home).content.decode()
    code = re.search(r"/raw/([A-Z0-9]+)/decide/", page).group(1)  # type: ignore[union-attr]
    assert teacher.get(f"{base}{code}/marks.xlsx").status_code == 404
    assert teacher.post(f"{base}{code}/decide/", {"answer": "yes"}).status_code == 403
    assert head.post(f"{base}{code}/decide/", {"answer": "yes"}).status_code == 302
    assert office.get(f"{base}{code}/marks.xlsx").status_code == 404, "only who asked may fetch"
    assert "等你批准" not in head.get(home).content.decode()
    book = teacher.get(f"{base}{code}/marks.xlsx")
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    table = rows.to_python()
    assert "导出人 许老师" in table[1][0]
    assert [row[0] for row in table[4:]] == list(range(1, 33))
    assert [float(cell) for cell in table[6][2 : 2 + len(FULL)]] == district.marks["final"][2].tolist()
    assert table[0][0].startswith("七（1）班 数学 "), "a sheet on paper says whose it is"
    assert table[3][2] == "第 1 题\n3 分"
    assert table[3][-2:] == [f"总分\n{sum(FULL):g} 分", "说明"]
    assert float(table[6][-2]) == np.nansum(district.marks["final"][2])
    assert table[4 + 30][-2:] == ["", "缺考"], "no sum where nothing was marked"
    record = AuditRecord.objects.filter(verb="diagnosis.fetch_raw_export").get()
    assert record.data["fetched"] == 1


def test_a_mark_book_of_totals_alone_holds_them(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = raw_exports.assessment.paper_for_analysis

    def totals(paper_id: int, **chosen: list[int]) -> PaperData:
        data = whole(paper_id, **chosen)
        stated = np.arange(len(data.attempt_ids), dtype=float)
        return replace(data, items=(), marks=data.marks[:, :0], stated_totals=stated)

    monkeypatch.setattr(raw_exports.assessment, "paper_for_analysis", totals)
    with transaction.atomic(), scope_of([district.town.pk]):
        asked = RawExport(paper=district.papers["final"], home_class=district.classes[0])
        book = raw_exports.mark_book(asked)
    assert book.items == ()
    assert book.full == sum(FULL)
    assert [total for _, _, _, total, _ in book.rows] == list(range(32))


def test_nobody_approves_the_own_request(district: District, sign_in: SignIn) -> None:
    office = sign_in("t-office")
    base = f"/schools/{district.town.code}/analysis/raw/"
    office.post(district.url("midterm", 1, "ask-marks/"), {"reason": "上报底册，报完删除"})
    own = re.findall(r"/raw/([A-Z0-9]+)/decide/", sign_in("t-head").get(base).content.decode())
    assert own
    assert office.post(f"{base}{own[-1]}/decide/", {"answer": "yes"}).status_code == 403


def test_of_two_decisions_the_first_stands_and_each_fetch_counts(district: District, sign_in: SignIn) -> None:
    """Two people open the list, both decide; one person fetches in two windows."""
    sign_in("t-office").post(district.url("final", 1, "ask-marks/"), {"reason": "交片区备查，开学前删除"})
    with transaction.atomic(), scope_of([district.town.pk]):
        waiting = RawExport.objects.filter(decided_at__isnull=True).order_by("-asked_at")
        first, second = waiting[0], waiting[0]
        asker = Actor(account_id=first.asked_by)
        decide_raw_export(actor=Actor(account_id=first.asked_by + 1000), request=first, granted=True)
        with pytest.raises(DomainError) as refused:
            decide_raw_export(actor=Actor(account_id=first.asked_by + 2000), request=second, granted=False)
        assert refused.value.status == 409
        one, two = (RawExport.objects.get(pk=first.pk) for _ in range(2))
        fetch_raw_export(actor=asker, request=one, pupils=30)
        assert fetch_raw_export(actor=asker, request=two, pupils=30).fetched == 2
        assert RawExport.objects.get(pk=first.pk).granted is True


def test_who_no_longer_teaches_the_class_fetches_its_marks_no_more(
    district: District, sign_in: SignIn
) -> None:
    teacher, head = sign_in("t-maths"), sign_in("t-head")
    base = f"/schools/{district.town.code}/analysis/raw/"
    teacher.post(district.url("midterm", 0, "ask-marks/"), {"reason": "期中试卷分析，分析完删除"})
    code = re.search(r"/raw/([A-Z0-9]+)/decide/", head.get(base).content.decode()).group(1)  # type: ignore[union-attr]
    head.post(f"{base}{code}/decide/", {"answer": "yes"})
    assert teacher.get(f"{base}{code}/marks.xlsx").status_code == 200
    with transaction.atomic(), scope_of([district.town.pk]):
        taught = TeachingAssignment.objects.filter(home_class=district.classes[0], subject=MATHS)
        assert taught.update(home_class=district.classes[1]) == 1
    assert teacher.get(f"{base}{code}/marks.xlsx").status_code == 404
    with transaction.atomic(), scope_of([district.town.pk]):
        TeachingAssignment.objects.filter(home_class=district.classes[1], subject=MATHS).update(
            home_class=district.classes[0]
        )


def test_a_subject_is_offered_from_two_schools_on(district: District, sign_in: SignIn) -> None:
    client = sign_in("d-research")
    for number, offered in ((0, False), (1, True)):
        name = f"rural{number}"
        school = district.papers[name].organisation_id
        marks, _ = answers(np.random.default_rng(number), 12)
        with transaction.atomic(), scope_of([school]):
            exam = district.papers[name].exam
            add_paper(
                district, f"zh{number}", [3 + number], marks, None, subject=CHINESE, exam=exam, shared="zh-"
            )
        chips = re.findall(
            r'href="\?of=([^"]+)"[^>]*>([^<]+)</a>', client.get("/district/quality/").content.decode()
        )
        assert any("七年级语文" in label for _, label in chips) == offered
    with transaction.atomic(), scope_of([school]):
        run = AnalysisRun.objects.filter(paper=district.papers["zh1"])
        run.update(current=False)  # its marks were taken back
    assert "七年级语文" not in client.get("/district/quality/").content.decode()
    with transaction.atomic(), scope_of([school]):
        run.update(current=True)
    key = next(key for key, label in chips if "七年级语文" in label)
    school = district.papers["rural2"].organisation_id
    with transaction.atomic(), scope_of([school]):  # the same items in another term are another district
        exam = Exam.objects.create(
            organisation_id=school,
            name="上学期期末",
            nature="final",
            term=Term.objects.exclude(pk=district.term.pk)[0],
            grade=7,
            held_on=START,
        )
        add_paper(district, "zh2", [5], marks, None, subject=CHINESE, exam=exam, shared="zh-")
    page = client.get("/district/quality/", {"of": key}).content.decode()
    assert "2 所学校的期末卷共用 18 道题" in page
    assert "学校还太少，合不出全区的数" in page
    assert "%" not in page.split("<main")[1].split("只统计两所以上")[0], (
        "two schools say nothing of the district"
    )
