"""Checks of a two-way table, and marks from keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.assessment.blueprint import faults_of, normalised, remarked, touched
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.scoring import mark_of, marks_of, normal_choice, normal_key

GOOD = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD", points=(("P1", 1),)),
    BlueprintRow("2", ItemType.MULTIPLE, 4, "ACD", "ABCD", 2, points=(("P1", 0.5), ("P2", 0.5))),
    BlueprintRow("3(1)", ItemType.OPEN, 5.5),
]
POINTS = {"P1": 1, "P2": 2}


def codes(rows: list[BlueprintRow], full: float = 12.5) -> list[tuple[int, str]]:
    faults = faults_of([normalised(row) for row in rows], full_score=full, known_points=POINTS)
    return [(fault.row, fault.code) for fault in faults]


def test_a_sound_table_has_no_faults() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (BlueprintRow("", ItemType.OPEN, 5.5), "required"),
        (BlueprintRow("第1题", ItemType.OPEN, 5.5), "duplicate"),
        (BlueprintRow("3", ItemType.OPEN, 5.5, points=(("P9", 1),)), "unknown_point"),
        (BlueprintRow("3", ItemType.OPEN, 5.5, points=(("P1", 0),)), "bad_weight"),
        (BlueprintRow("3", ItemType.OPEN, 5.5, points=(("P1", 1), ("P1", 2))), "duplicate"),
        (BlueprintRow("3", ItemType.OPEN, 5.5, key="A"), "key_not_wanted"),
        (BlueprintRow("3", ItemType.SINGLE, 5.5, "E", "ABCD"), "key_not_an_option"),
        (BlueprintRow("3", ItemType.SINGLE, 5.5, "AB", "ABCD"), "several_keys"),
        (BlueprintRow("3", ItemType.SINGLE, 5.5, "3.5", "ABCD"), "bad_key"),
        (BlueprintRow("3", ItemType.MULTIPLE, 5.5, "AB", "ABCD", 6), "out_of_range"),
    ],
)
def test_each_fault_at_its_row(row: BlueprintRow, code: str) -> None:
    assert codes([*GOOD[:2], row]) == [(3, code)]


def test_the_sum_and_the_paper_must_agree() -> None:
    assert codes(GOOD, full=100) == [(0, "sum_differs")]
    assert codes([], full=100) == [(0, "no_items")]


def test_what_a_change_touches() -> None:
    other = [GOOD[0], BlueprintRow("2", ItemType.MULTIPLE, 4, "AC", "ABCD", 2), GOOD[2]]
    renamed = [GOOD[0], GOOD[1], BlueprintRow("3", ItemType.OPEN, 5.5)]
    assert (touched(GOOD, other), remarked(GOOD, other)) == ([1], [1])
    assert (touched(GOOD, renamed), remarked(GOOD, renamed)) == ([2], [])


def test_choices_and_keys_in_any_spelling() -> None:
    several = ItemType.MULTIPLE
    assert [normal_choice(t, several) for t in ("c,A", "ＡＢ", "*", "", " d ", "12")] == [
        "AC", "AB", "-", "", "D", None,
    ]  # fmt: skip
    assert [normal_key(t, several) for t in ("A或C", "c/a", "DCA", "-", "")] == [
        "A/C",
        "A/C",
        "ACD",
        None,
        "",
    ]


RIGHT = ("√", "✓", "✔️", "对", "（对）", "正确", "是", "T", "ｔ", "true", "Y", "Yes", "v")
WRONG = ("×", "✗", "X", "x", "错", "错误", "不对", "否", "F", "False", "n", "NO")


def test_a_judgement_is_one_of_two_however_it_is_written() -> None:
    assert {normal_choice(text, ItemType.TRUE_FALSE) for text in RIGHT} == {"T"}
    assert {normal_choice(text, ItemType.TRUE_FALSE) for text in WRONG} == {"F"}
    assert {normal_key(text, ItemType.TRUE_FALSE) for text in RIGHT} == {"T"}
    assert {normal_key(text, ItemType.TRUE_FALSE) for text in WRONG} == {"F"}


@pytest.mark.parametrize("type_", [ItemType.SINGLE, ItemType.MULTIPLE])
def test_letters_of_options_are_no_judgements(type_: ItemType) -> None:
    """七选五 has the options A–G: a cross is not F, and X, Y, N are themselves."""
    letters = ["T", "F", "X", "Y", "N", "V"]
    assert [normal_choice(text, type_) for text in letters] == letters
    assert [normal_choice(text, type_) for text in ("×", "√", "错", "正确")] == [None] * 4


def test_a_sign_as_key_is_named_where_the_type_has_options() -> None:
    row = normalised(BlueprintRow("1", ItemType.SINGLE, 2, "√"))
    faults = faults_of([row], full_score=2, known_points={})
    assert [fault.code for fault in faults] == ["bad_key"]
    assert "判断题" in faults[0].message


def test_marks_by_key() -> None:
    rule = {"type_": ItemType.MULTIPLE, "key": "ACD", "full": 4.0, "partial": 2.0}
    assert marks_of(["ACD", "AC", "AB", "-", "", "D"], **rule) == [4, 2, 0, 0, None, 2]  # type: ignore[arg-type]
    single = {"type_": ItemType.SINGLE, "key": "A/C", "full": 3.0, "partial": 2.0}
    assert marks_of(["A", "B", "C", "AC"], **single) == [3, 0, 3, 0]  # type: ignore[arg-type]


@given(st.sets(st.sampled_from("ABCD"), min_size=1), st.sets(st.sampled_from("ABCD"), min_size=1))
def test_multiple_choice_by_its_definition(key: set[str], chosen: set[str]) -> None:
    mark = mark_of(
        "".join(sorted(chosen)), type_=ItemType.MULTIPLE, key="".join(sorted(key)), full=6, partial=3
    )
    assert mark == (6 if chosen == key else 3 if chosen <= key else 0)
