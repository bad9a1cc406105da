"""Composition: sentences are true in edge cases, items that need a person come first, pupils stay by 学号."""

from dataclasses import replace

import numpy as np
import pytest
from django.template.loader import render_to_string

from edumetrics.arrays import State
from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis.compose.class_report import (
    PupilLine,
    compose_class_report,
    item_rows,
    typical_error,
)
from smartschool.contexts.diagnosis.compose.differences import point_changes
from smartschool.contexts.diagnosis.compose.item_page import compose_item
from smartschool.contexts.diagnosis.compose.lede import lede
from smartschool.contexts.diagnosis.compose.mastery_table import mastery_table
from smartschool.contexts.diagnosis.compose.pupil import Earlier, OwnResult, compose_own_report
from smartschool.contexts.diagnosis.compose.small_class import (
    advised_items,
    compose_small_class,
    small_headline,
)
from smartschool.contexts.diagnosis.compose.words import (
    percent,
    plain,
    points_100,
    public_error,
    share_and_range,
    signed_points,
)
from smartschool.contexts.diagnosis.sketch import PointSketch
from smartschool.contexts.diagnosis.tests.paper import (
    OPTION,
    estimate,
    group,
    item_figures,
    paper,
    point_figures,
)

PAPER = paper([{0: 1.0}, {0: 1.0}, {1: 1.0}, {1: 0.5, 0: 0.5}], ["解方程", "方程应用"])
EASY = item_figures(0.9)


def usual(**more: object) -> stored.GroupFigures:
    items = [EASY, item_figures(0.85), item_figures(0.43), item_figures(0.48)]
    return group(items, [point_figures(0.8), point_figures(0.45)], **more)  # type: ignore[arg-type]


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


def pupil(number: int, states: tuple[int | None, ...], level: int | None = 1, **more: object) -> PupilLine:
    return PupilLine(number, f"c{number}", number, f"学生{number}", True, "", level, states, **more)  # type: ignore[arg-type]


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


def small_block() -> tuple[np.ndarray, np.ndarray]:
    marks = np.full((8, 4), 4.0)
    states = np.zeros((8, 4), dtype=np.int8)
    marks[1:7, 2] = 1.0
    marks[0, 3] = 3.0
    marks[5, 0], states[5, 0] = np.nan, State.BLANK
    return marks, states


def test_small_class_shows_counts_and_the_grid():
    marks, states = small_block()
    items = [
        item_figures(1.0, n=8, lost=1, blank=1),
        item_figures(1.0, n=8, lost=0),
        item_figures(0.4, n=8, lost=6),
        item_figures(0.97, n=8, lost=1),
    ]
    points = [
        point_figures(0.9, n=8, lost=1, states=(0, 0, 1, 7)),
        point_figures(0.5, n=8, lost=6, states=(0, 4, 2, 2)),
    ]
    pupils = [pupil(i + 1, (3, 1 if 1 <= i <= 4 else 3)) for i in range(8)]
    report = compose_small_class(
        PAPER, group(items, points, n=8, bins=(0, 0, 0, 2, 2, 2, 2)), pupils, marks, states
    )
    assert plain(report.lede) == (
        "8 人中 6 人在“方程应用”丢过分，其中 4 人需要再练。建议先讲第 3 题，再看第 4 题。"
    )
    block = group(items, points, n=8, bins=(0, 0, 0, 2, 2, 2, 2))
    assert advised_items(PAPER, block) == (2, 3), "as the sentence says"
    assert small_headline(PAPER, block) == "先讲第 3、4 题：“方程应用”要先练"
    assert [row.lost for row in report.rows] == [1, 0, 6, 1]
    assert report.rows[0].cells[5].text == "空"
    assert report.rows[2].cells[1] == report.rows[2].cells[6]
    assert report.rows[2].cells[1].text == "−3"
    assert report.rows[2].cells[1].shade == "g2"
    assert report.rows[3].cells[0].shade == "g1"
    assert [line.number for line in report.practice] == [2, 3, 4, 5]


def test_small_class_says_no_count_under_five_in_public():
    marks, states = small_block()
    items = [item_figures(1.0, n=8, lost=0)] * 3 + [item_figures(0.9, n=8, lost=2)]
    points = [
        point_figures(0.9, n=8, lost=0, states=(0, 0, 0, 8)),
        point_figures(0.8, n=8, lost=2, states=(0, 2, 0, 6)),
    ]
    report = compose_small_class(
        PAPER, group(items, points, n=8), [pupil(i, (3, 3)) for i in range(8)], marks, states
    )
    shown = "".join(piece.text for piece in report.lede if not piece.private)
    assert "2 人" not in shown
    assert "方程应用" in shown


def test_item_page_leaves_groups_out_of_a_small_class():
    options = (OPTION("A", 3, False, (0.5, 0.25, 0.0)), OPTION("B", 5, True, (0.2, 0.4, 1.0)))
    figures = group(
        [item_figures(0.6, n=8, lost=3, options=options)] + [EASY] * 3, [point_figures(0.8)] * 2, n=8
    )
    page = compose_item(PAPER, figures, None, 0, [], small=True)
    assert page.option_groups == ()
    assert "8 人中 3 人" in plain(page.lede)
    assert len(compose_item(PAPER, figures, None, 0, [], small=False).option_groups) == 2


@pytest.mark.parametrize(("stored_word", "said"), [("female", "女生"), ("male", "男生"), ("", "")])
def test_item_page_names_the_group_for_which_an_item_is_easier(stored_word, said):
    figures = group([item_figures(0.6, easier_for=stored_word), *[EASY] * 3], [point_figures(0.8)] * 2)
    page = compose_item(PAPER, figures, None, 0, [], small=False)
    assert page.easier_for == said
    note = "做这道题明显更容易"
    shown = render_to_string(
        "diagnosis/item.html", {"item": page, "page": {"small": False}, "place": 1, "own": False, "base": "/"}
    )
    assert (f"{said}{note}" in shown) == bool(said)
    assert (note in shown) == bool(said)


def own(states: tuple[int | None, ...], **more: object) -> OwnResult:
    values = {
        "present": True, "reason": "", "level": 1, "share": 0.81, "sure": (0.9,) * len(states),
        "n_items": (3,) * len(states),
    } | more  # fmt: skip
    return OwnResult(states=states, **values)  # type: ignore[arg-type]


def test_own_report_compares_with_oneself_only_where_points_are_shared():
    earlier = Earlier("期中", {"k0": 2, "k9": 1})
    report = compose_own_report(
        PAPER, own((3, 1)), lost_items=[2, 3], doubtful_items=[], earlier=earlier, show_marks=True
    )
    assert plain(report.sentence) == "比自己上次，多会了 1 个知识点。接下来练“方程应用”。"
    assert report.step is not None
    assert report.step.why.startswith("第 3、4 题都考到它")
    assert report.marks == "81 分，满分 16 分折算为百分制"
    alone = compose_own_report(
        PAPER, own((3, 1)), lost_items=[2], doubtful_items=[], earlier=None, show_marks=True
    )
    assert "上次" not in plain(alone.sentence)


def test_primary_report_never_has_marks():
    primary = paper([{0: 1.0}], ["小数除法"], junior=False)
    report = compose_own_report(
        primary, own((1,)), lost_items=[0], doubtful_items=[], earlier=None, show_marks=True
    )
    assert report.marks == ""
    assert report.primary


def test_doubtful_key_is_a_doubt_on_the_own_mastery():
    report = compose_own_report(
        PAPER, own((3, 1)), lost_items=[2], doubtful_items=[2], earlier=None, show_marks=False
    )
    assert [point.doubt for point in report.points] == [False, True]
    assert "正在复核" in report.points[1].note
    assert "第 3 题的答案正在复核" in report.notes[0]


def test_absent_pupil_has_no_level_and_no_points():
    report = compose_own_report(
        PAPER,
        own((), present=False, reason="缺考", level=None, share=None, n_items=()),
        lost_items=[],
        doubtful_items=[],
        earlier=None,
        show_marks=True,
    )
    assert report.level == ""
    assert "缺考" in plain(report.sentence)
    assert report.marks == ""


def test_numbers_are_written_as_people_round():
    assert percent(0.995) == "99%"
    assert percent(1.0) == "100%"
    assert percent(0.001) == "1%"
    assert points_100(0.7645) == "76.5"
    assert signed_points(-0.12) == "−12"
    assert signed_points(0.0) == "0"
    assert estimate(0.5).low == 0.48


def test_a_doubtful_key_neither_accuses_a_pupil_nor_leads_the_next_step():
    items = [EASY, EASY, item_figures(0.2, rival="C"), EASY]
    figures = group(items, [point_figures(0.8), point_figures(0.4)])
    report = compose_class_report(PAPER, figures, None, [pupil(3, (1, 1)), pupil(4, (1, 1), 3)])
    assert [line.number for line in report.help] == [4]
    assert report.help[0].text == "解方程"
    own_page = compose_own_report(
        PAPER, own((3, 1)), lost_items=[2], doubtful_items=[2], earlier=None, show_marks=False
    )
    assert own_page.step is None


def test_when_most_need_help_the_whole_class_comes_first():
    pupils = [pupil(n, (1, 1), 3) for n in range(1, 41)]
    assert compose_class_report(PAPER, usual(), None, pupils).help_is_common
    assert not compose_class_report(PAPER, usual(), None, pupils[:10]).help_is_common


def test_points_without_evidence_are_one_line_of_the_own_report():
    report = compose_own_report(
        PAPER, own((None, 1)), lost_items=[2], doubtful_items=[], earlier=None, show_marks=False
    )
    assert [point.name for point in report.known] == ["方程应用"]
    assert report.vague == "解方程"


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


def test_points_that_came_and_points_that_went_are_both_said():
    new = paper([{0: 1.0}, {0: 1.0}, {1: 1.0}, {1: 0.5, 0: 0.5}], ["解方程", "不等式"])
    new = replace(new, points=(new.points[0], PointSketch("k9", "不等式")))
    before, after = usual(), group(list(usual().items), [point_figures(0.81), point_figures(0.6)])
    told = [(change.what, change.before, change.after) for change in point_changes(PAPER, before, new, after)]
    assert told == [("解方程", "80%", "81%"), ("不等式", "没有", "60%"), ("方程应用", "45%", "没有")]


@pytest.mark.parametrize(
    ("mark", "state", "cell"),
    [
        (4.0, State.ANSWERED, ("g0", "✓")),
        (3.0, State.ANSWERED, ("g1", "−1")),
        (2.5, State.ANSWERED, ("g1", "−1.5")),
        (2.0, State.ANSWERED, ("g2", "−2")),  # half of the mark is 丢一半以上
        (0.0, State.ANSWERED, ("g2", "−4")),
        (np.nan, State.BLANK, ("g3", "空")),
        (np.nan, State.NOT_REACHED, ("g3", "空")),
        (np.nan, State.ABSENT, ("na", "缺")),
        (np.nan, State.NOT_PRESENTED, ("na", "—")),
    ],
)
def test_a_cell_of_the_grid_says_what_was_lost(mark: float, state: State, cell: tuple[str, str]):
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    marks[2, 1], states[2, 1] = mark, state
    block = group([EASY] * 4, [point_figures(0.9)] * 2, n=8)
    report = compose_small_class(PAPER, block, [pupil(i, (3, 3)) for i in range(8)], marks, states)
    found = report.rows[1].cells[2]
    assert (found.shade, found.text) == cell
    assert {one.shade for row in report.rows for one in row.cells} <= {"g0", cell[0]}


def test_an_item_is_notable_from_half_of_the_class_on_and_not_without_anybody():
    items = [item_figures(0.9, n=n, lost=lost) for n, lost in ((8, 4), (8, 3), (0, 0), (7, 4))]
    block = group(items, [point_figures(0.9)] * 2, n=8)
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    report = compose_small_class(PAPER, block, [pupil(i, (3, 3)) for i in range(8)], marks, states)
    assert [row.notable for row in report.rows] == [True, False, False, True]


def test_the_next_step_says_why_it_is_this_one():
    def step(states: tuple[int, int], lost: list[int]) -> str:
        made = compose_own_report(
            PAPER, own(states), lost_items=lost, doubtful_items=[], earlier=None, show_marks=False
        )
        assert made.step is not None
        return f"{made.step.name}：{made.step.why}"

    assert step((3, 1), [2]) == "方程应用：第 3 题考到它，丢了分。"
    assert step((3, 1), [0, 2, 3]) == "方程应用：第 3、4 题都考到它，丢了分。"
    assert step((3, 1), []) == "方程应用：这次的题说明它还不稳。"
    both = "要练的有 2 个，先从课本里排在前面的开始。"
    assert step((1, 1), [0]) == f"解方程：第 1 题考到它，丢了分。{both}"
    assert step((1, 1), [2]) == f"解方程：{both}"


def test_an_error_is_said_before_everybody_from_five_on():
    def said(options: list[tuple[str, int, bool]], blank: int) -> str:
        chosen = tuple(OPTION(label, n, key) for label, n, key in options)
        return public_error(item_figures(0.5, blank=blank, options=chosen))

    assert said([("A", 20, True), ("B", 6, False), ("C", 5, False), ("D", 4, False)], 9) == "B 6 · C 5"
    assert said([("A", 20, True), ("B", 4, False), ("C", 7, False)], 0) == "C 7"
    assert said([("A", 20, True), ("B", 4, False)], 5) == "空白 5"
    assert said([("A", 20, True), ("B", 4, False)], 4) == ""
    assert said([], 12) == "空白 12"


def test_an_item_page_leads_to_its_neighbours():
    pages = [compose_item(PAPER, usual(), None, j, [], small=False) for j in range(4)]
    assert [(one.previous, one.following) for one in pages] == [("", "2"), ("1", "3"), ("2", "4"), ("3", "")]


@pytest.mark.parametrize(
    ("now", "before", "note"),
    [
        (3, 1, "比上次提高"),
        (2, 1, "比上次提高"),
        (1, 2, "上次会的，这次要再看一遍"),
        (2, 3, "上次会的，这次要再看一遍"),
        (2, 2, "和上次一样"),
        (2, None, ""),
        (None, 3, "这次的题太少，还看不准"),
    ],
)
def test_a_point_is_compared_with_the_own_state_before(now: int | None, before: int | None, note: str):
    report = compose_own_report(
        PAPER,
        own((now, 3)),
        lost_items=[],
        doubtful_items=[],
        earlier=Earlier("期中", {"k0": before, "k1": 3}),
        show_marks=False,
    )
    assert [point.note for point in report.points] == [note, "和上次一样"]


@pytest.mark.parametrize(
    ("now", "before", "sentence"),
    [
        ((3, 3), {"k0": 2, "k1": 1}, "比自己上次，多会了 2 个知识点。"),
        ((3, 3), {"k0": 3, "k1": 2}, "比自己上次，多会了 1 个知识点。"),
        ((3, 2), {"k0": 3, "k1": 1}, "和自己上次比，会的知识点差不多。"),
        ((3, None), {"k0": None, "k1": 1}, ""),
    ],
)
def test_what_is_new_is_what_is_mastered_now_and_was_not(
    now: tuple[int | None, ...], before: dict[str, int | None], sentence: str
):
    made = compose_own_report(
        PAPER, own(now), lost_items=[], doubtful_items=[], earlier=Earlier("期中", before), show_marks=False
    )
    told = plain(made.sentence)
    assert told.startswith(sentence)
    assert ("上次" in told) == bool(sentence)


@pytest.mark.parametrize(
    ("figures", "small", "said"),
    [
        (item_figures(0.43), False, "得分率 43%，考“方程应用”。建议讲评。"),
        (item_figures(0.6), False, "得分率 60%，考“方程应用”。多数人会，个别提醒即可。"),
        (item_figures(0.43, discrimination=0.19), False, "得分率 43%，考“方程应用”。区分度偏低"),
        (item_figures(0.43, discrimination=0.2), False, "得分率 43%，考“方程应用”。建议讲评。"),
        (item_figures(0.95, discrimination=0.1), False, "得分率 95%，考“方程应用”。多数人会，个别提醒即可。"),
        (item_figures(0.43, rival="C"), False, "这道题的标准答案存疑：得分靠上的学生选 C 的"),
        (item_figures(0.25, n=8, lost=6), True, "8 人中 6 人在这道题丢过分，考“方程应用”。"),
        (item_figures(0.25, n=0, lost=0), True, "第 3 题，考“方程应用”，还没有小题分。"),
    ],
)
def test_an_item_page_opens_with_what_to_do(figures: stored.ItemFigures, small: bool, said: str):
    block = group([EASY, EASY, figures, EASY], [point_figures(0.8), point_figures(0.4)])
    assert plain(compose_item(PAPER, block, None, 2, [], small=small).lede).startswith(said)


def test_options_stand_in_thirds_only_where_the_thirds_are_known():
    options = (OPTION("A", 30, True, (0.5, 0.7, 0.9)), OPTION("B", 10, False, None))
    block = group([item_figures(0.75, options=options)] * 4, [point_figures(0.8)] * 2)
    made = compose_item(PAPER, block, None, 0, [], small=False)
    assert made.options == (("A", 30, True), ("B", 10, False))
    assert [(row.label, row.key, row.low, row.middle, row.top) for row in made.option_groups] == [
        ("A", True, 0.5, 0.7, 0.9)
    ]
    assert compose_item(PAPER, block, None, 0, [], small=True).option_groups == ()


def test_a_small_class_counts_only_points_on_which_somebody_was_judged():
    points = [point_figures(0.9, n=8, states=(8, 0, 0, 0)), point_figures(0.5, n=8, states=(5, 2, 1, 0))]
    marks, states = np.full((8, 4), 4.0), np.zeros((8, 4), dtype=np.int8)
    block = group([EASY] * 4, points, n=8)
    report = compose_small_class(PAPER, block, [pupil(i, (None, 1)) for i in range(8)], marks, states)
    assert [(p.name, p.mastered, p.basic, p.needs, p.unknown) for p in report.judged_points] == [
        ("方程应用", 0, 1, 2, 5)
    ]
    assert report.vague_points == ("解方程",)
