"""The two-way table for readers: marks add up both ways, shared by weight, in the order of the tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.assessment.public.contracts import ItemInfo, ItemType
from smartschool.contexts.assessment.two_way import two_way
from smartschool.contexts.curriculum.public.contracts import PointInfo


def point(key: int, name: str) -> PointInfo:
    return PointInfo(key, f"JM{key:04d}", name, "14", "junior", 3, None, ("数与式", name), True)


def item(label: str, kind: ItemType, full: float, points: tuple[tuple[int, float], ...]) -> ItemInfo:
    return ItemInfo(int(label), int(label), label, kind, full, "", (), "", points)


TREE = {7: point(7, "相反数"), 3: point(3, "绝对值"), 9: point(9, "数轴")}


def test_a_small_paper_by_hand() -> None:
    table = two_way(
        [
            item("1", ItemType.SINGLE, 3, ((3, 1.0),)),
            item("2", ItemType.SINGLE, 3, ((7, 1.0),)),
            item("3", ItemType.OPEN, 10, ((7, 3.0), (3, 1.0))),
            item("4", ItemType.OPEN, 4, ()),
        ],
        TREE,
    )
    assert table.types == (ItemType.SINGLE, ItemType.OPEN)
    assert [(line.name, line.heading, line.marks) for line in table.lines] == [
        ("相反数", "数与式", 10.5),
        ("绝对值", "数与式", 5.5),
    ]
    cells = [[cell and (cell.labels, cell.marks) for cell in line.cells] for line in table.lines]
    assert cells == [[(("2",), 3), (("3",), 7.5)], [(("1",), 3), (("3",), 2.5)]]
    assert (table.type_marks, table.marks, table.untied) == ((6, 14), 20, ("4",))


items = st.lists(
    st.tuples(
        st.sampled_from(list(ItemType)),
        st.sampled_from([1.0, 2.5, 4.0, 12.0]),
        st.dictionaries(st.sampled_from([3, 7, 9]), st.sampled_from([0.25, 1.0, 2.0]), min_size=1),
    ),
    max_size=12,
)


@given(items)
def test_marks_add_up_in_both_directions(found: list[tuple[ItemType, float, dict[int, float]]]) -> None:
    paper = [item(str(n), kind, full, tuple(ties.items())) for n, (kind, full, ties) in enumerate(found)]
    table = two_way(paper, TREE)
    assert sum(line.marks for line in table.lines) == pytest.approx(table.marks)
    for place, marks in enumerate(table.type_marks):
        column = [line.cells[place] for line in table.lines]
        assert sum(cell.marks for cell in column if cell) == pytest.approx(marks)
