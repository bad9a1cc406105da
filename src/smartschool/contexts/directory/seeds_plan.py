"""The demo district on paper: schools, classes, sizes. Towns are real, schools and people are invented.

18 rural and 7 urban schools, three under a 中心校, one 教学点; 9,054 pupils in classes of 8 to 45.
"""

import random
from dataclasses import dataclass, field

SMALLEST, LARGEST = 8, 45
PUPILS = {"district": 9_054, "small": 300}
STAFF = {"district": 640, "small": 36}
CENTRAL_CODE, BUREAU_CODE = "DT-KDZX", "DT"
MAIN_SCHOOL = "2134040201"  # where the named people are


@dataclass
class PlannedClass:
    """One class; several grades make a 复式班."""

    stage: str
    grades: tuple[int, ...]
    number: int
    size: int
    fixed: bool = False


@dataclass
class PlannedSchool:
    code: str
    name: str
    school_type: str
    urban_rural: str
    category: str
    town: str
    parent: str = BUREAU_CODE
    kind: str = "school"
    classes: list[PlannedClass] = field(default_factory=list)


_B, _C, _HEWAN = BUREAU_CODE, CENTRAL_CODE, "2134040210"
# code, name, 办学类型, 城乡类型, plan category, town, parent, [(grades, classes per grade, size), …]
# The first school grew out of a primary school and kept its code when the junior grades came.
_DISTRICT = [
    ("2134040201", "洛水学校", "312", "111", "urban", "大通街道", _B, [("1-6", 2, 38), ("7-9", 3, 42)]),
    ("2134040202", "东岭小学", "211", "111", "urban", "大通街道", _B, [("1-6", 4, 42)]),
    ("2134040203", "南湖小学", "211", "111", "urban", "大通街道", _B, [("1-6", 3, 42)]),
    ("2134040204", "矿山路小学", "211", "112", "urban", "大通街道", _B, [("1-6", 3, 40)]),
    ("2134040205", "新淮小学", "211", "112", "urban", "大通街道", _B, [("1-6", 2, 40)]),
    ("3134040206", "舜园中学", "311", "111", "urban", "大通街道", _B, [("7-9", 6, 44)]),
    ("3134040207", "林场路中学", "311", "112", "urban", "大通街道", _B, [("7-9", 5, 43)]),
    ("2134040208", "孔店小学", "211", "210", "rural", "孔店乡", _C, [("1-6", 2, 30)]),
    ("2134040209", "柳树小学", "211", "220", "rural", "孔店乡", _C, [("1-6", 1, 16)]),
    ("2134040210", "河湾小学", "211", "220", "rural", "孔店乡", _C, [("1+2", 1, 12), ("3-6", 1, 14)]),
    ("2134040211", "刘圩教学点", "218", "220", "rural", "孔店乡", _HEWAN, [("1+2", 1, 9), ("3+4", 1, 8)]),
    ("2134040212", "上窑小学", "211", "121", "rural", "上窑镇", _B, [("1-6", 2, 36)]),
    ("2134040213", "马厂小学", "211", "220", "rural", "上窑镇", _B, [("1-6", 1, 22)]),
    ("2134040214", "外窑小学", "211", "220", "rural", "上窑镇", _B, [("1-6", 1, 20)]),
    ("2134040215", "洛河小学", "211", "121", "rural", "洛河镇", _B, [("1-6", 2, 34)]),
    ("2134040216", "王咀小学", "211", "220", "rural", "洛河镇", _B, [("1-6", 1, 18)]),
    ("2134040217", "陈巷小学", "211", "220", "rural", "洛河镇", _B, [("1-5", 1, 12), ("6", 1, -8)]),
    ("2134040218", "九龙岗小学", "211", "121", "rural", "九龙岗镇", _B, [("1-6", 2, 36)]),
    ("2134040219", "方楼小学", "211", "220", "rural", "九龙岗镇", _B, [("1-6", 1, 15)]),
    # a junior school with an attached primary class (附设小学班)
    ("3134040220", "孔店中学", "311", "210", "rural", "孔店乡", _B, [("6", 1, 20), ("7-9", 3, 40)]),
    ("3134040221", "上窑中学", "311", "121", "rural", "上窑镇", _B, [("7-8", 3, 42), ("9", 3, -45)]),
    ("3134040222", "洛河中学", "311", "121", "rural", "洛河镇", _B, [("7-9", 3, 38)]),
    ("3134040223", "高塘学校", "312", "220", "rural", "洛河镇", _B, [("1-6", 1, 24), ("7-9", 1, 34)]),
    ("3134040224", "淮丰学校", "312", "220", "rural", "九龙岗镇", _B, [("1-6", 1, 22), ("7-9", 1, 32)]),
    ("3134040225", "九龙岗中学", "311", "121", "rural", "九龙岗镇", _B, [("7-9", 2, 40)]),
]  # fmt: skip

_SMALL = [
    ("2134040201", "洛水学校", "312", "111", "urban", "大通街道", _B,
     [("1-6", 1, 12), ("7", 2, -30), ("8-9", 1, 26)]),
    ("2134040210", "河湾小学", "211", "220", "rural", "孔店乡", _C, [("1+2", 1, 9), ("3-6", 1, 9)]),
    ("3134040220", "孔店中学", "311", "210", "rural", "孔店乡", _B, [("6", 1, -8), ("7-9", 1, 24)]),
]  # fmt: skip


def _grades(text: str) -> list[tuple[int, ...]]:
    if "+" in text:
        return [tuple(int(part) for part in text.split("+"))]
    first, _, last = text.partition("-")
    return [(grade,) for grade in range(int(first), int(last or first) + 1)]


def planned_schools(size: str, rng: random.Random) -> list[PlannedSchool]:
    """All schools with their classes; sizes vary a little and add up to exactly `PUPILS[size]`.

    A negative size in the list above is kept as it is.
    """
    schools = []
    for code, name, school_type, urban_rural, category, town, parent, rows in (
        _DISTRICT if size == "district" else _SMALL
    ):
        school = PlannedSchool(code, name, school_type, urban_rural, category, town, parent)
        if school_type == "218":
            school.kind = "teaching_point"
        for grades_text, parallel, base in rows:
            for grades in _grades(grades_text):
                for number in range(1, parallel + 1):
                    planned = abs(base) if base < 0 else base + rng.randint(-3, 3)
                    school.classes.append(
                        PlannedClass(
                            "primary" if grades[0] <= 6 else "junior",
                            grades,
                            number,
                            min(LARGEST, max(SMALLEST, planned)),
                            fixed=base < 0,
                        )
                    )
        schools.append(school)
    _level([one for school in schools for one in school.classes], PUPILS[size])
    return schools


def _level(classes: list[PlannedClass], wanted: int) -> None:
    """Add or take one pupil a class, round and round, until the district has `wanted`."""
    free = [one for one in classes if not one.fixed]
    missing = wanted - sum(one.size for one in classes)
    step = 1 if missing > 0 else -1
    while missing:
        before = missing
        for one in free:
            if missing and SMALLEST <= one.size + step <= LARGEST:
                one.size += step
                missing -= step
        if missing == before:
            raise ValueError("the planned classes cannot hold the district")
