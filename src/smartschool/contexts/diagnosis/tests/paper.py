"""Builders for tests of composition: a paper and figures counted by hand from a small block of marks."""

from datetime import date

import numpy as np

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis.compose.class_report import PupilLine
from smartschool.contexts.diagnosis.figures import (
    BIN_EDGES,
    GroupFigures,
    ItemFigures,
    OptionCount,
    PointFigures,
)
from smartschool.contexts.diagnosis.sketch import ItemSketch, PaperSketch, PointSketch


def estimate(value: float, half: float = 0.02, n: int = 40) -> Estimate:
    return Estimate(value, half / 2, value - half, value + half, n, "hand")


def item_figures(facility: float, *, discrimination: float = 0.4, n: int = 40, **more: object) -> ItemFigures:
    lost = int(more.pop("lost", round(n * (1 - facility))))
    return ItemFigures(
        estimate(facility, n=n),
        estimate(discrimination, n=n),
        estimate(discrimination, n=n),
        n,
        lost,
        int(more.pop("blank", 0)),
        **more,  # type: ignore[arg-type]
    )


def point_figures(share: float, *, n: int = 40, half: float = 0.02, **more: object) -> PointFigures:
    return PointFigures(
        estimate(share, half, n),
        n,
        int(more.pop("lost", round(n * (1 - share)))),
        more.pop("states", (0, n // 4, n // 4, n - n // 2)),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def group(
    items: list[ItemFigures],
    points: list[PointFigures],
    *,
    mean: float = 0.764,
    n: int = 40,
    bins: tuple[int, ...] = (1, 2, 4, 6, 9, 12, 6),
) -> GroupFigures:
    return GroupFigures(
        n_listed=n,
        n_present=n,
        n_totals=n,
        mean=estimate(mean, 0.04, n),
        quartiles=(0.67, 0.79, 0.88),
        passed=sum(bins[3:]),
        bins=bins,
        levels=(bins[5] + bins[6], bins[4], bins[3], sum(bins[:3])),
        alpha=Estimate(0.86, None, 0.79, 0.91, n, "alpha/feldt"),
        sem=Insufficient(Reason.TOO_FEW_ITEMS, n),
        items=tuple(items),
        points=tuple(points),
        group_sizes=(13, 14, 13),
    )


def paper(weights: list[dict[int, float]], names: list[str], **more: object) -> PaperSketch:
    kinds = ["选择", "填空", "解答"]
    return PaperSketch(
        code="P1",
        subject="数学",
        exam="2026 秋期末",
        held_on=date(2027, 1, 20),
        full=float(4 * len(weights)),
        items=tuple(ItemSketch(str(j + 1), kinds[j % 3], 4.0, weight) for j, weight in enumerate(weights)),
        points=tuple(PointSketch(f"k{k}", name) for k, name in enumerate(names)),
        **more,  # type: ignore[arg-type]
    )


def binned(shares: np.ndarray) -> tuple[int, ...]:
    """Columns counted one by one."""
    counts = [0] * (len(BIN_EDGES) + 1)
    for share in shares:
        counts[sum(share + 1e-9 >= edge for edge in BIN_EDGES)] += 1
    return tuple(counts)


OPTION = OptionCount


PAPER = paper([{0: 1.0}, {0: 1.0}, {1: 1.0}, {1: 0.5, 0: 0.5}], ["解方程", "方程应用"])
EASY = item_figures(0.9)


def usual(**more: object) -> GroupFigures:
    items = [EASY, item_figures(0.85), item_figures(0.43), item_figures(0.48)]
    return group(items, [point_figures(0.8), point_figures(0.45)], **more)  # type: ignore[arg-type]


def pupil(number: int, states: tuple[int | None, ...], level: int | None = 1, **more: object) -> PupilLine:
    return PupilLine(number, f"c{number}", number, f"学生{number}", True, "", level, states, **more)  # type: ignore[arg-type]
