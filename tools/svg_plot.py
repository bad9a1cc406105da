"""A small chart writer for the pictures of docs/methods: axes, lines, points, intervals as plain SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 64, 52, 28, 20
INK, MUTED, LINE = "#14212b", "#566772", "#d5dde2"
COLOURS = ("#0b5579", "#c2570c", "#0a6b4d", "#6d4aa2")


@dataclass
class Plot:
    """One chart; call `svg` at the end. `x`, `y` are (low, high) of the axes."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str
    y_label: str
    _marks: list[str] = field(default_factory=list)
    _labels: int = 0

    def _at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)

    def _legend(self, label: str, colour: str) -> None:
        if label:
            y = TOP + 16 + 18 * self._labels
            self._marks.append(
                f'<rect x="{LEFT + 12}" y="{y - 9}" width="14" height="4" fill="{colour}"/>'
                f'<text x="{LEFT + 32}" y="{y - 3}" font-size="13" fill="{INK}">{escape(label)}</text>'
            )
            self._labels += 1

    def line(self, xs: Sequence[float], ys: Sequence[float], *, colour: int = 0, label: str = "") -> None:
        points = " ".join(
            f"{a:.1f},{b:.1f}" for a, b in (self._at(x, y) for x, y in zip(xs, ys, strict=True))
        )
        self._marks.append(
            f'<polyline points="{points}" fill="none" stroke="{COLOURS[colour]}" stroke-width="2"/>'
        )
        self._legend(label, COLOURS[colour])

    def points(self, xs: Sequence[float], ys: Sequence[float], *, colour: int = 0, label: str = "") -> None:
        for x, y in zip(xs, ys, strict=True):
            a, b = self._at(x, y)
            self._marks.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{COLOURS[colour]}"/>')
        self._legend(label, COLOURS[colour])

    def intervals(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], *, colour: int = 0
    ) -> None:
        for x, low, high in zip(xs, lows, highs, strict=True):
            a, bottom = self._at(x, low)
            _, top = self._at(x, high)
            self._marks.append(
                f'<line x1="{a:.1f}" x2="{a:.1f}" y1="{bottom:.1f}" y2="{top:.1f}" '
                f'stroke="{COLOURS[colour]}" stroke-width="2"/>'
            )

    def svg(self, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> str:
        grid = []
        for tick in x_ticks:
            a, b = self._at(tick, self.y[0])
            grid.append(
                f'<text x="{a:.1f}" y="{b + 18:.1f}" font-size="12" fill="{MUTED}" '
                f'text-anchor="middle">{tick:g}</text>'
            )
        for tick in y_ticks:
            a, b = self._at(self.x[0], tick)
            grid.append(
                f'<line x1="{a:.1f}" x2="{WIDTH - RIGHT}" y1="{b:.1f}" y2="{b:.1f}" stroke="{LINE}"/>'
                f'<text x="{a - 8:.1f}" y="{b + 4:.1f}" font-size="12" fill="{MUTED}" '
                f'text-anchor="end">{tick:g}</text>'
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}" font-family="sans-serif">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
            f'<text x="{LEFT}" y="18" font-size="14" font-weight="600" fill="{INK}">'
            + escape(self.title)
            + "</text>"
            + "".join(grid)
            + "".join(self._marks)
            + f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 12}" font-size="13" fill="{INK}" '
            f'text-anchor="middle">{escape(self.x_label)}</text>'
            f'<text x="16" y="{HEIGHT / 2:.0f}" font-size="13" fill="{INK}" text-anchor="middle" '
            f'transform="rotate(-90 16 {HEIGHT / 2:.0f})">{escape(self.y_label)}</text></svg>\n'
        )
