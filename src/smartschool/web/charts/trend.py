"""Owns the line over time of one person or one class with itself: from four points on, never smoothed."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from smartschool.web.charts import svg
from smartschool.web.figures import plain

LEAST_POINTS = 4


def trend(
    points: Sequence[tuple[str, float | None]],
    *,
    unit: str = "%",
    lowest: float = 0,
    highest: float = 100,
    what: str = "变化",
) -> SafeString:
    """Draw a line with its last value at the end; fewer than four points are said in words.

    Parameters
    ----------
    points
        (label of the time, value or None where there is none), oldest first. A None leaves a gap.
    lowest, highest
        The axis; it belongs to the scale, not to the data, so that two charts can be held side by side.
    """
    said = "，".join(f"{name} {plain(v) + unit if v is not None else '没有数据'}" for name, v in points)
    known = [value for _, value in points if value is not None]
    if len(known) < LEAST_POINTS:
        return format_html('<p class="muted">{}，次数太少，先不画线：{}。</p>', what, said or "还没有数据")
    label = f"{what}：{said}。"

    def draw(size: svg.Size) -> tuple[str, float]:
        floor, head, left = 170.0, 18.0, 34.0
        right = svg.text_width(plain(highest) + unit, size.text) + 14
        step = (size.width - left - right) / max(len(points) - 1, 1)

        def y(value: float) -> float:
            return floor - (value - lowest) / (highest - lowest) * (floor - head)

        parts = []
        for part in range(5):
            mark = lowest + (highest - lowest) * part / 4
            parts.append(svg.line(left, y(mark), size.width - right, y(mark), "ax" if part == 0 else "gd"))
            parts.append(svg.text(left - 6, y(mark) + 4, plain(mark), size.small, css="t3", anchor="end"))
        previous: tuple[float, float] | None = None
        room = step * 1.0
        every = max(
            1, round(svg.text_width(max((p[0] for p in points), key=len), size.small) / max(room, 1)) + 1
        )
        for index, (name, value) in enumerate(points):
            x = left + step * index
            last = index == len(points) - 1
            if last or (index % every == 0 and len(points) - 1 - index >= every):
                anchor = "end" if last else "start" if index == 0 else "middle"
                parts.append(svg.text(x, floor + 20, name, size.small, css="t2", anchor=anchor))
            if value is None:
                previous = None
                continue
            if previous is not None:
                parts.append(svg.line(*previous, x, y(value), "ln"))
            parts.append(f'<circle class="f4" cx="{svg.n(x)}" cy="{svg.n(y(value))}" r="4"/>')
            previous = (x, y(value))
            if value == known[-1] and all(later is None for _, later in points[index + 1 :]):
                parts.append(
                    svg.text(x + 8, y(value) + 4, plain(value) + unit, size.text, anchor="start", bold=True)
                )
        return "".join(parts), floor + 30

    return svg.in_both_sizes(draw, label)
