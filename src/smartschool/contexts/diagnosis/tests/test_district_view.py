"""District view: shared items with cluster intervals, suppression, no order; raw marks by two people."""

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
import python_calamine
from django.test import Client
from scipy import stats

from edumetrics.results import Estimate, Insufficient
from smartschool.contexts.diagnosis.compose.district import SharedSums, point_lines, point_share
from smartschool.contexts.diagnosis.tests.school import FULL, POINTS, District
from smartschool.kernel.models import AuditRecord

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
    client = sign_in("d-research")
    page = client.get("/district/quality/").content.decode()
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
            sum(np.nansum(block[:, j]) for block in blocks)
            / sum(np.isfinite(block[:, j]).sum() for block in blocks)
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
    code = re.search(r"/raw/([A-Z0-9]+)/decide/", page).group(1)  # type: ignore[union-attr]
    assert teacher.get(f"{base}{code}/marks.xlsx").status_code == 404
    assert teacher.post(f"{base}{code}/decide/", {"answer": "yes"}).status_code == 403
    assert head.post(f"{base}{code}/decide/", {"answer": "yes"}).status_code == 302
    assert office.get(f"{base}{code}/marks.xlsx").status_code == 404, "only who asked may fetch"
    book = teacher.get(f"{base}{code}/marks.xlsx")
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    table = rows.to_python()
    assert "导出人 许老师" in table[1][0]
    assert [row[0] for row in table[4:]] == list(range(1, 33))
    assert [float(cell) for cell in table[6][2 : 2 + len(FULL)]] == district.marks["final"][2].tolist()
    record = AuditRecord.objects.filter(verb="diagnosis.fetch_raw_export").get()
    assert record.data["fetched"] == 1


def test_nobody_approves_the_own_request(district: District, sign_in: SignIn) -> None:
    office = sign_in("t-office")
    base = f"/schools/{district.town.code}/analysis/raw/"
    office.post(district.url("midterm", 1, "ask-marks/"), {"reason": "上报底册，报完删除"})
    own = re.findall(r"/raw/([A-Z0-9]+)/decide/", sign_in("t-head").get(base).content.decode())
    assert own
    assert office.post(f"{base}{own[-1]}/decide/", {"answer": "yes"}).status_code == 403
