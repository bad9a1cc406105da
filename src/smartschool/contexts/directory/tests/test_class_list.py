"""The list of a class on paper: a full class of 45 with long names stands on one sheet."""

import io
import re

import pytest
from pypdf import PdfReader

from smartschool.contexts.directory.class_list import class_list
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.queries import ClassPage, Seat

ONE = ClassInfo(1, "A", 1, "21", 2026, 2, "11", (7,), "七（2）班")
NAMES = ("欧阳娜娜", "𠮷田", "买买提·阿卜杜热合曼")


@pytest.mark.parametrize("pupils", [1, 8, 45])
def test_a_class_stands_on_one_sheet(pupils: int) -> None:
    seats = [Seat(str(n), NAMES[n % 3], n + 1, "女") for n in range(pupils)]
    data = class_list(ONE, ClassPage(seats, [], ("李岚", 1)), "大通区洛水学校", "李岚")
    (page,) = PdfReader(io.BytesIO(data)).pages
    words = re.sub(r"\s", "", page.extract_text())
    assert all(f"{seat.class_number}{seat.name}" in words for seat in seats)
    assert "〓" not in words
