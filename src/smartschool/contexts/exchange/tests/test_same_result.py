"""A workbook shuffled, renamed, re-encoded, split over sheets, with other faults: the same verdicts."""

import csv
import json
import os
import random
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartschool.contexts.directory.importers.roster_checks import check_roster
from smartschool.contexts.directory.importers.roster_columns import roster_columns
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.reading.header_words import Words, comparable
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.contexts.exchange.tests.workbooks import xls, xlsx
from smartschool.kernel.tabular import check_frame

DAY = date(2026, 11, 25)
COLUMNS = roster_columns()
# Each column's own words: a word that an earlier column claims as well means the earlier one.
KEYS = {word: key for word, (key, _) in Words(COLUMNS).exact.items()}
WORDS = {
    column.name: [word for word in (column.name, *column.synonyms) if KEYS[comparable(word)] == column.key]
    for column in COLUMNS
}
Rows = list[list[object]]


def verdicts(content: bytes) -> tuple[int, set[tuple[str, str, str]]]:
    """Rows, and (编号, column, code) of every fault."""
    frame = read_table(content, COLUMNS).frame
    checked = check_frame(frame, COLUMNS)
    check_roster(checked, DAY)
    at = {place: index for index, place in enumerate(zip(frame.sheets, frame.rows, strict=True))}
    numbers = frame.columns["row_number"]
    found = {
        (str(int(float(str(numbers[at[fault.sheet, fault.row]])))), fault.column, fault.code)
        for fault in checked.faults
    }
    return len(frame), found


def as_text(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


def rewritten(head: list[str], rows: Rows, seed: int, kind: str, titles: int) -> bytes:
    """The table in another order of columns, with other words, in another format."""
    draw = random.Random(seed)
    order = draw.sample(range(len(head)), len(head))
    words = [draw.choice(WORDS.get(head[place], (head[place],))) for place in order]
    grid: Rows = [["填表说明"] + [""] * (len(head) - 1)] * titles
    grid = [*grid, list(words), *[[row[place] for place in order] for row in rows]]
    grid += [[*line, *[""] * (len(head) - len(line))] for line in draw.sample(FOOTERS, draw.randrange(4))]
    if kind == "xlsx":
        return xlsx(grid)
    if kind == "xls":
        return xls([[as_text(value) for value in row] for row in grid])
    if kind == "sheets":
        top, half = grid[: titles + 1], titles + 1 + len(rows) // 2
        return xlsx(grid[:half], sheet="上", after=[("下", [*top, *grid[half:]])])
    out = StringIO()
    csv.writer(out).writerows([[as_text(value) for value in row] for row in grid])
    return out.getvalue().encode(kind)


FOOTERS: Rows = [
    ["合计", "", 20],
    ["男 9 女 11"],
    ["制表人：李某", "审核人：周某", "校长签字：", "2026年9月5日"],
    ["", "（盖章）"],
]
KINDS = st.sampled_from(["xlsx", "xls", "sheets", "utf-8", "utf-8-sig", "gb18030", "utf-16"])


def pupil(serial: int) -> dict[str, object]:
    first = f"34040220160519{2 * serial + 1:03d}"
    return {
        "编号": serial + 1, "姓名": "王小" + chr(0x4E00 + serial), "性别": "男", "出生日期": "20160519",
        "身份证号": first + id_check_character(first), "民族": "汉族", "年级": "四年级", "班级号": "02",
        "联系电话": f"1390000{serial:04d}", "残疾人类型": "无残疾", "是否孤儿": "否",
        "成员1姓名": "张某", "成员1身份证件号": "11010519491231002X",
    }  # fmt: skip


PLANTED: dict[str, tuple[str, object]] = {
    "check_digit": ("身份证号", "340402201605190000"),
    "number_ruined": ("身份证号", 3.404022016051931e17),
    "sex_contradicts_id": ("性别", "女"),
    "no_such_date": ("出生日期", "20160230"),
    "birth_contradicts_id": ("出生日期", "20160520"),
    "required": ("姓名", ""),
    "unknown_code": ("民族", "汉汉族"),
    "unknown_grade": ("年级", "十三年级"),
    "phone": ("联系电话", "12345"),
    "unknown_class": ("班级号", "三二班"),
    "bad_name": ("姓名", "王1"),
    "id_shape": ("身份证号", "34040220160519"),
}


@settings(max_examples=40, deadline=None)
@given(
    plants=st.dictionaries(st.integers(0, 19), st.sampled_from(sorted(PLANTED)), max_size=8),
    blanks=st.dictionaries(st.integers(0, 19), st.sampled_from(["性别", "出生日期"]), max_size=8),
    seed=st.integers(0, 10_000),
    kind=KINDS,
    titles=st.integers(0, 4),
)
def test_planted_faults_are_found_and_nothing_else(
    plants: dict[int, str], blanks: dict[int, str], seed: int, kind: str, titles: int
) -> None:
    people = [pupil(serial) for serial in range(20)]
    expected = set()
    for serial in blanks.keys() - plants.keys():
        people[serial][blanks[serial]] = ""  # the number beside it says the same
    for serial, code in plants.items():
        column, value = PLANTED[code]
        people[serial][column] = value
        expected.add((str(serial + 1), column, code))
    head = list(people[0])
    rows = [[person[name] for name in head] for person in people]
    assert verdicts(rewritten(head, rows, seed, kind, titles)) == (20, expected)


DATA = os.environ.get("SMARTSCHOOL_DATA")


@pytest.mark.skipif(not DATA, reason="SMARTSCHOOL_DATA names no folder of sample workbooks")
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), kind=KINDS, titles=st.integers(0, 4))
def test_sample_workbook_rewritten_gives_the_truth(seed: int, kind: str, titles: int) -> None:
    from smartschool.contexts.exchange.reading.workbook import open_sheets

    books = Path(DATA or "", "workbooks")
    truth = json.loads((books / "truth.json").read_text(encoding="utf-8"))["roster"]
    raw = next(
        one for one in open_sheets((books / "roster_messy.xlsx").read_bytes()) if one.name == "学生信息"
    )
    official = {word: name for name, words in WORDS.items() for word in words}
    head = [official.get(str(cell), str(cell)) for cell in raw.rows[3]]
    rows, found = verdicts(rewritten(head, raw.rows[4:], seed, kind, titles))  # type: ignore[arg-type]
    assert rows == truth["rows"]
    assert found == {(str(f["row_no"]), f["column"], f["code"]) for f in truth["faults"]}
