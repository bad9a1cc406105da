"""Which item a heading means where the parts of a paper number anew: 一、1 and 二、1, 选择题1 and 填空题1."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from smartschool.contexts.assessment.item_labels import ItemHeading, canonical, item_heading
from smartschool.contexts.assessment.public.contracts import ItemInfo, ItemType

Found = list[tuple[str, ItemHeading]]
_CHOICE = frozenset({ItemType.SINGLE, ItemType.MULTIPLE})
_WRITTEN = frozenset({ItemType.BLANK, ItemType.OPEN})
_TYPES: Mapping[str, frozenset[ItemType]] = {
    "客观": _CHOICE | {ItemType.TRUE_FALSE},
    "单选": frozenset({ItemType.SINGLE}),
    "多选": frozenset({ItemType.MULTIPLE}),
    "选择": _CHOICE,
    "判断": frozenset({ItemType.TRUE_FALSE}),
    "填空": _WRITTEN,
    "解答": _WRITTEN,
    "主观": _WRITTEN,
}


def headings(texts: Iterable[str], known: Sequence[ItemInfo]) -> Found:
    """Headings that name items, with the labels that they have on the paper.

    Labels that are no numbers must be known. Where sections or kinds number their items anew, an item is
    called by its part as well, 1(1) and 2(1); or, where the paper counts through, by its place in it. What
    remains ambiguous keeps its number, and two headings of one item are refused later.
    """
    names = {item.label for item in known}
    found: Found = []
    for text in texts:
        heading = item_heading(text)
        if heading is None and canonical(text) in names:
            heading = ItemHeading(canonical(text))
        if heading is not None:
            found.append((text, heading))
    if not _once(one for _, one in found if one.section is not None):
        return [
            (text, one if one.section is None else replace(one, label=_in_part(one.section, one.label)))
            for text, one in found
        ]
    return _by_kind(found, known)


def _once(found: Iterable[ItemHeading]) -> bool:
    return all(number == 1 for number in Counter((one.label, one.chosen) for one in found).values())


def _in_part(part: int, label: str) -> str:
    number, mark, rest = label.partition("(")
    return f"{part}({number}){mark}{rest}"


def _by_kind(found: Found, known: Sequence[ItemInfo]) -> Found:
    """The kinds are the parts of the paper in the order of the sheet; the paper has to agree.

    Either its labels name the parts too, or it counts through: 选择题1–8 and 填空题1–4 are its items 1–12.
    """
    numbers: dict[str, set[int]] = {}
    for _, one in found:
        numbers.setdefault(one.kind, set()).add(_number(one.label))
    anew = all(own == set(range(1, len(own) + 1)) for own in numbers.values())
    if len(numbers) < 2 or "" in numbers or not anew:
        return found
    kinds = list(numbers)
    before = dict(zip(kinds, accumulate(map(len, numbers.values()), initial=0), strict=False))
    by_part = [
        (text, replace(one, label=_in_part(kinds.index(one.kind) + 1, one.label))) for text, one in found
    ]
    through = [(text, replace(one, label=_shifted(one.label, before[one.kind]))) for text, one in found]
    if not known:
        return by_part
    fitting = [reading for reading in (by_part, through) if _fits(reading, known)]
    return fitting[0] if len(fitting) == 1 else found


def _number(label: str) -> int:
    return int(label.partition("(")[0])


def _shifted(label: str, by: int) -> str:
    number, mark, rest = label.partition("(")
    return f"{int(number) + by}{mark}{rest}"


def _fits(reading: Found, known: Sequence[ItemInfo]) -> bool:
    """Whether the headings are exactly the paper's items, each of a kind that the table allows.

    A table that was made from a sheet calls every item 解答题: then kinds tell nothing.
    """
    types = {item.label: item.type for item in known}
    if {one.label for _, one in reading} != types.keys():
        return False
    told = any(kind is not ItemType.OPEN for kind in types.values())
    return not told or all(types[one.label] in _TYPES[one.kind] for _, one in reading)
