"""A header of two lines read as one: parents over columns, items over their parts."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from smartschool.contexts.exchange.reading.workbook import RawSheet

# A line that matches fewer columns is a title or a note.
FEWEST_MATCHES = 2


def all_differ(texts: list[str]) -> bool:
    """Headers differ; a line of full marks or of figures repeats some."""
    filled = [text for text in texts if text]
    return len(set(filled)) == len(filled)


def only_gather(upper: list[str], lower: list[str], claims: Callable[[str], bool]) -> bool:
    """Texts of the upper line are no columns by themselves: 选择题 over 1, 2 and 填空题 over 1, 2, but not
    items over their full marks."""
    return not any(claims(above) for above, below in zip(upper, lower, strict=True) if above and below)


def spans(sheet: RawSheet, line: int, upper: list[str], lower: list[str]) -> dict[int, list[int]]:
    """Texts of the upper line with the columns below them that have a text: a merged range, else up to the
    next text of the line."""
    found: dict[int, list[int]] = {}
    owner = {
        place: left
        for (top, left), (bottom, right) in sheet.merged
        if top == line == bottom
        for place in range(left, min(right + 1, len(upper)))
    }
    last = None
    for place, text in enumerate(upper):
        if text or not lower[place]:
            last = place if text else None
        at = owner.get(place, place if text else None if sheet.merged else last)
        if at is not None and lower[place] and upper[at]:
            found.setdefault(at, []).append(place)
    return found


def gathers(below: Sequence[int], lower: list[str], claims: Callable[[str], bool]) -> bool:
    """Whether a text stands over two items or more: 题号 over 1, 2, 3 is no column."""
    return sum(claims(lower[place]) for place in below) >= FEWEST_MATCHES


def parted(
    spans: Mapping[int, Sequence[int]], upper: list[str], lower: list[str], claims: Callable[[str], bool]
) -> list[str] | None:
    """Items over their parts (13 over （1）, （2）) as one line; None where the lines are no such.

    Below every other column the lower line is blank: that of full marks or of a pupil is not.
    """
    inside = {place: at for at, below in spans.items() if len(below) > 1 for place in below}
    if not inside or any(text and place not in inside for place, text in enumerate(lower)):
        return None
    joined = list(upper)
    for place, at in inside.items():
        mark = "-" if lower[place].isalnum() and not lower[place].startswith("第") else ""
        joined[place] = f"{upper[at]}{mark}{lower[place]}"
    named = {upper[at] for at in inside.values()} | {joined[place] for place in inside}
    return joined if all(map(claims, named)) else None


def two_lines(
    sheet: RawSheet,
    line: int,
    single: list[str],
    lower: list[str],
    keys: Mapping[str, str | None],
    claims: Callable[[str], bool],
) -> list[str]:
    """Header texts of two lines read as one: a merged parent speaks for all columns below it.

    A CSV has lost its merges: there a parent speaks up to the next text of its line. A parent that only
    gathers columns (学生基本信息) is left away where the lower text alone is a column, and the only one of
    its kind: 姓名 below 监护人 is not the pupil's.
    """
    upper = single.copy()
    for (top, left), (bottom, right) in sheet.merged:
        if top == line == bottom and right < len(upper):
            for place in range(left, right + 1):
                upper[place] = upper[left]
    if not sheet.merged:
        for place in range(1, len(upper)):
            parent = upper[place - 1]
            if parent and not upper[place] and lower[place - 1] and lower[place]:
                column = keys[parent] and not (keys[parent + lower[place - 1]] or keys[parent + lower[place]])
                upper[place] = "" if column or claims(parent) else parent
    joined = [
        above if not below else below if not above else above + below
        for above, below in zip(upper, lower, strict=True)
    ]
    if any(map(keys.__getitem__, upper)):  # a line of figures gathers nothing
        _leave_away(joined, upper, lower, keys, claims)
    below = list(map(keys.__getitem__, lower))
    if not any(below):
        return joined
    taken = {*map(keys.__getitem__, joined)}
    alone = {
        place: key
        for place, key in enumerate(below)
        if key and upper[place] and not keys[joined[place]] and key not in taken
    }
    often = Counter(alone.values())
    for place, key in alone.items():
        if often[key] == 1:
            joined[place] = lower[place]
    return joined


def _leave_away(
    joined: list[str],
    upper: list[str],
    lower: list[str],
    keys: Mapping[str, str | None],
    claims: Callable[[str], bool],
) -> None:
    """Parents of items that say nothing of their numbers (阅读 over 7, 8) are left away where the items
    differ without them. One of them at least gathers several."""
    apart = [
        place
        for place, text in enumerate(joined)
        if upper[place] and claims(lower[place]) and not claims(text) and not keys[text]
    ]
    if all(number == 1 for number in Counter(upper[place] for place in apart).values()):
        return
    items = [lower[place] if place in apart else text for place, text in enumerate(joined)]
    if all_differ([text for text in items if claims(text)]):
        joined[:] = items
