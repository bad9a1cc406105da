"""Owns the horizontal bars of one question's choices: the key is marked with ✓ and a word."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from smartschool.web.charts import svg
from smartschool.web.figures import share


def option_bars(options: Sequence[tuple[str, int, bool]], *, what: str = "各选项人数") -> SafeString:
    """Draw one bar per option.

    Parameters
    ----------
    options
        (label, number of people who chose it, whether it is the key), in the order of the paper.
    what
        Opens the label, e.g. "第 9 题各选项人数".
    """
    total = sum(count for _, count, _ in options)
    said = [f"{name}{'（正确）' if key else ''} {count} 人" for name, count, key in options]
    label = f"{what}，共 {total} 人：" + "，".join(said) + "。"
    top = max([count for _, count, _ in options] + [1])

    def draw(size: svg.Size) -> tuple[str, float]:
        row = 34.0
        left = max([svg.text_width(name, size.text) for name, _, _ in options] + [14]) + 16
        left = min(left, size.width * 0.35)
        right = svg.text_width("100 人 100% 正确", size.text) + 12
        scale = (size.width - left - right) / top
        parts = []
        for index, (name, count, key) in enumerate(options):
            y = index * row
            middle = y + row / 2 + size.text * 0.36
            parts.append(
                svg.text(
                    0, middle, svg.shorten(name, size.text, left - 6), size.text, anchor="start", bold=key
                )
            )
            parts.append(svg.rect(left, y + 7, count * scale, row - 14, "f5" if key else "f3"))
            words = f"{count} 人"
            if total:
                words += f" {share(count / total)}"
            if key:
                words += " ✓ 正确"
            parts.append(
                svg.text(left + count * scale + 6, middle, words, size.text, anchor="start", bold=key)
            )
        return "".join(parts), row * max(len(options), 1)

    return svg.in_both_sizes(draw, label)
