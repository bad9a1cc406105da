"""The 错题单 on paper: however many items, one page a pupil, each item named and with a line to write on."""

import io
import re
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader

from smartschool.contexts.diagnosis.sheets import Mistakes, mistake_sheets
from smartschool.contexts.diagnosis.tests.paper import paper

DAY = datetime(2026, 11, 26, tzinfo=UTC)
POINTS = ["有理数的混合运算", "由实际问题抽象出一元一次方程", "一元一次方程的应用", "余角和补角"]
WHOLE = paper([{n % 4: 0.5, (n + 1) % 4: 0.5} for n in range(60)], POINTS)


@pytest.mark.parametrize("lost", [1, 9, 12, 17, 26, 40, 60])
def test_one_pupil_is_one_page_and_every_item_is_on_it(lost: int) -> None:
    rows = [
        Mistakes(3, "买买提·阿卜杜热合曼", tuple(range(lost)), ("选 BD",) * lost),
        Mistakes(4, "𠮷田", (0,), ("空白",)),
    ]
    data = mistake_sheets("七（2）班", WHOLE, rows, made_at=DAY, watermark="李岚")
    first, second = (re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(data)).pages)
    numbers = re.findall(r"第([\d、]+)题", first)
    assert [number for found in numbers for number in found.split("、")] == [
        WHOLE.items[n].number for n in range(lost)
    ]
    assert "买买提·阿卜杜热合曼" in first
    assert "𠮷田" in second
    assert "〓" not in first + second
