"""Charts drawn on the server as SVG in two sizes, each with a label sentence that says its numbers."""

from smartschool.web.charts.bars import bar, interval_bar, parts, progress, target_bar
from smartschool.web.charts.curve import curve
from smartschool.web.charts.distribution import distribution
from smartschool.web.charts.options import option_bars
from smartschool.web.charts.trend import trend

__all__ = [
    "bar",
    "curve",
    "distribution",
    "interval_bar",
    "option_bars",
    "parts",
    "progress",
    "target_bar",
    "trend",
]
