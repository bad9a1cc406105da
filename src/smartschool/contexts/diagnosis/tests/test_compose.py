"""The report on a class: sentences hold in edge cases, items that need a person first, pupils by 学号."""

import pytest

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis.compose.class_report import (
    PupilLine,
    compose_class_report,
    item_rows,
    typical_error,
)
from smartschool.contexts.diagnosis.compose.lede import lede
from smartschool.contexts.diagnosis.compose.mastery_table import mastery_table
from smartschool.contexts.diagnosis.compose.words import (
    percent,
    plain,
    points_100,
    public_error,
    share_and_range,
    signed_points,
)
from smartschool.contexts.diagnosis.tests.paper import (
    EASY,
    OPTION,
    PAPER,
    estimate,
    group,
    item_figures,
    paper,
    point_figures,
    pupil,
    usual,
)


def test_lede_names_the_point_with_most_lost_marks_and_its_items():
    grade = group([EASY] * 4, [point_figures(0.8), point_figures(0.57)], mean=0.758, n=120)
    text = plain(lede(PAPER, usual(), grade))
    assert text == (
        "本班平均分 76.4，与年级（75.8）相当。失分集中在“方程应用”：第 3、4 题得分率 43%、48%，"
        "这个知识点比年级低 12 个百分点。建议先讲这两题。"
    )


def test_lede_without_a_second_class_says_there_is_nothing_to_compare_with():
    text = plain(lede(PAPER, usual(), None))
    assert "没有可比对象" in text
    assert "百分点" not in text
    assert "与年级" not in text


@pytest.mark.parametrize(
    ("mean", "words"), [(0.9, "比年级（75.8）高 14.2 分"), (0.6, "比年级（75.8）低 15.8 分")]
)
def test_lede_says_a_difference_only_outside_the_interval(mean, words):
    grade = group([EASY] * 4, [point_figures(0.8), point_figures(0.45)], mean=0.758)
    assert words in plain(lede(PAPER, usual(mean=mean), grade))


def test_lede_of_an_empty_class_a_full_house_and_totals_only():
    nobody = group([], [], n=0, bins=(0,) * 7)
    assert "没有人参加" in plain(lede(PAPER, nobody, None))
    perfect = group([item_figures(0.99)] * 4, [point_figures(0.99)] * 2)
    assert "没有集中的失分" in plain(lede(PAPER, perfect, None))
    assert "只有总分" in plain(lede(paper([], []), group([], []), None))


def test_lede_puts_a_doubtful_key_before_any_teaching():
    items = [EASY, EASY, item_figures(0.2, rival="C"), item_figures(0.5)]
    text = plain(lede(PAPER, group(items, [point_figures(0.8), point_figures(0.35)]), None))
    assert "第 3 题的答案存疑，先复核，再讲评。" in text
    assert "建议先讲" not in text
    assert "第 4 题得分率 50%" in text  # the doubtful item is not used as evidence against the class


def test_items_that_need_a_person_come_first_and_worst_first():
    items = [EASY, item_figures(0.3, discrimination=0.1), item_figures(0.7), item_figures(0.5)]
    rows = item_rows(PAPER, group(items, [point_figures(0.8)] * 2), None)
    assert [row.number for row in rows] == ["2", "4", "3", "1"]
    assert [row.action for row in rows] == ["复核本题", "加入讲评", "", ""]
    assert rows[0].weak
    assert not rows[1].weak


def test_a_very_easy_item_is_not_accused_of_low_discrimination():
    rows = item_rows(
        PAPER, group([item_figures(0.97, discrimination=0.05)] * 4, [point_figures(0.9)] * 2), None
    )
    assert not any(row.attention for row in rows)


def test_item_without_evidence_goes_last_and_is_not_zero():
    unknown = Insufficient(Reason.NO_RESPONSES, 0)
    blank = stored.ItemFigures(unknown, unknown, unknown, 0, 0, 0)
    rows = item_rows(PAPER, group([blank, EASY, EASY, EASY], [point_figures(0.8)] * 2), None)
    assert rows[-1].number == "1"
    assert rows[-1].facility is unknown


def test_typical_error():
    choice = item_figures(0.5, options=(OPTION("A", 3, False), OPTION("B", 20, True), OPTION("C", 17, False)))
    assert typical_error({}, choice) == ("C 17 · A 3", 17)
    assert typical_error({"C": "没有设未知数"}, choice) == ("C 17：没有设未知数", 17)
    assert typical_error({}, item_figures(0.4, lost=24, blank=19)) == ("空白 19", 19)
    assert typical_error({"": "单位没换算"}, item_figures(0.4, lost=15)) == ("单位没换算 15", 15)
    assert typical_error({}, item_figures(1.0, lost=0)) == ("", 0)


def test_help_is_by_class_number_and_compares_nobody():
    pupils = [
        pupil(3, (1, 1), 2),
        pupil(11, (3, 1), 1),
        pupil(18, (1, 1), 3, help_before=True),
        PupilLine(31, "c31", 31, "王", False, "缺考", None, ()),
    ]
    report = compose_class_report(PAPER, usual(), None, pupils)
    assert [line.number for line in report.help] == [3, 18, 31]
    assert [line.tag for line in report.help] == ["这一次", "连续 2 次", "缺考"]
    assert report.help[0].text == "解方程、方程应用"


def test_help_needs_sure_states():
    report = compose_class_report(PAPER, usual(), None, [pupil(3, (1, 1), 2, sure=(0.5, 0.6))])
    assert report.help == ()


def test_grade_line_is_the_grade_brought_to_the_size_of_the_class():
    grade = group([EASY] * 4, [point_figures(0.8)] * 2, n=80, bins=(2, 4, 8, 12, 18, 24, 12))
    report = compose_class_report(PAPER, usual(), grade, [])
    assert report.grade_line == pytest.approx((1, 2, 4, 6, 9, 12, 6))
    assert compose_class_report(PAPER, usual(), None, []).grade_line is None


def test_doubt_reaches_the_point():
    items = [EASY, EASY, item_figures(0.2, rival="C"), EASY]
    report = compose_class_report(PAPER, group(items, [point_figures(0.8), point_figures(0.5)]), None, [])
    assert [row.doubt for row in report.points] == [False, True]
    assert [row.number for row in report.doubts] == ["3"]


def test_numbers_are_written_as_people_round():
    assert percent(0.995) == "99%"
    assert percent(1.0) == "100%"
    assert percent(0.001) == "1%"
    assert points_100(0.7645) == "76.5"
    assert signed_points(-0.12) == "−12"
    assert signed_points(0.0) == "0"
    assert estimate(0.5).low == 0.48


def test_when_most_need_help_the_whole_class_comes_first():
    pupils = [pupil(n, (1, 1), 3) for n in range(1, 41)]
    assert compose_class_report(PAPER, usual(), None, pupils).help_is_common
    assert not compose_class_report(PAPER, usual(), None, pupils[:10]).help_is_common


def test_points_that_nobody_was_judged_on_are_named_below_the_table_and_not_drawn():
    """A column of dashes for each of twenty points hides the three that say something, and fills the page."""
    pupils = [pupil(3, (None, 1, None)), pupil(1, (None, None, 3)), pupil(2, ())]
    made = mastery_table(["数轴", "绝对值", "乘方"], pupils)
    assert made.columns == ("绝对值", "乘方")
    assert made.vague == ("数轴",)
    assert [(one.number, states) for one, states in made.rows] == [(3, (1, None)), (1, (None, 3)), (2, ())]

    vague, judged = point_figures(0.8, states=(5, 0, 0, 0)), point_figures(0.4, states=(1, 3, 1, 0))
    report = compose_class_report(PAPER, group([EASY] * 4, [vague, judged]), None, [])
    assert [row.name for row in report.judged_points] == ["方程应用"]
    assert report.vague_points == ("解方程",)


def test_a_range_from_none_to_all_is_no_result():
    """Three schools that differ much gave ``53%（0%–100%）`` on the district's page."""
    assert share_and_range(Estimate(0.72, 0.04, 0.631, 0.808, 900, "hand")) == ("72%", "63–81%")
    assert share_and_range(Estimate(0.53, 0.4, 0.0, 1.0, 900, "hand")) == ("", "学校太少，说不准")
    assert share_and_range(Estimate(0.9, 0.1, 0.6, 1.0, 900, "hand")) == ("90%", "60–100%")
    assert share_and_range(Insufficient(Reason.TOO_FEW_PUPILS, 4)) == ("", "人数或学校太少，不显示")


def test_an_error_is_said_before_everybody_from_five_on():
    def said(options: list[tuple[str, int, bool]], blank: int) -> str:
        chosen = tuple(OPTION(label, n, key) for label, n, key in options)
        return public_error(item_figures(0.5, blank=blank, options=chosen))

    assert said([("A", 20, True), ("B", 6, False), ("C", 5, False), ("D", 4, False)], 9) == "B 6 · C 5"
    assert said([("A", 20, True), ("B", 4, False), ("C", 7, False)], 0) == "C 7"
    assert said([("A", 20, True), ("B", 4, False)], 5) == "空白 5"
    assert said([("A", 20, True), ("B", 4, False)], 4) == ""
    assert said([], 12) == "空白 12"
