"""讲评单, 错题单 and the workbook: right figures, no marks, no name where none may be, a trace."""

import io
import re
from collections.abc import Callable

import numpy as np
import python_calamine
from django.test import Client
from pypdf import PdfReader

from smartschool.contexts.diagnosis.tests.school import FULL, District
from smartschool.kernel.models import AuditRecord

SignIn = Callable[[str], Client]


def pages(data: bytes) -> list[str]:
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(data)).pages]


def test_review_sheet_has_the_picked_items_and_no_name(district: District, sign_in: SignIn) -> None:
    answer = sign_in("t-maths").get(district.url("final", 0, "sheet.pdf?pick=2,17"))
    assert answer.headers["Content-Type"] == "application/pdf"
    text = "".join(pages(answer.content))
    assert "第2题·" in text
    assert "第17题·" in text
    assert "第5题·" not in text
    assert not any(seat.enrolment.name in text for seat in district.seats[0])


def test_review_sheet_of_a_village_class_has_no_count_under_five(district: District, sign_in: SignIn) -> None:
    picks = ",".join(str(n) for n in range(1, 19))
    answer = sign_in("v-maths").get(district.url("village", 2, f"sheet.pdf?pick={picks}"))
    text = "".join(pages(answer.content)).replace("不到5人", "")
    assert not re.search(r"(?<![\d.])[1-4]人", text)


def test_mistake_sheets_one_page_a_pupil_by_class_number(district: District, sign_in: SignIn) -> None:
    answer = sign_in("t-maths").get(district.url("final", 0, "mistakes.pdf"))
    found = pages(answer.content)
    present = [row for row in range(32) if row != 30]
    assert len(found) == len(present)  # two pupils must never share the two sides of a sheet
    marks = district.marks["final"]
    for text, row in zip(found, present, strict=True):
        assert district.seats[0][row].enrolment.name in text
        lost = int((np.isnan(marks[row]) | (marks[row] < np.array(FULL))).sum())
        assert f"有{lost}题可以再改一遍" in text or lost == 0
        others = [s.enrolment.name for s in district.seats[0] if s is not district.seats[0][row]]
        assert not any(name in text for name in others)
    record = AuditRecord.objects.filter(verb="diagnosis.record_export").order_by("-pk").first()
    assert record is not None
    assert record.data["kind"] == "mistakes"


def test_workbook_equals_the_screen_and_holds_no_marks(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-maths")
    answer = client.get(district.url("final", 0, "report.xlsx"))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("学生").to_python()
    assert "导出人 许老师" in rows[1][0]
    people = rows[4:]
    assert [row[0] for row in people] == list(range(1, 33))
    levels = {"优秀", "良好", "合格", "待合格", "缺考"}
    assert {row[2] for row in people} <= levels
    screen = client.get(district.url("final", 0, "?tab=items")).content.decode()
    items = book.get_sheet_by_name("试题").to_python()[4:]
    shown = re.findall(r'题</span></a></th>|<b(?: class="c-bad")?>(\d+%)</b>', screen)
    assert [row[4] for row in items] == [rate for rate in shown if rate]
    assert not any(isinstance(cell, float) and cell % 1 > 0 for row in people for cell in row)


def test_files_are_for_the_own_teacher_only(district: District, sign_in: SignIn) -> None:
    for login in ("t-office", "t-form", "v-maths", "g-first"):
        client = sign_in(login)
        for tail in ("sheet.pdf", "mistakes.pdf", "report.xlsx"):
            assert client.get(district.url("final", 0, tail)).status_code in (403, 404), (login, tail)
