"""The corpus of bad files: one clear Chinese message each, bounded memory."""

import resource
import struct
import zipfile
from io import BytesIO

import pytest

from smartschool.contexts.exchange.reading.limits import Limits
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.contexts.exchange.tests.test_reading import COLUMNS, HEAD, ROWS
from smartschool.contexts.exchange.tests.workbooks import as_csv, inline, sheet_xml, xls, xlsx
from smartschool.kernel.tabular import FileRefused, check_frame

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refused(content: bytes, limits: Limits | None = None) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        read_table(content, COLUMNS, limits=limits or Limits())
    assert caught.value.message.endswith("。")
    assert "Error" not in caught.value.message
    return caught.value


def faults(content: bytes) -> list[tuple[int, str, str]]:
    checked = check_frame(read_table(content, COLUMNS).frame, COLUMNS)
    return [(fault.row, fault.column, fault.code) for fault in checked.faults]


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
def test_truncated_archive(part: float) -> None:
    whole = xlsx([HEAD, *ROWS * 200])
    assert refused(whole[: int(len(whole) * part)]).code == "damaged_file"


def test_flipped_bytes_inside_the_sheet() -> None:
    whole = bytearray(xlsx([HEAD, *ROWS * 200]))
    middle = whole.find(b"xl/worksheets/sheet1.xml") + 300
    whole[middle : middle + 64] = bytes(byte ^ 0xFF for byte in whole[middle : middle + 64])
    assert refused(bytes(whole)).code == "damaged_file"


def test_zip_bomb_is_refused_by_its_directory() -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(200):
                sheet.write(b"<row>" * (1 << 18))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(target.getvalue()).code == "zip_bomb"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10


def test_archive_whose_directory_lies_about_the_size() -> None:
    whole = bytearray(xlsx([HEAD, *ROWS * 500]))
    at = whole.find(b"PK\x01\x02")
    while at >= 0:
        name = bytes(whole[at + 46 : at + 46 + int.from_bytes(whole[at + 28 : at + 30], "little")])
        if name == b"xl/worksheets/sheet1.xml":
            whole[at + 24 : at + 28] = (1000).to_bytes(4, "little")
        at = whole.find(b"PK\x01\x02", at + 4)
    assert refused(bytes(whole)).code == "damaged_file"


def test_one_stray_cell_does_not_span_the_whole_sheet() -> None:
    body = f'<row r="1">{inline("A1", "姓名")}</row><row r="1048576">{inline("XFD1048576", "x")}</row>'
    assert refused(sheet_xml(body)).code in {"too_many_rows", "too_many_columns"}
    body = f'<row r="1">{inline("A1", "姓名")}</row><row r="99999">{inline("ZZ99999", "x")}</row>'
    assert refused(sheet_xml(body)).code == "too_many_cells"


def test_thousand_columns() -> None:
    wide = [*HEAD, *(f"列{number}" for number in range(1000))]
    assert refused(xlsx([wide, *ROWS])).code == "too_many_columns"
    assert refused(as_csv([wide, *ROWS], "utf-8")).code == "too_many_columns"


def test_two_hundred_thousand_rows_stop_early() -> None:
    line = "1,张三,340402201512160408,20151216,三年级,01\n"
    assert refused((",".join(HEAD) + "\n" + line * 200_000).encode()).code == "too_many_rows"
    body = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 200_001))
    assert refused(sheet_xml(body)).code == "too_many_rows"


def test_error_values_are_not_blanks() -> None:
    row = f'<row r="2">{inline("A2", "张三")}<c r="B2" t="e"><v>#REF!</v></c></row>'
    body = f'<row r="1">{inline("A1", "姓名")}{inline("B1", "年级")}</row>{row}'
    assert faults(sheet_xml(body)) == [(2, "年级", "excel_error")]


def test_formula_injection_text_is_refused_at_the_cell() -> None:
    content = xlsx([HEAD, [1, "=cmd|' /C calc'!A0", "", "", "三年级", "@SUM(1)"]])
    assert faults(content) == [(2, "姓名", "formula"), (2, "班级号", "formula")]


def test_macros() -> None:
    target = BytesIO(xlsx([HEAD, *ROWS]))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert refused(target.getvalue()).code == "macros"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"  \r\n", "empty_file"),
        (b"%PDF-1.7 ....", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n....", "not_a_table"),
        (b"GIF89a....", "not_a_table"),
        (b"{\\rtf1 ...}", "not_a_table"),
        (b"\x1f\x8b\x08....", "not_a_table"),
        ("<html><table><tr><td>姓名</td></tr></table></html>".encode(), "web_page"),
        ("<!-- 导出 --><div><table><tr><td>姓名</td></tr></table></div>".encode(), "web_page"),
        ("<html><table><tr><td>姓名</td></tr></table></html>".encode("utf-16"), "web_page"),
        ("MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html>姓名</html>".encode(), "web_page"),
        (OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (OLE + b"\x00" * 600, "damaged_file"),
        (b"\xff\xfe\x00\xd8\x00\xd8", "unknown_encoding"),
        ("姓名,年级\n".encode() + b"\xff\xff\xff", "unknown_encoding"),
        ("姓名,年级\n".encode(), "no_rows"),
        ("工号,岗位\nT1,校长\n".encode(), "no_header"),
        ("姓名,学号\n张三,1\n".encode(), "no_header"),
        ("姓名,身份证号,班别\n张三,,1\n".encode(), "missing_column"),
        ("姓名,姓名,年级\n张三,李四,三年级\n".encode(), "duplicate_header"),
        ('姓名,年级\n"张三,三年级\n'.encode() + b"x" * 30_000, "broken_csv"),
    ],
)
def test_bad_files_get_one_clear_message(content: bytes, code: str) -> None:
    assert refused(content).code == code


@pytest.mark.parametrize(
    ("members", "word"),
    [
        (["名单.txt"], "压缩包"),
        (["mimetype", "content.xml"], "ODS"),
        (["[Content_Types].xml", "word/document.xml"], "Word"),
        (["[Content_Types].xml", "xl/workbook.bin"], "xlsb"),
    ],
)
def test_archive_that_is_no_workbook(members: list[str], word: str) -> None:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in members:
            archive.writestr(name, "x")
    problem = refused(target.getvalue())
    assert problem.code == "not_a_workbook"
    assert word in problem.message


FAR = [
    f'<row r="1">{inline("A1", "姓名")}</row><row>{inline("ZZ1048576", "x")}</row>',
    f'<row r="1">{inline("A1", "姓名")}</row><row r="2">{inline("ZZ99999", "x")}</row>',
    '<row r = "1048576"><c r = "XFD1048576"><v>1</v></c></row>',
    "<row/>" * 100_900 + f"<row>{'<c/>' * 399}<c><v>1</v></c></row>",
]


@pytest.mark.parametrize("body", FAR)
def test_a_cell_whose_place_is_not_told_beforehand_ends_no_process(body: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(sheet_xml(body)).code in {"too_many_rows", "too_many_columns", "too_many_cells"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10


@pytest.mark.parametrize(
    "name", ["xl/data/one.xml", "xl/Worksheets/Sheet1.XML", "xl\\worksheets\\sheet1.xml"]
)
def test_a_sheet_is_looked_at_whatever_its_part_is_called(name: str) -> None:
    body = f'<row r="1">{inline("A1", "姓名")}</row><row r="99999">{inline("ZZ99999", "x")}</row>'
    plain = zipfile.ZipFile(BytesIO(sheet_xml(body)))
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in plain.namelist():
            moved = name if part == "xl/worksheets/sheet1.xml" else part
            told = plain.read(part).replace(b"worksheets/sheet1.xml", name[3:].replace("\\", "/").encode())
            archive.writestr(moved, told)
    assert refused(target.getvalue()).code == "too_many_cells"


def test_a_sheet_that_begins_at_the_border_of_two_pieces_is_seen() -> None:
    body = f'<row r="1">{inline("A1", "姓名")}</row><row r="99999">{inline("ZZ99999", "x")}</row>'
    plain = zipfile.ZipFile(BytesIO(sheet_xml(body)))
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for part in plain.namelist():
            told = plain.read(part)
            begin = told.find(b"<sheetData")
            padding = b"<!--" + b"x" * ((4 << 20) - begin - 12) + b"-->"
            archive.writestr(part, told[:begin] + padding + told[begin:] if begin > 0 else told)
    assert refused(target.getvalue()).code == "too_many_cells"


def test_two_members_of_one_name() -> None:
    target = BytesIO(xlsx([HEAD, *ROWS]))
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    assert refused(target.getvalue()).code == "damaged_file"


def test_old_xls_that_claims_too_much_or_is_cut_ends_no_process() -> None:
    whole = xls([HEAD, ["姓", "x"]])
    stray = whole.replace(struct.pack("<HHH", 1, 1, 0), struct.pack("<HHH", 65_535, 255, 0))
    assert stray != whole
    assert refused(stray).code == "too_many_cells"
    bound = whole.find(struct.pack("<HH", 0x0085, 12)) + 4
    assert bound > 4
    lost = (
        whole[:bound] + struct.pack("<I", 0x7FFFFF00) + whole[bound + 4 :]
    )  # the sheet's place in the stream
    assert refused(lost).code == "damaged_file"


def test_a_merge_below_the_last_row_is_no_data() -> None:
    seal = [(5, 0, 9, 3, ""), (1_000_000, 0, 1_000_003, 0, "")]
    table = read_table(xlsx([HEAD, *ROWS], merged=seal), COLUMNS)
    assert len(table.frame) == len(ROWS)


def test_a_line_longer_than_any_table_is_not_split() -> None:
    head = ",".join(HEAD) + "\n"
    assert refused((head + "," * 5_000_000).encode()).code == "too_many_columns"
    assert refused((head + "张" * 500_000).encode()).code == "broken_csv"


def test_file_too_large() -> None:
    assert refused(b"a" * 2000, Limits(file_bytes=1000)).code == "file_too_large"


def test_missing_column_is_named_with_its_place() -> None:
    problem = refused(xlsx([["名单"], ["姓名", "身份证号", "班别"], ["张三", "", "1"]], sheet="一班"))
    assert (problem.sheet, problem.row, problem.column) == ("一班", 2, "年级")
