"""Item labels as workbooks write them: 第13题(1), 13（1）, 13-1, T13.1, 13① all are 13(1).

These header forms cover the item exports (小题分) of the marking services in use:

==================  ===========================================  ==============================
form                examples                                     reads as
==================  ===========================================  ==============================
bare                1 · 13(1) · 13（1） · 13-1 · 13.1 · 13_1 · 13①   mark of 1, 13(1)
with a prefix       第1题 · 第一题 · 题目1 · T1 · Q1 · 小题13(1)     mark
below a section     一、1 · 二、13(1)                             mark of 1, 13(1), in its section
with a stop         1. · 1、 · 13①、                              mark
objective parts     客观题1 · 选择题1 · 单选1 · 主观题13(1) · 填空13.1   mark of an item of its kind
below its kind      一、选择题（每题3分，共24分）1               mark of an item of its kind
questions           第19题第（1）问 · 19题第2问 · 19-(2)           mark of 19(1), 19(2), 19(2)
with full marks     1[3分] · 1(3分) · 第1题（满分3分） · 13(1)/5       mark, full 3, 3, 3, 5
pairs               1选项 · 1作答 · 1答案 · 第1题答案 · 选项1            chosen option
pairs               1得分 · 1分数 · 得分1 · 第1题得分                 mark
==================  ===========================================  ==============================
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from smartschool.kernel.cells import narrow

_CIRCLED = {chr(0x2460 + n): f"({n + 1})" for n in range(20)}
_PREFIX = re.compile(
    r"^(?:(客观|主观|单选|多选|选择|填空|判断|解答)题?|小题|试题|题目|题号|题|[TQ])+"
    r"(?:\([^()]*\))?[:_\-]?(?=[\d第])"
)
_FULL = re.compile(r"(?:[(\[【]?(?:满分|共)?(\d+(?:\.\d+)?)分[)\]】]?|/(\d+(?:\.\d+)?))$")
_CHOICE = re.compile(r"^(?:选项|作答|答案|学生答案)|(?:选项|作答|学生答案|答案)$")
_MARK = re.compile(r"^(?:得分|分数)|(?:得分|分数)$")
_HAN_NUMBERS = {
    f"{tens}{ones}": 10 * (place + 1 if tens else 0) + number
    for place, tens in [(-1, ""), *((n, f"{'一二三四五六七八九'[n] if n else ''}十") for n in range(9))]
    for number, ones in enumerate(("", *"一二三四五六七八九"))
    if tens or ones
}
_HAN = r"[一二三四五六七八九]?十?[一二三四五六七八九]?"
_SECTION = re.compile(
    rf"^(?=[一二三四五六七八九十])({_HAN})[、.](?=[\d第题T]|(?:客观|主观|单选|多选|选择|填空|判断|解答))"
)
_SUB_ITEM = re.compile(r"第?[(]?(\d{1,2})[)]?小?问")
_HAN_ITEM = re.compile(rf"^第(?=[一二三四五六七八九十])({_HAN})(?=大?题)大?")
_PART = r"(?:(?:[(]|[-._][(]?)(\d{1,2})[)]?)?"
_LABEL = re.compile(rf"^(\d{{1,3}}){_PART}{_PART}$")


@dataclass(frozen=True, slots=True)
class ItemHeading:
    """What the header of an item's column says."""

    label: str
    chosen: bool = False  # holds options instead of marks
    full: float | None = None
    section: int | None = None  # 一、 before it; items may be numbered anew in each
    kind: str = ""  # 选择, 填空 … before it; items may be numbered anew in each


def canonical(text: str) -> str:
    """One spelling of a label; a label that is no number stays as it is, narrowed.

    >>> [canonical(t) for t in ("13（1）", "13-1", "第13题(1)", "13①", "16.2.1", "作文")]
    ['13(1)', '13(1)', '13(1)', '13(1)', '16(2)(1)', '作文']
    """
    heading = item_heading(text)
    return heading.label if heading else "".join(narrow(text).split())


@lru_cache(maxsize=4096)  # the same headers are asked about again and again, in all workbooks of a season
def item_heading(text: str) -> ItemHeading | None:
    """What an item's column header says, or None where the header names no item."""
    plain = "".join(narrow(text).split()).upper()
    for mark, inner in _CIRCLED.items():
        plain = plain.replace(mark, inner)
    plain = plain.rstrip(".、。:,")
    section = _SECTION.match(plain)
    if section:
        plain = plain[section.end() :]
    plain = _HAN_ITEM.sub(lambda found: f"第{_HAN_NUMBERS.get(found[1], '')}", plain)
    chosen = bool(_CHOICE.search(plain))
    plain = _MARK.sub("", _CHOICE.sub("", plain))
    full = _FULL.search(plain)
    if full:
        plain = plain[: full.start()]
    prefix = _PREFIX.match(plain)
    if prefix:
        plain = plain[prefix.end() :]
    plain = _SUB_ITEM.sub(r"(\1)", plain.removesuffix("分") if "题" in plain else plain)
    plain = plain.replace("第", "").replace("小题", "").replace("题", "")
    match = _LABEL.fullmatch(plain)
    if match is None:
        return None
    first, parts = match[1], match.groups()[1:]
    label = str(int(first)) + "".join(f"({int(part)})" for part in parts if part)
    marks = float(full.group(1) or full.group(2)) if full else None
    kind = (prefix[1] or "") if prefix else ""
    part = _HAN_NUMBERS.get(section[1]) if section and not kind else None
    return ItemHeading(label, chosen, marks, part, kind)
