"""Owns the order in which class models are fitted: none of their figures hangs on how a paper is arranged.

Climbs start at random places and intervals are read off random draws, and which number falls on which item
or point could decide between two maxima. Fits therefore see items and points in an order that hangs on
answers and demands alone; what is handed back stands in the order given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edumetrics.cdm.classes import closures
from edumetrics.cdm.preparation import Prepared
from edumetrics.cdm.results import ClassModelResult, ItemDiagnosis
from edumetrics.irt.coding import Coding
from edumetrics.order import by_answers
from edumetrics.results import Estimates, IntArray

Scalar = TypeVar("Scalar", bound=np.generic)


def in_own_order(exam: Prepared) -> Prepared:
    """The exam with items and points in an order of their own, the same for any arrangement of them.

    Of items with the same answers and demands, and of points of the same items, the first given is first.

    Raises
    ------
    CircularPrerequisites, UnknownName
        Here, where points still have the numbers that the caller gave them.
    """
    closures(exam.q.shape[1], exam.prerequisites)
    rows = by_answers(np.column_stack([exam.categories.T, exam.q]))
    q = exam.q[rows]
    columns = np.lexsort(q)
    at = np.argsort(columns)
    coding = exam.coding
    parts = (coding.items, coding.edges, coding.marks, coding.counts)
    return replace(
        exam,
        q=np.ascontiguousarray(q[:, columns]),
        names=tuple(exam.names[k] for k in columns),
        place=exam.place[columns],
        prerequisites=tuple(sorted((int(at[a]), int(at[b])) for a, b in exam.prerequisites)),
        coding=Coding(*(tuple(part[j] for j in rows) for part in parts)),
        categories=np.ascontiguousarray(exam.categories[:, rows]),
    )


def as_given(result: ClassModelResult, exam: Prepared) -> ClassModelResult:
    """The result of ``exam`` with items, points, mastery and groups as they were given; arrays stay."""
    row = {item: at for at, item in enumerate(exam.matrix.items)}
    space, columns = result.space, np.argsort(exam.place)
    items = [
        _item_as_given(item, exam.place[list(needs)], mastered)
        for item, needs, mastered in zip(result.items, space.needs, space.mastered, strict=True)
    ]
    return replace(
        result,
        items=tuple(sorted(items, key=lambda item: row[item.item])),
        points=tuple(result.points[k] for k in columns),
        mastery=_columns(result.mastery, columns),
        place=exam.place,
    )


def _item_as_given(item: ItemDiagnosis, place: IntArray, mastered: NDArray[np.bool_]) -> ItemDiagnosis:
    """An item with its points and groups as `class_space` orders them; ``place`` (K_j,) of its points."""
    points = np.argsort(place)
    has = mastered[:, points]
    groups = np.lexsort((has @ (1 << np.arange(len(points))), has.sum(axis=1)))
    return replace(
        item,
        points=tuple(item.points[k] for k in points),
        groups=tuple(
            replace(item.groups[g], mastered=tuple(item.points[k] for k in points[has_of]))
            for g, has_of in zip(groups, has[groups], strict=True)
        ),
    )


def _columns(table: Estimates, columns: IntArray) -> Estimates:
    return replace(
        table,
        value=_frozen(table.value[:, columns]),
        low=_frozen(table.low[:, columns]),
        high=_frozen(table.high[:, columns]),
        n=_frozen(table.n[:, columns]),
        reason=_frozen(table.reason[:, columns]),
    )


def _frozen(array: NDArray[Scalar]) -> NDArray[Scalar]:
    out = np.ascontiguousarray(array)
    out.flags.writeable = False
    return out
