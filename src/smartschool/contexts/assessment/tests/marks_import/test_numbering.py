"""Parts of a paper that number their items anew are read where the paper leaves one reading only."""

from collections.abc import Sequence

import pytest

from smartschool.contexts.assessment.marks_import.numbering import headings
from smartschool.contexts.assessment.public.contracts import ItemInfo, ItemType

SINGLE, BLANK, OPEN = ItemType.SINGLE, ItemType.BLANK, ItemType.OPEN


def paper(*items: tuple[str, ItemType]) -> tuple[ItemInfo, ...]:
    return tuple(
        ItemInfo(0, place, label, kind, 3.0, "", (), "", ()) for place, (label, kind) in enumerate(items)
    )


def labels(texts: Sequence[str], known: Sequence[ItemInfo] = ()) -> list[str]:
    return [one.label for _, one in headings(texts, known)]


SHEET = ["选择题1", "选择题2", "填空题1(1)", "填空题1(2)", "解答题1"]
THROUGH = paper(("1", SINGLE), ("2", SINGLE), ("3(1)", BLANK), ("3(2)", BLANK), ("4", OPEN))
BY_PART = paper(("1(1)", SINGLE), ("1(2)", SINGLE), ("2(1)(1)", BLANK), ("2(1)(2)", BLANK), ("3(1)", OPEN))


def test_a_new_paper_is_labelled_by_its_parts() -> None:
    assert labels(SHEET) == ["1(1)", "1(2)", "2(1)(1)", "2(1)(2)", "3(1)"]


@pytest.mark.parametrize("known", [THROUGH, BY_PART])
def test_the_paper_says_how_it_counts(known: tuple[ItemInfo, ...]) -> None:
    assert labels(SHEET, known) == [item.label for item in known]


def test_a_paper_made_from_a_sheet_knows_no_kinds() -> None:
    known = paper(*((item.label, OPEN) for item in THROUGH))
    assert labels(SHEET, known) == [item.label for item in known]


def test_numbers_that_go_on_stay_as_they_are() -> None:
    assert labels(["选择题1", "选择题2", "填空题3"], paper(("1", SINGLE), ("2", SINGLE), ("3", BLANK))) == [
        "1", "2", "3",
    ]  # fmt: skip
    assert labels(["客观题1", "主观题13(1)"]) == ["1", "13(1)"]


@pytest.mark.parametrize(
    ("texts", "known"),
    [
        (SHEET[:-1], THROUGH),  # an item too few: the parts may be cut elsewhere
        (["解答题1", *SHEET[:-1]], THROUGH),  # another order than the paper's
        (["选择题1", "选择题3", "填空题1"], ()),
        (["选择题1", "1", "填空题1"], ()),  # one without a kind
        (["选择题1", "选择题1(得分)", "选择题1"], ()),
    ],
)
def test_what_is_ambiguous_keeps_its_number(texts: list[str], known: tuple[ItemInfo, ...]) -> None:
    """Two headings of one item, or items that the paper does not have: both are refused later."""
    found = labels(texts, known)
    assert len(set(found)) < len(found) or not set(found) <= {item.label for item in known}
    assert set(found) <= {"1", "2", "3", "1(1)", "1(2)"}
