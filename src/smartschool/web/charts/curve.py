"""Owns the curve of a share over attainment with its band, and where along it a question measures best."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from smartschool.web.charts import svg


def curve(
    path: Sequence[tuple[float, float, float, float]],
    *,
    ticks: Sequence[tuple[float, str]],
    what: str,
    best: tuple[float, float] | None = None,
    best_label: str = "",
) -> SafeString:
    """Draw a line within its band.

    Parameters
    ----------
    path
        (place, share, low, high), shares 0…1, places ascending.
    ticks
        (place, word) under the axis: the scale has words, no numbers.
    best
        Ends of the stretch that is marked along the floor with `best_label`.
    """
    first, last = path[0][0], path[-1][0]

    def draw(size: svg.Size) -> tuple[str, float]:
        floor, head, left, right = 190.0, 14.0, 42.0, 10.0
        width = size.width - left - right

        def x(place: float) -> float:
            return left + (place - first) / (last - first) * width

        def y(share: float) -> float:
            return floor - share * (floor - head)

        parts = []
        for quarter in range(5):
            level = y(quarter / 4)
            parts.append(svg.line(left, level, size.width - right, level, "gd" if quarter else "ax"))
            if quarter % 2 == 0:
                parts.append(
                    svg.text(left - 6, level + 4, f"{25 * quarter}%", size.small, css="t2", anchor="end")
                )
        upper = [f"{svg.n(x(place))},{svg.n(y(high))}" for place, _, _, high in path]
        lower = [f"{svg.n(x(place))},{svg.n(y(low))}" for place, _, low, _ in reversed(path)]
        parts.append(f'<polygon class="f1" points="{" ".join(upper + lower)}"/>')
        for place, word in ticks:
            parts.append(svg.line(x(place), head, x(place), floor, "gd"))
            parts.append(svg.text(x(place), floor + 20, word, size.small, css="t2"))
        line = " ".join(f"{svg.n(x(place))},{svg.n(y(share))}" for place, share, _, _ in path)
        parts.append(f'<polyline class="ln" points="{line}"/>')
        for place, _ in ticks:
            share = next((row[1] for row in path if row[0] == place), None)
            if share is not None:
                parts.append(f'<circle class="f4" cx="{svg.n(x(place))}" cy="{svg.n(y(share))}" r="4"/>')
        if best is None:
            return "".join(parts), floor + 30
        begin, end = x(best[0]), x(best[1])
        parts.append(svg.rect(begin, floor + 32, max(end - begin, 6), 6, "f4", 3))
        half = svg.text_width(best_label, size.small) / 2
        middle = min(max((begin + end) / 2, left + half), size.width - right - half)
        parts.append(svg.text(middle, floor + 54, best_label, size.small, css="t2"))
        return "".join(parts), floor + 62

    return svg.in_both_sizes(draw, what)
