"""Two-way tables from forms and files: points round trip, words for types, names become codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.assessment.blueprint_rows import (
    COLUMNS,
    parse_points,
    rows_of_table,
    with_codes,
    write_points,
)
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.curriculum.models import KnowledgePoint
from smartschool.contexts.exchange.public.reading import read_frame
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.tabular import FileRefused

codes = st.from_regex(r"[A-Z]{2}[0-9]{4}", fullmatch=True)
weights = st.sampled_from([0.25, 0.3, 0.5, 0.75, 1.0, 2.0])


@given(st.lists(st.tuples(codes, weights), max_size=5), st.text("数轴、与；,; 1２.5×*绝对值", max_size=12))
def test_points_come_back_as_they_were_written(points: list[tuple[str, float]], name: str) -> None:
    """Whatever name stands behind the code for the reader."""
    assert parse_points(write_points(points, {})) == points
    assert parse_points(write_points(points, {code: name for code, _ in points})) == points


@pytest.mark.parametrize("separator", ["；", ";", "，", ",", "、", "\n"])
def test_any_separator_and_multiplication_sign(separator: str) -> None:
    assert parse_points(f"JM0001×0.4{separator} 数轴 0.6") == [("JM0001", 0.4), ("数轴", 0.6)]


ROWS: list[list[object]] = [
    ["七年级数学期末双向细目表"],
    ["题号", "题目类型", "分值", "标准答案", "少选得分", "考点"],
    ["第1题", "选择题", 3, "b", "", "相反数"],
    ["2", "多选", 4, "A,C", 2, "JM0012 0.5；绝对值 0.5"],
    [3, "", 5, "", "", ""],
    ["4", "", 2, "D", "", ""],
    ["5", "", 2, "√", "", ""],
]


@pytest.mark.parametrize("content", [xlsx(ROWS), as_csv(ROWS[1:], "gb18030")])
def test_a_file_is_read_in_the_words_of_schools(content: bytes) -> None:
    rows = rows_of_table(read_frame(content, COLUMNS))
    assert [(row.label, row.type, row.full, row.key, row.partial) for row in rows] == [
        ("第1题", ItemType.SINGLE, 3, "b", 0),
        ("2", ItemType.MULTIPLE, 4, "A,C", 2),
        ("3", ItemType.OPEN, 5, "", 0),
        ("4", ItemType.SINGLE, 2, "D", 0),
        ("5", ItemType.TRUE_FALSE, 2, "√", 0),
    ]
    assert rows[1].points == (("JM0012", 0.5), ("绝对值", 0.5))


def test_a_file_without_full_marks_is_refused() -> None:
    with pytest.raises(FileRefused) as refused:
        read_frame(xlsx([["题号", "题型"], ["1", "单选题"]]), COLUMNS)
    assert refused.value.code == "missing_column"


@pytest.mark.django_db
def test_names_become_codes_and_ambiguous_ones_are_asked_about() -> None:
    rows = [
        BlueprintRow("1", ItemType.OPEN, 3, points=(("相反数", 1.0),)),
        BlueprintRow("2", ItemType.OPEN, 3, points=(("没有这个点", 1.0),)),
    ]
    turned, faults = with_codes(rows, subject="14", stage="junior")
    assert faults == []
    assert [row.points[0][0] for row in turned] == ["JM0010", "没有这个点"]
    for parent in ("JM0001", "JM0002"):
        KnowledgePoint.objects.create(
            subject="14",
            stage="junior",
            code=f"ZZ{parent}",
            name="同名的点",
            level=4,
            position=0,
            source="t",
            parent=KnowledgePoint.objects.get(code=parent),
        )
    twice = [BlueprintRow("1", ItemType.OPEN, 3, points=(("同名的点", 1.0),))]
    (fault,) = with_codes(twice, subject="14", stage="junior")[1]
    assert (fault.row, fault.code) == (1, "ambiguous_point")
    assert "ZZJM0001（数与式 › 同名的点）" in fault.message
