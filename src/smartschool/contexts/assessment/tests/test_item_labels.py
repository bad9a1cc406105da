"""Header forms of item columns, as the exports in use write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.assessment.item_labels import canonical, item_heading


@pytest.mark.parametrize(
    ("text", "label", "chosen", "full"),
    [
        ("1", "1", False, None),
        ("01", "1", False, None),
        ("13（1）", "13(1)", False, None),
        ("13-1", "13(1)", False, None),
        ("13.1", "13(1)", False, None),
        ("13_1", "13(1)", False, None),
        ("13①", "13(1)", False, None),
        ("16(2)(1)", "16(2)(1)", False, None),
        ("第1题", "1", False, None),
        ("第13题(1)", "13(1)", False, None),
        ("第13（1）题", "13(1)", False, None),
        ("T1", "1", False, None),
        ("Q13.1", "13(1)", False, None),
        ("题13", "13", False, None),
        ("客观题1", "1", False, None),
        ("主观题13(1)", "13(1)", False, None),
        ("填空13.1", "13(1)", False, None),
        ("1[3分]", "1", False, 3),
        ("1(3分)", "1", False, 3),
        ("第1题（满分3分）", "1", False, 3),
        ("13(1)/5", "13(1)", False, 5),
        ("13(1)(2.5分)", "13(1)", False, 2.5),
        ("1选项", "1", True, None),
        ("选项1", "1", True, None),
        ("第1题答案", "1", True, None),
        ("单选1作答", "1", True, None),
        ("1得分", "1", False, None),
        ("得分1", "1", False, None),
        ("第13题(1)得分", "13(1)", False, None),
        ("第13题第（1）问", "13(1)", False, None),
        ("13题第2小问", "13(2)", False, None),
        ("13-(1)", "13(1)", False, None),
        ("一、选择题（每题3分，共24分）8", "8", False, None),
        ("三、解答题19(1)", "19(1)", False, None),
    ],
)
def test_header_forms(text: str, label: str, chosen: bool, full: float | None) -> None:
    found = item_heading(text)
    assert found is not None
    assert (found.label, found.chosen, found.full) == (label, chosen, full)


@pytest.mark.parametrize(
    "text", ["总分", "姓名", "客观题得分", "主观分", "排序", "语文", "班级", "2026学年", "1班", "得分率", ""]
)
def test_other_headers_name_no_item(text: str) -> None:
    assert item_heading(text) is None


@given(st.integers(1, 60), st.none() | st.integers(1, 20), st.sampled_from(["", "第", "T", "客观题"]))
def test_every_spelling_of_a_label_is_the_same(number: int, part: int | None, prefix: str) -> None:
    label = f"{number}" if part is None else f"{number}({part})"
    spellings = [label] if part is None else [f"{number}（{part}）", f"{number}-{part}", f"{number}.{part}"]
    for spelling in spellings:
        assert canonical(prefix + spelling) == canonical(label) == label
