"""Lines below a table are told from records, and a record with little in it stays one."""

import pytest

from smartschool.kernel.row_kinds import is_closing_row, is_full_mark_word, is_summary_word
from smartschool.kernel.tabular import Cell


@pytest.mark.parametrize(
    "row",
    [
        ["男 3 女 3"],
        ["男：18人", "", "女：20人"],
        ["男", 18.0, "女", 20.0],
        ["男生18名，女生20名，共38人"],
        ["共３６人"],
        ["全班38人，其中男18人，女20人"],
        ["合计", "", "", 36.0],
        ["合计：", "男", 18.0, "女", 18.0],
        ["制表人：李某", "", "审核人：王某", "校长签字："],
        ["班主任签字：", "张某", None, "2026年9月5日"],
        ["", "（盖章）"],
        ["2026 年 9 月 5 日"],
        ["第 1 页，共 2 页"],
        ["注：空白处不填"],
        ["说明", "学号按座位编"],
    ],
)
def test_lines_below_a_table(row: list[Cell]) -> None:
    assert is_closing_row(row)


@pytest.mark.parametrize(
    "row",
    [
        ["", ""],
        ["", "女", 3.0],  # no name: a fault to be shown
        ["王某", "", ""],
        ["男", "20160519", "汉族"],
        ["全小男", "男", "汉族"],
        ["共浩", "女", "汉族", "三年级"],
        ["2026-09-05"],
        ["三年级", "1班", "女"],
        ["第一小学", "王某", "女"],
        ["学生11", 3.0, 4.0],
    ],
)
def test_records_stay_records(row: list[Cell]) -> None:
    assert not is_closing_row(row)


def test_words_over_the_rows() -> None:
    assert all(map(is_summary_word, ("平均分", "本班 最高分", "及格率", "合计", "参考人数", "难度")))
    assert all(map(is_summary_word, ("七（1）班均分", "各题得分率（%）", "标准答案", "知识点", "题型")))
    assert not any(map(is_summary_word, ("高分", "平安", "王合计", "3", "", "1班", "题型新")))
    assert all(map(is_full_mark_word, ("满分", "各题满分", "每小题分值：", "满分（分）", "题分")))
    assert not any(map(is_full_mark_word, ("满分率", "分", "满", "满分人数")))
