"""Formulas: a result that the file keeps is a value, and what was never worked out is refused at the cell."""

from io import BytesIO

import pytest
import xlsxwriter

from smartschool.contexts.exchange.reading import archive
from smartschool.contexts.exchange.reading.limits import DEFAULT
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.contexts.exchange.tests.test_reading import COLUMNS
from smartschool.contexts.exchange.tests.workbooks import inline, sheet_xml
from smartschool.kernel.tabular import check_frame

RECALCULATE = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'


def grades(cell: str, *, workbook_extra: str = "") -> tuple[list[object], list[tuple[int, str, str]]]:
    """Values of 年级 and faults of a sheet whose B2 has the given XML."""
    head = f'<row r="1">{inline("A1", "姓名")}{inline("B1", "年级")}</row>'
    content = sheet_xml(f'{head}<row r="2">{inline("A2", "张三")}{cell}</row>', workbook_extra=workbook_extra)
    checked = check_frame(read_table(content, COLUMNS).frame, COLUMNS)
    return checked.column("grade"), [(one.row, one.column, one.code) for one in checked.faults]


@pytest.mark.parametrize("extra", ["", RECALCULATE])
@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2" t="str"><f>"三"&amp;"年级"</f><v>三年级</v></c>',
        '<c r="B2" t="str"><f t="shared" si="0"/><v>三年级</v></c>',
        '<c s="1" r="B2" t="str"><f t="array" ref="B2:B2">A1</f>\n<v xml:space="preserve">三年级</v></c>',
    ],
)
def test_a_kept_result_is_a_value(cell: str, extra: str) -> None:
    assert grades(cell, workbook_extra=extra) == (["三年级"], [])


@pytest.mark.parametrize("extra", ["", RECALCULATE])
@pytest.mark.parametrize(
    "cell", ['<c r="B2"><f>A1</f><v></v></c>', '<c r="B2"><f>A1</f><v/></c>', '<c r="B2"><f>A1</f></c>']
)
def test_a_formula_without_a_result_is_refused(cell: str, extra: str) -> None:
    assert grades(cell, workbook_extra=extra) == ([None], [(2, "年级", "formula")])


def test_zero_is_a_result_unless_the_file_asks_to_be_calculated() -> None:
    zero = '<c r="B2"><f>1-1</f><v>0</v></c>'
    assert grades(zero) == (["0"], [])
    assert grades(zero, workbook_extra=RECALCULATE)[1] == [(2, "年级", "formula")]


def test_an_empty_text_is_a_result_unless_the_file_asks_to_be_calculated() -> None:
    empty = '<c r="B2" t="str"><f>IF(1,"","x")</f><v></v></c>'
    assert grades(empty) == ([None], [])
    assert grades(empty, workbook_extra=RECALCULATE)[1] == [(2, "年级", "formula")]


def test_what_a_program_writes_without_calculating_is_named_by_its_cell() -> None:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, ["姓名", "年级", "班级"])
    page.write_row(1, 0, ["张三", "三年级"])
    page.write_formula(1, 2, "=B2&1", value="02")
    page.write_row(2, 0, ["李四", "三年级"])
    page.write_formula(2, 2, "=B3&1")
    book.close()
    checked = check_frame(read_table(target.getvalue(), COLUMNS).frame, COLUMNS)
    assert checked.column("class")[0] == "02"
    assert [(one.row, one.column, one.code) for one in checked.faults] == [(3, "班级号", "formula")]
    assert checked.faults[0].message.startswith("C3 是公式")


def test_a_cell_on_the_border_of_two_pieces_is_judged_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_CHUNK", 5000)
    rows = "".join(f'<row r="{n}"><c r="A{n}"><f>ROW()*1</f><v>{n}</v></c></row>' for n in range(1, 2000))
    facts = archive.inspect(sheet_xml(rows), DEFAULT)
    assert [len(one.formulas) for one in facts.sheets.values()] == [1999]
    assert all(not facts.unknown(name) for name in facts.sheets)
