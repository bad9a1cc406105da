"""What describes the paper: items.csv, q.csv, knowledge.csv."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edumetrics.results import FloatArray
from smartschool.analyze.columns import CODE_TITLES, ITEM_TITLES, is_date, is_no_point, item_code, plain
from smartschool.analyze.faults import Fault, Refused, refuse
from smartschool.analyze.keys import is_written, read_key
from smartschool.analyze.tables import Table, half_width
from smartschool.kernel.judgements import judgement

TYPE_TITLES = ("type", "题型", "类型")
FULL_TITLES = ("full_score", "满分", "分值", "full")
TESTLET_TITLES = ("testlet", "题组", "材料", "共用材料")
KEY_TITLES = ("key", "答案", "标准答案", "参考答案", "正确答案", "answer", "correct_answer")
NAME_TITLES = ("name", "名称", "知识点", "知识点名称")

# Beyond it stands a slip of the keyboard.
LARGEST_FULL = 1_000_000

TYPE_WORDS = {
    "objective": "客观题",
    "choice": "选择题",
    "multiple": "多选题",
    "true_false": "判断题",
    "subjective": "主观题",
    "blank": "填空题",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the paper. `full` is None where it must be read off the marks; `key` comes from `read_key`.

    Items with the same `testlet` hang on one text; "" where an item stands alone.
    """

    code: str
    kind: str
    full: float | None
    key: str
    testlet: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One knowledge point."""

    code: str
    name: str


def find_column(table: Table, titles: tuple[str, ...]) -> int | None:
    """Index of the first column with one of these titles, small and capital letters alike."""
    lowered = [plain(title) for title in table.header]
    for title in titles:
        if title in lowered:
            return lowered.index(title)
    return None


def read_items(table: Table) -> list[Item]:
    """Items with full marks and keys."""
    column, full_column = find_column(table, ITEM_TITLES), find_column(table, FULL_TITLES)
    if column is None:
        raise refuse("missing_column", "没有“item”（题号）列，请补上。", table.name, table.header_row)
    if full_column is None:
        raise refuse("missing_column", "没有“full_score”（满分）列，请补上。", table.name, table.header_row)
    kind_column, key_column = find_column(table, TYPE_TITLES), find_column(table, KEY_TITLES)
    testlet_column = find_column(table, TESTLET_TITLES)
    faults: list[Fault] = []
    items: list[Item] = []
    seen: dict[str, int] = {}
    for number, row in zip(table.numbers, table.rows, strict=True):
        code = row[column]
        if not code:
            faults.append(Fault("empty_item", "题号是空的。", table.name, number, table.header[column]))
            continue
        if is_date(code):
            text = f"题号“{code}”是日期，多半是 3-1 这样的题号被 Excel 改成的。请把这一列设为文本，重新填写。"
            faults.append(Fault("date_as_item", text, table.name, number, table.header[column]))
            continue
        same = item_code(code)
        if same in seen:
            text = f"题号“{code}”和第 {seen[same]} 行重复。"
            faults.append(Fault("duplicate_item", text, table.name, number, table.header[column]))
            continue
        seen[same] = number
        full = _number(row[full_column])
        if full is None or not 0 < full < LARGEST_FULL:
            wrong = "不是大于 0 的数" if full is None or full <= 0 else f"太大，要小于 {LARGEST_FULL}"
            text = f"满分“{row[full_column]}”{wrong}，请改正。"
            faults.append(Fault("bad_full_mark", text, table.name, number, table.header[full_column]))
            full = 1.0
        kind = row[kind_column] if kind_column is not None else ""
        kind = TYPE_WORDS.get(kind.lower(), kind)
        key_text = row[key_column] if key_column is not None else ""
        key = read_key(key_text) if key_text else ""
        if key is None and not is_written(kind):
            text = (
                f"答案“{key_text}”里认不出选项。请写选项（B、AC；两个都算对写 A/C）、数字或 √ ×，"
                "没有答案就留空。"
            )
            faults.append(Fault("bad_key", text, table.name, number, table.header[key_column or 0]))
        testlet = row[testlet_column] if testlet_column is not None else ""
        items.append(Item(code, kind, full, key or "", testlet))
    if faults:
        raise Refused(faults)
    if not items:
        raise refuse("no_items", "表里没有题目。", table.name)
    return items


def read_q(table: Table, items: list[str]) -> tuple[FloatArray, list[str], list[str], list[str]]:
    """Q-matrix in the order of `items`, codes of its points, items without any point, columns left out."""
    column = find_column(table, ITEM_TITLES)
    if column is None:
        raise refuse("missing_column", "没有“item”（题号）列，请补上。", table.name, table.header_row)
    others = [index for index, title in enumerate(table.header) if index != column and is_no_point(title)]
    at = [index for index in range(len(table.header)) if index != column and index not in others]
    points = [table.header[index] for index in at]
    if not points:
        raise refuse("no_points", "除了题号没有知识点列。", table.name, table.header_row)
    place = {item_code(code): index for index, code in enumerate(items)}
    q = np.zeros((len(items), len(points)))
    faults: list[Fault] = []
    seen: set[str] = set()
    for number, row in zip(table.numbers, table.rows, strict=True):
        code = item_code(row[column])
        wrong = (
            ("duplicate_item", f"题号“{row[column]}”出现两次。")
            if code in seen
            else ("unknown_item", f"题“{row[column]}”不在答题表里，请核对题号。")
            if code not in place
            else None
        )
        seen.add(code)
        if wrong is not None:
            faults.append(Fault(*wrong, table.name, number, table.header[column]))
            continue
        for k, index in enumerate(at):
            weight = _weight(row[index])
            if weight is None or weight < 0:
                text = f"“{row[index]}”不是 0、1、√ 或正的权重。"
                faults.append(Fault("bad_weight", text, table.name, number, points[k]))
            else:
                q[place[code], k] = weight
    if faults:
        raise Refused(faults)
    without = [code for code, row in zip(items, q, strict=True) if not row.any()]
    return q, points, without, [table.header[index] for index in others]


def read_points(table: Table | None, codes: list[str]) -> list[Point]:
    """Names of the points of the Q-matrix; the code where there is no name."""
    names: dict[str, str] = {}
    if table is not None:
        code_column, name_column = find_column(table, CODE_TITLES), find_column(table, NAME_TITLES)
        if code_column is None or name_column is None:
            raise refuse("missing_column", "要有“code”和“name”两列。", table.name, table.header_row)
        names = {row[code_column]: row[name_column] for row in table.rows}
    return [Point(code, names.get(code) or code) for code in codes]


def _weight(cell: str) -> float | None:
    """Weight of a point in an item; √ says that the item asks for it."""
    said = judgement(cell, letters=False)
    if said is not None:
        return float(said)
    return _number(cell) if cell else 0.0


def _number(cell: str) -> float | None:
    try:
        value = float(half_width(cell).removesuffix("分"))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
