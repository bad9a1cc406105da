"""Owns the column chart of a mark distribution, with the grade as a dashed line."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from smartschool.web.charts import svg
from smartschool.web.figures import plain


def distribution(
    bins: Sequence[tuple[str, int]],
    *,
    grade: Sequence[float] | None = None,
    low: int = 0,
    what: str = "分数段",
    line_label: str = "虚线为年级按班级人数折算",
) -> SafeString:
    """Draw columns of people per band.

    Parameters
    ----------
    bins
        (label, number of people), lowest band first; labels are printed under the columns.
    grade
        Expected number per band if the class were like its grade; None: nothing to compare with.
    low
        How many of the first bands lie under the pass line; they get the warning colour.
    what
        What is counted, opens the label.
    """
    if grade is not None and len(grade) != len(bins):
        raise ValueError("the grade line needs one value per band")
    total = sum(count for _, count in bins)
    label = f"{what}，{total} 人：" + "，".join(f"{name} {count}" for name, count in bins) + "。"
    if grade is not None:
        label += f"{line_label}：" + "，".join(plain(round(value, 1)) for value in grade) + "。"
    top = max([count for _, count in bins] + list(grade or []) + [1])

    def draw(size: svg.Size) -> tuple[str, float]:
        floor, head = (210.0, 30.0) if size is svg.WIDE else (190.0, 26.0)
        step = (size.width - 16) / max(len(bins), 1)
        scale = (floor - head) / top
        parts = [svg.line(8, floor, size.width - 8, floor, "ax")]
        for index, (name, count) in enumerate(bins):
            middle = 8 + step * (index + 0.5)
            height = count * scale
            css = "fl" if index < low else "f4"
            parts.append(svg.rect(middle - step * 0.38, floor - height, step * 0.76, height, css))
            above = floor - height
            if grade is not None:
                level = floor - grade[index] * scale
                parts.append(svg.line(middle - step * 0.46, level, middle + step * 0.46, level, "da"))
                if 0 <= above - level < size.text + 8:  # the number must not lie on the dashes
                    above = level
            parts.append(svg.text(middle, above - 6, str(count), size.text, bold=True))
            parts.append(
                svg.text(middle, floor + 20, svg.shorten(name, size.small, step + 2), size.small, css="t2")
            )
        return "".join(parts), floor + 30

    return svg.in_both_sizes(draw, label)
