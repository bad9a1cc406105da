"""Two-way tables on their way in: from the rows of a form, or from a workbook or CSV."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from smartschool.contexts.assessment.marks_import.columns import raw_cell, word_cell
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.curriculum.public.doors import match_points
from smartschool.kernel.cells import as_text, decimal_number, narrow
from smartschool.kernel.judgements import judgement
from smartschool.kernel.tabular import Bad, Cell, Checked, Column, Fault, Value

_TYPE_WORDS = {
    ItemType.SINGLE: ("单选", "单选题", "选择", "选择题", "单项选择"),
    ItemType.MULTIPLE: ("多选", "多选题", "多项选择"),
    ItemType.TRUE_FALSE: ("判断", "判断题", "对错", "对错题", "是非题"),
    ItemType.BLANK: ("填空", "填空题"),
    ItemType.OPEN: ("解答", "解答题", "计算", "计算题", "应用题", "简答", "简答题", "作文", "阅读", "主观题"),
}
_TYPES = {word: kind for kind, words in _TYPE_WORDS.items() for word in words}
_TYPES |= {kind.value: kind for kind in ItemType}
_NUMBER = re.compile(r"\d+(\.\d*)?")
_CODE = re.compile(r"[A-Za-z]{1,4}\d{2,}")
_BETWEEN_POINTS = str.maketrans({"；": ";", "，": ";", ",": ";", "\n": ";", "、": ";"})


def type_cell(cell: Cell) -> Value | Bad:
    """题型 in any usual word."""
    text = as_text(cell)
    kind = _TYPES.get(narrow(text)) if isinstance(text, str) else None
    return kind or Bad("unknown_type", "认不出题型。请写：单选题、多选题、判断题、填空题或解答题。")


COLUMNS = (
    Column("label", "题号", word_cell, ("小题号", "试题号", "题目"), required=True, needed=True),
    Column("type", "题型", type_cell, ("题目类型", "试题类型")),
    Column(
        "full",
        "满分",
        decimal_number(lowest=0, highest=300),
        ("分值", "题分", "分数"),
        required=True,
        needed=True,
    ),
    Column("key", "答案", raw_cell, ("标准答案", "参考答案", "正确答案")),
    Column("options", "选项", raw_cell, ("选项范围", "备选项")),
    Column("partial", "少选得分", decimal_number(lowest=0, highest=300), ("部分得分", "漏选得分")),
    Column("points", "知识点", raw_cell, ("考查知识点", "知识点编码", "考点", "知识内容")),
    Column("shared_item", "题库编号", raw_cell, ("共用题编号", "题库题号")),
)


def parse_points(text: str) -> list[tuple[str, float]]:
    """``JM0004 0.5；相反数*0.5`` → pairs of code or name and weight; the weight is 1 where none is written.

    >>> parse_points("JM0004 0.5；相反数*0.5, 数轴")
    [('JM0004', 0.5), ('相反数', 0.5), ('数轴', 1.0)]
    >>> parse_points("JM0004 有理数 0.5")
    [('JM0004', 0.5)]
    """
    found = []
    for part in text.translate(_BETWEEN_POINTS).split(";"):
        words = narrow(part).replace("*", " ").replace("×", " ").split()
        if not words:
            continue
        weight = 1.0
        if len(words) > 1 and _NUMBER.fullmatch(words[-1]):
            weight = float(words.pop())
        # Behind a code stands its name for the reader; the code alone decides.
        found.append((words[0] if _CODE.fullmatch(words[0]) else " ".join(words), weight))
    return found


def write_points(points: Iterable[tuple[str, float]], names: Mapping[str, str]) -> str:
    """The other way round, for the form: ``JM0010 相反数；JM0004 数轴 0.5``."""
    return "；".join(_written(code, names.get(code, ""), weight) for code, weight in points)


def _written(code: str, name: str, weight: float) -> str:
    shown = " ".join([code, *name.translate(_BETWEEN_POINTS).replace(";", " ").split()])
    # A name that ends in a number would pass for a weight: then the weight is always written.
    return shown if parse_points(shown) == [(code, weight)] else f"{shown} {weight:g}"


def rows_of_form(form: Mapping[str, Any], size: int) -> list[BlueprintRow]:
    """The rows that are filled in; a number that is none becomes 0 and is named by the checks."""
    rows = []
    for place in range(size):

        def text(name: str, place: int = place) -> str:
            return str(form.get(f"{name}-{place}", "")).strip()

        if not (text("label") or text("full")):
            continue
        kind = text("type")
        rows.append(
            BlueprintRow(
                text("label"),
                _TYPES.get(kind, ItemType.OPEN),
                number_of(text("full")),
                text("key"),
                text("options"),
                number_of(text("partial")),
                text("shared"),
                tuple(parse_points(text("points"))),
            )
        )
    return rows


def number_of(text: str) -> float:
    try:
        return float(narrow(text))
    except ValueError:
        return 0.0


def rows_of_table(checked: Checked) -> list[BlueprintRow]:
    """Rows of a workbook or CSV after the cell checks; a missing type follows from the key."""
    rows = []
    columns = {column.key: checked.column(column.key) for column in COLUMNS}
    for index in range(len(checked.frame)):
        words = {key: _word(columns[key][index]) for key in ("key", "options", "points", "shared_item")}
        kind = columns["type"][index]
        if not isinstance(kind, ItemType):
            kind = _type_by_key(words["key"])
        full, partial = columns["full"][index], columns["partial"][index]
        rows.append(
            BlueprintRow(
                _word(columns["label"][index]),
                kind,
                float(full) if isinstance(full, float | int) else 0.0,
                words["key"] if kind.objective else "",
                words["options"],
                float(partial) if isinstance(partial, float | int) else 0.0,
                words["shared_item"],
                tuple(parse_points(words["points"])),
            )
        )
    return rows


def _type_by_key(key: str) -> ItemType:
    """The type of an item that names none."""
    if not key:
        return ItemType.OPEN
    return ItemType.SINGLE if judgement(key, letters=False) is None else ItemType.TRUE_FALSE


def _word(value: Any) -> str:
    text = as_text(value) if value is not None else ""
    return text if isinstance(text, str) else ""


def with_codes(
    rows: Sequence[BlueprintRow], *, subject: str, stage: str
) -> tuple[list[BlueprintRow], list[Fault]]:
    """Names of knowledge points turned into codes; a name that stands at several places must be chosen."""
    words = {word for row in rows for word, _ in row.points}
    known = match_points(words, subject=subject, stage=stage) if words else {}
    faults = []
    turned = []
    for number, row in enumerate(rows, start=1):
        points = []
        for word, weight in row.points:
            fitting = known.get(word.strip(), [])
            deepest = [info for info in fitting if info.level == max(one.level for one in fitting)]
            # The shipped tree lists some points twice under the same heading: the first one stands for both.
            places = {info.path[-2:]: info for info in reversed(deepest)}
            if len(places) > 1:
                choices = "、".join(
                    f"{info.code}（{' › '.join(path)}）" for path, info in list(places.items())[:4]
                )
                message = f"“{word}”有几处，请写编码：{choices}。"
                faults.append(Fault("", number, "知识点", "ambiguous_point", message))
            points.append((deepest[0].code if deepest else word, weight))
        turned.append(replace(row, points=tuple(points)))
    return turned, faults
