"""What the title of a column says: who a row is, an item, a total, an order of pupils."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib import resources

from smartschool.kernel.cells import narrow

STUDENT_TITLES = (
    "student", "student_id", "pupil", "学号", "考号", "准考证号", "考生号", "学籍号", "学生编号", "编号",
)  # fmt: skip
PUPIL_NAME_TITLES = ("姓名", "学生姓名", "考生姓名", "name")
ITEM_TITLES = ("item", "题号", "题目", "item_id", "id")
CODE_TITLES = ("code", "编码", "代码", "知识点编码")
# A row with one of these is the header, whatever stands above it.
HEADER_TITLES = frozenset((*STUDENT_TITLES, *ITEM_TITLES, *CODE_TITLES, "姓名", "name"))

# Columns that come along with exports of marks; the file says which and why.
_COLUMNS = tomllib.loads(resources.files("smartschool.analyze").joinpath("columns.toml").read_text("utf-8"))


def _any_of(words: Iterable[str]) -> str:
    return "(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + ")"


_COMPANIONS = frozenset(_COLUMNS["companions"])
_NO_POINTS = frozenset(_COLUMNS["no_points"])
_SUBJECTS = _any_of(_COLUMNS["subjects"])
_OF_SUBJECT = re.compile(_SUBJECTS + _any_of(_COLUMNS["after_subject"]))
_NEVER_READ = re.compile(_any_of(_COLUMNS["never_read"]), re.IGNORECASE)
_ORDERS = re.compile(f"(?:{_any_of(_COLUMNS['scopes'])}|{_SUBJECTS})*{_any_of(_COLUMNS['orders'])}")
_PARTS, _AFTER_PART = _any_of(_COLUMNS["parts"]), _any_of(_COLUMNS["after_part"])
_DATE = re.compile(
    r"(?i)\d{4}(?:-\d{2}-\d{2}(?:[t ][\d:.]+)?|/\d{1,2}/\d{1,2})|(?:\d{4}年)?\d{1,2}月\d{1,2}日"
    r"|\d{1,2}-(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:-\d{2})?"
)
_NUMERAL = "[一二三四五六七八九十ⅰ-ⅻ]"
_PART = re.compile(
    rf"(?:{_NUMERAL}+[、.])?(?:非?{_PARTS}题?(?:部分|类)?|第?(?:{_NUMERAL}+|[12ab]|i+)(?:卷|部分|大题)|卷(?:{_NUMERAL}|[12ab]|i+)"
    rf"|{_NUMERAL}+)(?:{_AFTER_PART})?|.*(?:小计|合计|总计|之和)"
)
_SUM = re.compile(rf".(?:{_AFTER_PART})$")
_REMARK = re.compile(r"(?<=.)[(\[][^()\[\]]*[)\]]$")
_OWN_NUMBER = re.compile(r"^第?(\d+)题")
# A full mark behind a title: it says 分 or 满分, for 16(1) is a part of an item.
_FULL = re.compile(
    r"(?<=.)[(\[](?:满分|共|分值|本题)+:?(\d+(?:\.\d+)?)分?[)\]]$|(?<=.)[(\[](\d+(?:\.\d+)?)分[)\]]$|(?<=题)(\d+(?:\.\d+)?)分$"
)
_FULL_WRITTEN = re.compile(r"(?:[(（\[][^()（）\[\]]*[)）\]]|[\d.\s]+分)\s*$")
_BRACKETED = re.compile(r"(?<=[^\d(])\((?:满分:?|共)?\d+(?:\.\d+)?分?\)$")
_NUMBERED = re.compile(r"第?(\d[^\u4e00-\u9fff]*)(?:题|题?(?:得分|分数|小分))")


def bare(title: str) -> str:
    """A title for comparing, without the full mark behind it: 总分（100分） is 总分."""
    return _BRACKETED.sub("", plain(title))


def plain(title: str) -> str:
    """A title for comparing: half-width, small letters, without blanks.

    >>> plain("学　号"), plain("ＩＴＥＭ")
    ('学号', 'item')
    """
    return "".join(narrow(title).split()).lower()


def item_code(title: str) -> str:
    """What an item is called, however wide it is written; 第3题 is 3, and 3(5分) as well.

    >>> item_code("２（1）"), item_code("第 3 题"), item_code("第3(2)题"), item_code("17①")
    ('2(1)', '3', '3(2)', '17①')
    >>> item_code("3得分"), item_code("第3题得分"), item_code("16(1)小分")
    ('3', '3', '16(1)')
    >>> item_code("12(5分)"), item_code("16(1)(4分)"), item_code("第3题5分"), item_code("4（满分10）")
    ('12', '16(1)', '3', '4')
    """
    code = "".join(narrow(title).split())
    code = _FULL.sub("", code)
    numbered = _NUMBERED.fullmatch(code)
    return numbered[1] if numbered else code


def title_and_full(title: str) -> tuple[str, float | None]:
    """The title without the full mark that stands behind it, and that mark; None where there is none.

    >>> title_and_full("第12题 (5分)"), title_and_full("16(1)"), title_and_full("作文（满分：50）")
    (('第12题', 5.0), ('16(1)', None), ('作文', 50.0))
    """
    found = _FULL.search("".join(narrow(title).split()))
    if found is None or not any(map(float, filter(None, found.groups()))):
        return title, None
    return _FULL_WRITTEN.sub("", title).strip(), float(next(filter(None, found.groups())))


def orders_pupils(title: str) -> bool:
    """Whether a column says where a pupil stands among others.

    >>> [orders_pupils(title) for title in ("班次", "数学校次", "全市联考排名", "总分位次（班）", "百分位")]
    [True, True, True, True, True]
    >>> [orders_pupils(title) for title in ("第3题", "小数百分位", "句子次序", "座次", "场次")]
    [False, False, False, False, False]
    """
    text = plain(title)
    return _NEVER_READ.search(text) is not None or _ORDERS.fullmatch(_REMARK.sub("", text)) is not None


def is_companion(title: str) -> bool:
    """Whether a column tells who a pupil is, or a figure over several items, and so is no item.

    >>> [is_companion(title) for title in ("班级名称", "主观分", "数学赋分", "总分(9分)", "选择题", "数学")]
    [True, True, True, True, False, False]
    """
    text = bare(title)
    return text in _COMPANIONS or _OF_SUBJECT.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether a spreadsheet made a date of it: 3-1 becomes 2026-03-01, 3月1日 or 1-Mar.

    >>> [is_date(text) for text in ("2026-03-01", "2026-03-01T00:00:00", "3月1日", "1-Mar", "2026/3/1")]
    [True, True, True, True, True]
    >>> [is_date(text) for text in ("3-1", "16(1)", "2026")]
    [False, False, False]
    """
    return _DATE.fullmatch(text) is not None


def is_part_companion(title: str) -> bool:
    """Whether it is one of those that tell of a part of the paper: 客观题得分.

    >>> [is_part_companion(title) for title in ("客观题得分", "主观分", "赋分")]
    [True, True, False]
    """
    text = bare(title)
    return text in _COMPANIONS and text[:2] in ("客观", "主观")


def names_a_part(title: str) -> bool:
    """Whether a title names several items together, or their sum; an item of its own may be called so too.

    >>> [names_a_part(title) for title in ("选择题得分", "一、填空题", "非选择题总分", "第Ⅰ卷", "听力小计")]
    [True, True, True, True, True]
    >>> [names_a_part(title) for title in ("第3题", "16", "小数", "作文题目得分", "A")]
    [False, False, False, False, False]
    """
    return _PART.fullmatch(bare(title)) is not None


def says_sum(title: str) -> bool:
    """Whether it says so in words: 选择题得分 and 听力小计, not 选择题.

    >>> [says_sum(title) for title in ("选择题得分", "听力小计", "选择题", "得分")]
    [True, True, False, False]
    """
    return names_a_part(title) and _SUM.search(bare(title)) is not None


def has_parts(title: str, other: str) -> bool:
    """Whether the other item is a part of this one.

    >>> [has_parts("第16题", title) for title in ("16(1)", "16.2", "第16题①", "161", "16")]
    [True, True, True, False, False]
    >>> has_parts("16(1)", "16(1)①"), has_parts("听力", "听力2")
    (True, True)
    """
    whole, part = (_OWN_NUMBER.sub(r"\1", item_code(one)) for one in (title, other))
    rest = part.removeprefix(whole)
    if not whole or rest in (part, ""):
        return False
    return not (whole[-1].isdecimal() and rest[0].isdecimal())


def is_student(title: str) -> bool:
    """Whether a column holds ids of pupils by its name."""
    return plain(title) in STUDENT_TITLES


def is_no_point(title: str) -> bool:
    """Whether a column of a 双向细目表 tells of the item, and so is no knowledge point.

    >>> [is_no_point(title) for title in ("分值", "难度（预估）", "能力层次", "分数", "小数")]
    [True, True, True, False, False]
    """
    return _REMARK.sub("", plain(title)) in _NO_POINTS
