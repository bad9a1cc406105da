"""Checks of single cells that know no school: text, names, digits, dates, months, numbers.

Each takes a non-blank cell as Excel or CSV gives it and answers a value or `Bad`. What cannot be
known is refused with the remedy and never guessed: Excel keeps 15 digits, so a long number that
was once turned into a number is gone.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from smartschool.kernel.tabular import Bad, Cell, Value

# Excel stores numbers as IEEE doubles and shows 15 significant digits; from 1e15 on digits are lost.
LARGEST_EXACT_NUMBER = 1e15
# Day numbers of 1954-10-03 and 2064-04-08: what a date column without a date format can hold.
EXCEL_EPOCH = date(1899, 12, 30)
FIRST_DAY_NUMBER, LAST_DAY_NUMBER = 20_000, 60_000

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_WIDE_DIGIT = re.compile("[０-９]")
_NARROW_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u202d\u2060\ufeff"))
_NARROW = _FULL_WIDTH | _INVISIBLE
_MIDDLE_DOTS = str.maketrans(dict.fromkeys("•‧∙・･．⋅●᛫", "·"))
_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d+")
_NAME = re.compile(
    r"[\u3007\u3400-\u9fff\uf900-\ufaff\ue000-\uf8ff\U00020000-\U0003ffffA-Za-zÀ-ɏ·.\-' （）()]+"
)
_DOT_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f])\.(?=[^\x00-\x7f])")
_BETWEEN_HAN = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
_DATE = re.compile(
    r"(\d{4})(?:(\d{2})(\d{2})|([-./])(\d{1,2})\4(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)"
    r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
)
_MONTH = re.compile(r"(\d{4})(?:(\d{2})|[-./](\d{1,2})|年(\d{1,2})月?)")
_FORMULA_START = ("=", "@")
PLACEHOLDERS = frozenset({"-", "--", "—", "——", "/", "\\", "无", "暂无", "空", "null", "NULL", "None"})

NUMBER_RUINED = Bad(
    "number_ruined",
    "这个号码已被 Excel 变成科学计数，后几位丢了，无法还原。请把整列设为“文本”格式，再从原始资料重新粘贴。",
)


def guarded(text: str) -> str:
    """Text for an export: what a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text[:1] else text


def narrow(text: str) -> str:
    """Full-width letters and digits to half-width, invisible marks removed, ends trimmed."""
    return text.strip() if text.isascii() else text.translate(_NARROW).strip()


def as_text(cell: Cell) -> str | Bad:
    """Any cell as the text that a reader of the sheet sees."""
    if isinstance(cell, str):
        if cell.isalnum():  # most cells: nothing to trim, nothing hidden, no formula
            return cell
        text = cell.strip() if cell.isascii() else cell.translate(_INVISIBLE).strip()
        if text.startswith('="') and text.endswith('"') and len(text) > 2:
            return text[2:-1].strip()  # the idiom by which CSV files keep Excel from eating digits
        text = text.lstrip("'")
        if text.startswith(_FORMULA_START):
            return Bad("formula", "这一格是公式而不是内容。请复制后“选择性粘贴 → 数值”，再导入。")
        return text
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float | int):
        if abs(cell) >= LARGEST_EXACT_NUMBER:
            return NUMBER_RUINED
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return ""


def digits_text(cell: Cell) -> str | Bad:
    """Text of a number that must keep every digit (证件号, 电话): narrow, no inner spaces, upper case."""
    if isinstance(cell, str) and cell.isalnum() and cell.isascii():  # nothing to take away
        if cell.isdigit():
            return cell
        text = cell.upper()
    else:
        found = as_text(cell)
        if isinstance(found, Bad):
            return found
        text = "".join(narrow(found).split()).lstrip("'`‘’").upper()
    return NUMBER_RUINED if _SCIENTIFIC.fullmatch(text) else text


def text(longest: int) -> Callable[[Cell], Value | Bad]:
    """Free text of at most `longest` characters with half-width digits; a lone dash or 无 means blank.

    Digits are narrowed so that a postcode or a house number typed full-width is no change to the next file.
    """

    def check(cell: Cell) -> Value | Bad:
        found = as_text(cell)
        if isinstance(found, Bad):
            return found
        if not found.isalnum():
            found = " ".join(found.translate({0x3000: 0x20}).split())
        if _WIDE_DIGIT.search(found):
            found = found.translate(_NARROW_DIGITS)
        if found in PLACEHOLDERS:
            return None
        if len(found) > longest:
            return Bad("too_long", f"最多 {longest} 个字，这里有 {len(found)} 个，请缩短。")
        return found

    return check


def person_name(cell: Cell) -> Value | Bad:
    """A person's name: Han (also beyond the BMP), letters and one kind of middle dot; 袁　桐文 is 袁桐文."""
    found = as_text(cell)
    if isinstance(found, Bad):
        return found
    if not found.isalnum():
        found = _BETWEEN_HAN.sub("", found.translate({0x3000: 0x20, 0xA0: 0x20}).translate(_MIDDLE_DOTS))
        found = _DOT_BETWEEN_HAN.sub("·", found)
        found = " ".join(found.split())
    if len(found) > 64:
        return Bad("too_long", "姓名最多 64 个字，请核对这一格。")
    if not _NAME.fullmatch(found):
        return Bad("bad_name", "姓名里有数字或符号。请只写姓名；少数民族姓名用“·”分隔。")
    return found


def day(*, earliest: date, latest: Callable[[], date]) -> Callable[[Cell], Value | Bad]:
    """A calendar day in any of the notations that schools use, or a real Excel date."""

    def check(cell: Cell) -> Value | Bad:
        found = _read_day(cell)
        if isinstance(found, Bad):
            return found
        if found < earliest:
            return Bad("date_too_early", f"日期早于 {earliest.isoformat()}，请核对年份。")
        if found > latest():
            return Bad("date_in_future", "日期晚于今天，请核对年份。")
        return found

    return check


def _read_day(cell: Cell) -> date | Bad:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float | int) and cell == int(cell) and FIRST_DAY_NUMBER <= cell <= LAST_DAY_NUMBER:
        return EXCEL_EPOCH + timedelta(days=int(cell))
    found = as_text(cell)
    if isinstance(found, Bad):
        return found
    match = _DATE.fullmatch(narrow(found).replace(" ", "") if "年" in found else narrow(found))
    if match is None:
        return Bad("no_such_date", "认不出这个日期。请写成 20170930 或 2017-09-30 这样的八位日期。")
    year, month, day_of_month = (int(part) for part in match.group(1, 2, 3, 5, 6, 7, 8) if part)
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return Bad("no_such_date", f"没有 {year} 年 {month} 月 {day_of_month} 日这一天，请核对后改正。")


def month(cell: Cell) -> Value | Bad:
    """A year and month (入学年月 202409) as the first day of that month; a full date is taken too."""
    if isinstance(cell, date):
        return date(cell.year, cell.month, 1)
    found = as_text(cell)
    if isinstance(found, Bad):
        return found
    match = _MONTH.fullmatch(narrow(found).replace(" ", ""))
    if match is None:
        whole = _read_day(cell)
        if isinstance(whole, Bad):
            return Bad("no_such_month", "认不出这个年月。请写成 202409 这样的六位年月。")
        return date(whole.year, whole.month, 1)
    year, number = (int(part) for part in match.groups() if part)
    if not (1900 <= year <= 2100 and 1 <= number <= 12):
        return Bad("no_such_month", f"没有 {year} 年 {number} 月，请核对后改正。")
    return date(year, number, 1)


def decimal_number(*, lowest: float, highest: float) -> Callable[[Cell], Value | Bad]:
    """A plain number between two bounds."""

    def check(cell: Cell) -> Value | Bad:
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            number = float(cell)
        else:
            found = as_text(cell)
            if isinstance(found, Bad):
                return found
            found = narrow(found)
            if found in PLACEHOLDERS:
                return None
            try:
                number = float(found)
            except ValueError:
                return Bad("not_a_number", "这一格应为数字，请改正。")
        if not lowest <= number <= highest:
            return Bad("out_of_range", f"应在 {lowest:g} 到 {highest:g} 之间，请核对。")
        return number

    return check
