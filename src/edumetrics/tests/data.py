"""Exams for tests: those that ship, and those of the folder named in SMARTSCHOOL_DATA."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.options import option_responses, score_options

SHIPPED = Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "exams"


@dataclass
class Exam:
    matrix: ResponseMatrix
    q: np.ndarray | None
    points: list[str]


def exam_folder(name: str) -> Path:
    if (SHIPPED / name).is_dir():
        return SHIPPED / name
    root = os.environ.get("SMARTSCHOOL_DATA")
    if not root:
        pytest.skip("SMARTSCHOOL_DATA does not name a folder of exams")
    exams = Path(root) / "exams"  # beside the sample workbooks
    return (exams if exams.is_dir() else Path(root)) / name


def load(name: str) -> Exam:
    folder = exam_folder(name)
    rows = _rows(folder / "responses.csv")
    items = _rows(folder / "items.csv")
    key_column = items[0].index("key") if "key" in items[0] else None
    full = np.array([float(row[2]) for row in items[1:]])
    options = None
    if key_column is not None:
        options = option_responses(
            list(zip(*[r[1:] for r in rows[1:]], strict=True)), [r[key_column] for r in items[1:]]
        )
        marks = score_options(options, full)
    else:
        marks = np.array([[float(x) if x else np.nan for x in row[1:]] for row in rows[1:]])
    q, points = None, []
    if (folder / "q.csv").exists():
        table = _rows(folder / "q.csv")
        q, points = np.array([[float(x) for x in row[1:]] for row in table[1:]]), table[0][1:]
    matrix = response_matrix(marks, full, pupils=[r[0] for r in rows[1:]], items=rows[0][1:], options=options)
    return Exam(matrix, q, points)


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))
