"""What a pupil and a family read of one paper: the own state, never anybody else's."""

from dataclasses import replace

import pytest

from smartschool.contexts.diagnosis.compose.class_report import compose_class_report
from smartschool.contexts.diagnosis.compose.differences import point_changes
from smartschool.contexts.diagnosis.compose.pupil import Earlier, OwnResult, compose_own_report
from smartschool.contexts.diagnosis.compose.words import (
    plain,
)
from smartschool.contexts.diagnosis.sketch import PointSketch
from smartschool.contexts.diagnosis.tests.paper import (
    EASY,
    PAPER,
    group,
    item_figures,
    paper,
    point_figures,
    pupil,
    usual,
)


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


def test_points_without_evidence_are_one_line_of_the_own_report():
    report = compose_own_report(
        PAPER, own((None, 1)), lost_items=[2], doubtful_items=[], earlier=None, show_marks=False
    )
    assert [point.name for point in report.known] == ["方程应用"]
    assert report.vague == "解方程"


def test_points_that_came_and_points_that_went_are_both_said():
    new = paper([{0: 1.0}, {0: 1.0}, {1: 1.0}, {1: 0.5, 0: 0.5}], ["解方程", "不等式"])
    new = replace(new, points=(new.points[0], PointSketch("k9", "不等式")))
    before, after = usual(), group(list(usual().items), [point_figures(0.81), point_figures(0.6)])
    told = [(change.what, change.before, change.after) for change in point_changes(PAPER, before, new, after)]
    assert told == [("解方程", "80%", "81%"), ("不等式", "没有", "60%"), ("方程应用", "45%", "没有")]


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
