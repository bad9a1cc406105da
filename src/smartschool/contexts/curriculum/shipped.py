"""The knowledge trees that ship with the product: where they come from, and how they are read.

junior_math.csv is the wx-tree sample (MIT, data/junior_math.LICENSE; 1,040 points of junior mathematics; the
tree's own origin is not stated). chapters.csv lists chapters of textbooks, compiled for this product from
memory. Both are to be reviewed by teachers: every point starts with `reviewed = False`.
"""

import csv
import io
from collections.abc import Iterator
from importlib import resources

from smartschool.contexts.curriculum.knowledge_file import PointRow, read

TREE_SOURCE = "wx-tree 示例（MIT），待教师审核"
CHAPTER_SOURCE = "教材章节（本产品整理），待教师审核"
MATHEMATICS = "14"


def _text(name: str) -> str:
    return resources.files("smartschool.contexts.curriculum").joinpath("data", name).read_text("utf-8")


def trees() -> Iterator[tuple[str, str, str, list[PointRow]]]:
    """(subject, stage, source, rows) of each tree."""
    yield MATHEMATICS, "junior", TREE_SOURCE, read(_text("junior_math.csv"))
    by_tree: dict[tuple[str, str], list[PointRow]] = {}
    for line, row in enumerate(csv.DictReader(io.StringIO(_text("chapters.csv"))), start=2):
        rows = by_tree.setdefault((row["subject"], row["stage"]), [])
        rows.append(PointRow(line, row["code"], row["parent"], row["name"]))
    for (subject, stage), rows in by_tree.items():
        yield subject, stage, CHAPTER_SOURCE, rows
