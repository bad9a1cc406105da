"""The CSV form of a knowledge tree: code, parent, name; every parent stands above its children."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartschool.kernel.tabular import Fault

DEEPEST = 4


@dataclass(frozen=True, slots=True)
class PointRow:
    """One line of the file; `line` counts from 1 and includes the header."""

    line: int
    code: str
    parent: str
    name: str


def read(text: str) -> list[PointRow]:
    """Rows of a CSV with the columns code (编码), parent (上级编码) and name (名称)."""
    words = {"编码": "code", "上级编码": "parent", "名称": "name"}
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    reader.fieldnames = [words.get(field.strip(), field.strip()) for field in reader.fieldnames or ()]
    missing = {"code", "parent", "name"} - set(reader.fieldnames)
    if missing:
        raise ValueError("缺少列：" + "、".join(zh for zh, key in words.items() if key in missing))
    return [
        PointRow(line, *((row[key] or "").strip() for key in ("code", "parent", "name")))
        for line, row in enumerate(reader, start=2)
    ]


def faults_of(rows: Iterable[PointRow]) -> Iterator[Fault]:
    """What stops the file: every line that is wrong, with the remedy."""
    level: dict[str, int] = {}
    for row in rows:
        if not row.code or not row.name:
            yield _fault(row, "required", "编码和名称不能为空，请补填。")
        elif row.code in level:
            yield _fault(row, "duplicate", f"编码 {row.code} 出现了两次，请改掉其中一个。")
        elif row.parent and row.parent not in level:
            yield _fault(row, "unknown_parent", f"上级编码 {row.parent} 在这之前没有出现，请把上级放在前面。")
        elif row.parent and level[row.parent] >= DEEPEST:
            yield _fault(row, "too_deep", f"最多 {DEEPEST} 层，请挂到更高一级。")
        else:
            level[row.code] = level[row.parent] + 1 if row.parent else 1


def _fault(row: PointRow, code: str, message: str) -> Fault:
    return Fault("", row.line, "编码", code, message)
