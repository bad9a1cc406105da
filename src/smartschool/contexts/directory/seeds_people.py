"""Invented people: names with rare characters and middle dots, numbers with valid check digits.

The area codes of the numbers (340490–340499) were never given out, so no number is a real person's;
the telephone numbers begin with 14000, which no subscriber has.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.kernel.ids import CODE_ALPHABET

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_GIVEN = (
    "晨雨欣宇轩涵梓浩然诗琪思远佳怡文博子睿嘉明雅静志强海燕俊杰丽娜建国婷婷立新春晓冬梅永康安宁若云亦凡"
    "书瑶知行景行星辰语桐一诺依然锦程沐阳清扬之恒可心念慈乐天向东怀瑾承泽雪松青禾芷若望舒明远"
)
# Characters beyond the Basic Multilingual Plane that stand in real given names.
_RARE = "𬱖𫖯𣲗𬭎𬀩𫍯𬤊𫓧𬇙𫘝"
_FOREIGN_FIRST = ("阿依努尔", "古丽米热", "麦尔旦", "热依汗", "艾孜买提", "帕提古丽", "努尔兰", "迪力夏提")
_FOREIGN_LAST = ("买买提", "艾合买提", "吐尔逊", "卡德尔", "阿布都拉", "库尔班")
_PLACES = ("前进", "新村", "河沿", "东街", "西圩", "柳林", "窑上", "车站")


@dataclass(frozen=True)
class Invented:
    """One human being of the demo."""

    name: str
    sex: str
    birth_date: date
    ethnicity: str
    id_number: str
    phone: str


class PeopleMaker:
    """Draws people from one random source; no two share a number."""

    def __init__(self, rng: random.Random, reserved: frozenset[str]) -> None:
        self._rng = rng
        self._reserved = reserved  # names that only the named people bear
        self._serial = 0
        self._phone = 0
        self._numbers: set[str] = set()

    def code(self) -> str:
        """Public code, the same in every demo."""
        return "".join(self._rng.choices(CODE_ALPHABET, k=8))

    def surname(self) -> str:
        return self._rng.choice(_SURNAMES)

    def phone(self) -> str:
        self._phone += 1
        return f"14000{self._phone:06d}"

    def person(
        self, born: tuple[date, date], *, surname: str = "", sex: str = "", name: str = ""
    ) -> Invented:
        """Somebody born in ``[first, last]``."""
        rng = self._rng
        sex = sex or rng.choice("12")
        ethnicity = "01"
        if not name:
            name, ethnicity = self._name(surname)
            while name in self._reserved:
                name, ethnicity = self._name(surname)
        first, last = born
        birth_date = first + timedelta(days=rng.randrange((last - first).days + 1))
        return Invented(name, sex, birth_date, ethnicity, self._number(birth_date, sex), self.phone())

    def _name(self, surname: str) -> tuple[str, str]:
        rng = self._rng
        draw = rng.random()
        if draw < 0.006 and not surname:
            return f"{rng.choice(_FOREIGN_FIRST)}·{rng.choice(_FOREIGN_LAST)}", "05"
        given = rng.choice(_RARE) if draw < 0.012 else rng.choice(_GIVEN)
        if rng.random() < 0.75:
            given += rng.choice(_GIVEN)
        return (surname or self.surname()) + given, rng.choice(("03", "15")) if draw > 0.985 else "01"

    def _number(self, birth_date: date, sex: str) -> str:
        """GB 11643: area, date, three-digit serial (odd for men), check character; each number once."""
        while True:
            self._serial += 1
            serial = 2 * (self._serial % 499) + (1 if sex == "1" else 2)
            first = f"{340490 + self._serial // 499 % 10}{birth_date:%Y%m%d}{serial:03d}"
            if first not in self._numbers:
                self._numbers.add(first)
                return first + id_check_character(first)

    def address(self, town: str) -> str:
        return f"大通区{town}{self._rng.choice(_PLACES)} {self._rng.randint(1, 200)} 号"


def born_for(entry_year: int, stage: str) -> tuple[date, date]:
    """Birthdays of who begins in September of a year: six by 31 August (义务教育法 第十一条)."""
    age = 6 if stage == "primary" else 12
    return date(entry_year - age - 1, 9, 1), date(entry_year - age, 8, 31)
