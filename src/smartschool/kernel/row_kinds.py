"""Rows of a sheet that are no record: full marks, sums and averages, head counts, signatures, seals, dates.

Only words that a record never has call a row so; a record with a blank name stays a record, and a fault.
"""

import re
from collections.abc import Iterable

from smartschool.kernel.cells import narrow
from smartschool.kernel.tabular import Cell, is_blank

_FULL_MARKS = re.compile(r"(?:本|各|每)?(?:试?题目?|小题|大题)?(?:满分|分值|题分)值?(?::|[(]分[)])?")
_CLASS = r"(?:(?:初|小)?[一二三四五六七八九\d]{0,4}(?:年级|级)?[(.-]?[一二三四五六七八九十\d]{1,3}[)]?班)"
_SUMMARY = re.compile(
    rf"(?:{_CLASS}|本班|全班|班级?|本年级|全?年级|全?校|学校|全区|区|县|参考|实考|各(?:小?题|班)|每(?:小?题|班))?(?:学生)?"
    r"(?:平均分?|均分|合计|总计|共计|小计|最高分?|最低分?|中位数|众数|难度|区分度|标准差|方差"
    r"|(?:得分|失分|及格|合格|优秀|优良|良好|低分|满分|参考)[率比]"
    r"|(?:参考|参加|实考|应考|到考|缺考|及格|合格|优秀|良好|低分|满分)?人数)[(]?[%分人]?[)]?:?"
)
# What stands between a header and the pupils beside the full marks: of the items, and of nobody.
_OF_ITEMS = re.compile(
    r"(?:标准|参考|正确)?答案|(?:所属)?(?:知识点|考点|知识内容)|题型|试?题类型|(?:预设|预估)?难度(?:系数|值)?"
    r"|能力(?:层次|层级|要求)|认知(?:层次|水平)|分析维度"
)
_NOTE = re.compile(
    r"(?:注|说明|备注|填表|填写|填报|制表|审核|复核|合计|总计|共计|小计|经办|校长|负责人|班主任|联系人|单位"
    r"|签字|签名).*",
    re.DOTALL,
)
_LABELLED = re.compile(r"[:：]")
_SIGNED = re.compile(
    r"(?:填表|填写|填报|制表|审核|复核|核对|经办|校长|负责|班主任|任课|任教|教师|老师|联系|单位|学校|日期|时间|电话|签字|签名|盖章)"
    r"[^:：]{0,6}[:：].*",
    re.DOTALL,
)
_SEAL = re.compile(
    r"[(\[]?(?:学校|单位|校长|公)?(?:盖章|公章|签章|签字|签名|章)[处)\]]*"
    r"|\d{2,4}年\d{1,2}月(?:\d{1,2}日)?|第\d+页(?:[/,，、 ]*共\d+页)?|以下空白|以下无正文"
)
_COUNTED = r"[:：]?\d*[人名个]?[,，、;；。/()]*"
_COUNTS = re.compile(
    rf"(?:(?:合计|总计|共计|小计|总数|本班|全班|全校|总?人数|(?:实|应|参|缺|到)考(?:人数)?|学生|其中|共有?|男女|男生?|女生?){_COUNTED})+"
)
_COUNTS_FROM = re.compile(r"合计|总计|共计|小计|总数|本班|全班|全校|总?人数|共|[实应参缺到]考")


def is_summary_word(text: str) -> bool:
    """Whether the text names a figure over the rows (平均分, 本班最高分, 各题得分率（%）, 合计) or what a
    row says of the items (标准答案, 知识点, 题型)."""
    plain = "".join(narrow(text).split())
    return _SUMMARY.fullmatch(plain) is not None or _OF_ITEMS.fullmatch(plain) is not None


def is_full_mark_word(text: str) -> bool:
    """Whether the text names a row of full marks: 满分, 各题满分, 分值：."""
    return _FULL_MARKS.fullmatch("".join(narrow(text).split())) is not None


def is_closing_row(cells: Iterable[Cell]) -> bool:
    """Whether a row of cells is one of the lines that stand below a table, or between its parts.

    Examples
    --------
    >>> [is_closing_row(row) for row in (["制表人：李某", None, "审核人："], ["男 18 女 20"], ["合计", 38.0])]
    [True, True, True]
    >>> [is_closing_row(row) for row in (["", "女", 3.0], ["王某", "", ""])]
    [False, False]
    """
    filled = [cell for cell in cells if not is_blank(cell)]
    texts = [_text(cell) for cell in filled]
    if not texts:
        return False
    labelled = all(isinstance(cell, str) and _LABELLED.search(cell) for cell in filled)
    if isinstance(filled[0], str) and _NOTE.match(texts[0]) and (len(texts) <= 2 or labelled):
        return True
    if any(_SIGNED.fullmatch(text) or _SEAL.fullmatch(text) for text in texts):
        return all(
            _SIGNED.fullmatch(text) or _SEAL.fullmatch(text) or _follows_label(texts, place)
            for place, text in enumerate(texts)
        )
    joined = "".join(texts)
    counted = _COUNTS.fullmatch(joined) is not None and any(char.isdigit() for char in joined)
    return counted and (_COUNTS_FROM.match(joined) is not None or ("男" in joined and "女" in joined))


def _follows_label(texts: list[str], place: int) -> bool:
    """A name in the cell after 制表人：."""
    return place > 0 and texts[place - 1].endswith(":") and len(texts[place]) <= 6


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:g}"
    return "".join(narrow(str(cell)).split())
