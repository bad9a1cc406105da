"""Where these tests take real answers from."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

FIXTURES = Path(__file__).resolve().parents[4] / "tests" / "fixtures" / "exams"


def exam_folder(name: str) -> Path:
    """Folder of an exam: the shipped fixture, else below SMARTSCHOOL_DATA, else skip."""
    places = [FIXTURES / name]
    if "SMARTSCHOOL_DATA" in os.environ:
        data = Path(os.environ["SMARTSCHOOL_DATA"])
        places += [data / name, data / "exams" / name]
    for place in places:
        if (place / "responses.csv").exists():
            return place
    pytest.skip(f"{name} is not shipped; set SMARTSCHOOL_DATA to the folder of exams")


def exam_marks(name: str) -> np.ndarray:
    """Marks (N, J), NaN where blank."""
    return _table(exam_folder(name) / "responses.csv")


def exam_categories(name: str) -> np.ndarray:
    """Whole marks as categories, −1 where blank."""
    marks = exam_marks(name)
    return np.where(np.isnan(marks), -1, marks).astype(int)


def exam_q(name: str) -> np.ndarray:
    """Q-matrix (J, K)."""
    return _table(exam_folder(name) / "q.csv").astype(int)


def exam_full(name: str) -> np.ndarray:
    """Full marks (J,)."""
    with (exam_folder(name) / "items.csv").open(encoding="utf-8-sig") as lines:
        return np.array([float(row["full_score"]) for row in csv.DictReader(lines)])


def lsat6() -> np.ndarray:
    """Bock & Lieberman (1970), section 6."""
    return exam_categories("lsat6")


def lsat7() -> np.ndarray:
    """Bock & Lieberman (1970), section 7."""
    return exam_categories("lsat7")


def _table(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines))[1:]
    return np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
