"""The two-way table as people read it (双向细目表): points down, item types across, marks inside."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smartschool.contexts.assessment.public.contracts import ItemInfo, ItemType
from smartschool.contexts.curriculum.public.contracts import PointInfo


@dataclass(frozen=True, slots=True)
class Cell:
    """Items of one type that examine one point, and the marks that they give to it."""

    labels: tuple[str, ...]
    marks: float


@dataclass(frozen=True, slots=True)
class Line:
    """One knowledge point; `cells` go with the types of the table, None where no item is."""

    name: str
    heading: str
    cells: tuple[Cell | None, ...]
    marks: float


@dataclass(frozen=True, slots=True)
class TwoWay:
    """Marks add up to the full mark in both directions; `untied` are items without a point."""

    types: tuple[ItemType, ...]
    lines: tuple[Line, ...]
    type_marks: tuple[float, ...]
    marks: float
    untied: tuple[str, ...]


def two_way(items: Sequence[ItemInfo], points: Mapping[int, PointInfo]) -> TwoWay:
    """Build the table; the mark of an item is shared by its points in proportion to their weights.

    Types stand in the order in which the paper brings them, points in the order of `points`, the tree's.
    """
    types = tuple(dict.fromkeys(item.type for item in items))
    found: dict[int, dict[ItemType, list[tuple[str, float]]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        whole = sum(weight for _, weight in item.points)
        for point, weight in item.points:
            found[point][item.type].append((item.label, item.full * weight / whole))
    lines = []
    for point, info in points.items():
        if point not in found:
            continue
        cells = tuple(_cell(found[point].get(kind, [])) for kind in types)
        heading = info.path[-2] if len(info.path) > 1 else ""
        lines.append(Line(info.name, heading, cells, sum(cell.marks for cell in cells if cell)))
    return TwoWay(
        types,
        tuple(lines),
        tuple(sum(item.full for item in items if item.type is kind) for kind in types),
        sum(item.full for item in items),
        tuple(item.label for item in items if not item.points),
    )


def _cell(found: list[tuple[str, float]]) -> Cell | None:
    return Cell(tuple(label for label, _ in found), sum(marks for _, marks in found)) if found else None
