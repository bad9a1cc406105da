"""Checks of national identifiers: 身份证号, 学籍号, 学校标识码, 统一社会信用代码, telephone.

Pure functions: text in, what the number says or a `Bad` out. Numbers are checked and never made:
the national systems are their only source.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from smartschool.contexts.directory.public import codes
from smartschool.kernel.cells import digits_text
from smartschool.kernel.tabular import Bad, Cell, Value

# GB 11643-1999: weights 2^(17-i) mod 11; the check character by the weighted sum mod 11.
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_SHAPE = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dX]")
_LOOSE_ID_SHAPE = re.compile(r"[1-9]\d{16}[\dX]")
_OLD_ID_SHAPE = re.compile(r"[1-9]\d{14}")
# GB 32100-2015: 31 characters without I, O, S, V, Z; weights 3^(i-1) mod 31.
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))
_MOBILE = re.compile(r"1[3-9]\d{9}")
_FIXED_LINE = re.compile(r"(?:0\d{2,3})?[2-9]\d{6,7}")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A checked 身份证号 and what it says about its holder."""

    number: str
    born_on: date
    sex: str  # code of GB/T 2261.1: "1" male, "2" female
    known_province: bool


@dataclass(frozen=True, slots=True)
class EnrolmentNumber:
    """A checked 全国学籍号. `id_number` is the ID part of a G number, `None` for J and L."""

    number: str
    kind: str  # G: with 身份证号, J: without, L: provisional
    id_number: str | None


def id_check_character(first17: str) -> str:
    """Check character of the first 17 digits, GB 11643-1999 §5 (ISO 7064 MOD 11-2)."""
    if len(first17) != 17:
        raise ValueError("not 17 digits")
    total = _weighted(first17[:6], 0) + _weighted(first17[6:14], 6) + _weighted(first17[14:], 14)
    return _ID_CHECKS[total % 11]


@lru_cache(maxsize=16384)  # the numbers of a district share their areas, birthdays and serials
def _weighted(digits: str, place: int) -> int:
    """Weighted sum of the digits that stand from `place` on."""
    return sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS[place:], strict=False))


@lru_cache(maxsize=16384)
def _born_on(digits: str) -> date | None:
    """The day ``20170930``; None where the calendar has no such day."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def parse_id_number(text: str) -> IdNumber | Bad:
    """Check a 身份证号. Area codes that no longer exist are right: they were right at birth."""
    if not _ID_SHAPE.fullmatch(text):
        if _OLD_ID_SHAPE.fullmatch(text):
            return Bad("id_shape", "这是 15 位的旧身份证号，已停用，请填写 18 位号码。")
        if not _LOOSE_ID_SHAPE.fullmatch(text):
            return Bad("id_shape", f"身份证号应为 18 位数字（末位可为 X），这里有 {len(text)} 位，请核对。")
        if id_check_character(text[:17]) != text[17]:
            return Bad("check_digit", "身份证号的校验码不对，多半有一位抄错，请对照证件改正。")
        return Bad("no_such_date", "身份证号里的出生日期不存在，请对照证件改正。")
    if id_check_character(text[:17]) != text[17]:
        return Bad("check_digit", "身份证号的校验码不对，多半有一位抄错，请对照证件改正。")
    born_on = _born_on(text[6:14])
    if born_on is None:
        return Bad("no_such_date", "身份证号里的出生日期不存在，请对照证件改正。")
    sex = "1" if int(text[16]) % 2 else "2"
    return IdNumber(text, born_on, sex, text[:2] in codes.table("province").names)


def parse_enrolment_number(text: str) -> EnrolmentNumber | Bad:
    """Check a 全国学籍号: a letter and 18 characters. G and J carry a check character, L does not."""
    kind, rest = text[:1], text[1:]
    if kind not in ("G", "J", "L") or len(text) != 19:
        return Bad(
            "enrolment_number_shape", f"学籍号应为 G、J 或 L 加 18 位，这里有 {len(text)} 位，请核对。"
        )
    if kind == "L":
        if not rest.isdigit():
            return Bad("enrolment_number_shape", "临时学籍号应为 L 加 18 位数字，请核对。")
        return EnrolmentNumber(text, kind, None)
    if not _LOOSE_ID_SHAPE.fullmatch(rest):
        return Bad("enrolment_number_shape", "学籍号应为 G 或 J 加 18 位数字（末位可为 X），请核对。")
    if id_check_character(rest[:17]) != rest[17]:
        return Bad("check_digit", "学籍号的校验码不对，多半有一位抄错，请从学籍系统重新导出。")
    if kind == "G":
        holder = parse_id_number(rest)
        if isinstance(holder, Bad):
            return holder
        return EnrolmentNumber(text, kind, rest)
    return EnrolmentNumber(text, kind, None)


def parse_school_code(text: str) -> str | Bad:
    """Check a 学校（机构）标识码: two digits category, two digits province, six digits serial."""
    if not re.fullmatch(r"\d{10}", text):
        return Bad("school_code_shape", f"学校标识码应为 10 位数字，这里有 {len(text)} 位，请核对。")
    if text[:2] not in codes.table("school_category").names:
        return Bad("school_code_shape", f"学校标识码的前两位 {text[:2]} 不是学校类别，请核对。")
    if text[2:4] not in codes.table("province").names:
        return Bad("school_code_shape", f"学校标识码的第 3、4 位 {text[2:4]} 不是省级代码，请核对。")
    return text


def credit_check_character(first17: str) -> str:
    """Check character of a 统一社会信用代码, GB 32100-2015: (31 - sum of 17 weighted values) mod 31."""
    total = 0
    for character, weight in zip(first17, _CREDIT_WEIGHTS, strict=True):
        total += _CREDIT_VALUES[character] * weight
    return _CREDIT_ALPHABET[-total % 31]


def parse_credit_code(text: str) -> str | Bad:
    """Check a 统一社会信用代码: 18 characters, the last one over the others."""
    if len(text) != 18 or any(character not in _CREDIT_VALUES for character in text):
        return Bad(
            "credit_code_shape", "统一社会信用代码应为 18 位数字和大写字母（没有 I、O、S、V、Z），请核对。"
        )
    if credit_check_character(text[:17]) != text[17]:
        return Bad("check_digit", "统一社会信用代码的校验码不对，请对照登记证书改正。")
    return text


def parse_phone(text: str) -> str | Bad:
    """A mobile or a fixed line of mainland China, without separators; +86 is dropped."""
    if _MOBILE.fullmatch(text):
        return text
    plain = re.sub(r"[-－—_()（）\s]", "", text)
    plain = re.sub(r"^(?:\+|00)86", "", plain)
    if plain.startswith("86") and len(plain) == 13:
        plain = plain[2:]
    if _MOBILE.fullmatch(plain) or _FIXED_LINE.fullmatch(plain):
        return plain
    return Bad("phone", "电话号码不对：手机应为 11 位，座机请写“区号-号码”。多个号码只留一个。")


def id_number_cell(cell: Cell) -> Value | Bad:
    """Cell check of a 身份证号 column: answers an `IdNumber`."""
    found = digits_text(cell)
    return found if isinstance(found, Bad) else parse_id_number(found)


def enrolment_number_cell(cell: Cell) -> Value | Bad:
    """Cell check of a 学籍号 column: answers an `EnrolmentNumber`."""
    found = digits_text(cell)
    return found if isinstance(found, Bad) else parse_enrolment_number(found)


def school_code_cell(cell: Cell) -> Value | Bad:
    """Cell check of a 学校标识码 column."""
    found = digits_text(cell)
    return found if isinstance(found, Bad) else parse_school_code(found)


def credit_code_cell(cell: Cell) -> Value | Bad:
    """Cell check of a 统一社会信用代码 column."""
    found = digits_text(cell)
    return found if isinstance(found, Bad) else parse_credit_code(found)


def phone_cell(cell: Cell) -> Value | Bad:
    """Cell check of a telephone column."""
    found = digits_text(cell)
    return found if isinstance(found, Bad) else parse_phone(found)
