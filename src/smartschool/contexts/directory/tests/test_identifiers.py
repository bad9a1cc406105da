"""National identifiers: worked examples of the standards, every single-digit slip, odd but legal numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.identifiers import (
    EnrolmentNumber,
    IdNumber,
    id_check_character,
    id_number_cell,
    parse_credit_code,
    parse_enrolment_number,
    parse_id_number,
    parse_phone,
    parse_school_code,
    phone_cell,
)
from smartschool.kernel.tabular import Bad


@pytest.mark.parametrize(
    ("number", "born_on", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), "2"),  # the example of GB 11643-1999
        ("340402201203010019", date(2012, 3, 1), "1"),
        ("340402201203010027", date(2012, 3, 1), "2"),
        ("342422201811222987", date(2018, 11, 22), "2"),  # 寿县 under its code before 2015
    ],
)
def test_id_number_says_birth_and_sex(number: str, born_on: date, sex: str) -> None:
    found = parse_id_number(number)
    assert isinstance(found, IdNumber)
    assert (found.born_on, found.sex, found.known_province) == (born_on, sex, True)


def test_unknown_province_is_only_marked() -> None:
    found = parse_id_number("99040220120301001" + id_check_character("99040220120301001"))
    assert isinstance(found, IdNumber)
    assert not found.known_province


@given(place=st.integers(0, 16), slip=st.integers(1, 9))
def test_every_single_digit_slip_is_caught(place: int, slip: int) -> None:
    number = "340402201203010019"
    digit = str((int(number[place]) + slip) % 10)
    assert isinstance(parse_id_number(number[:place] + digit + number[place + 1 :]), Bad)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (3.424222017031431e17, "number_ruined"),
        ("3.42422E+17", "number_ruined"),
        ("340402201406306560", "check_digit"),
        ("34040220130909351", "id_shape"),
        (340402900101123.0, "id_shape"),
        ("340402201302300012", "check_digit"),
        ("340402201302300011", "no_such_date"),
        ("=A1", "formula"),
    ],
)
def test_id_number_cell_refuses(cell: object, code: str) -> None:
    found = id_number_cell(cell)
    assert isinstance(found, Bad)
    assert found.code == code


@pytest.mark.parametrize(
    "cell",
    [
        "'340402201704154491",
        "３４０４０２２０１７０４１５４４９１",
        ' ="340402201704154491" ',
        "3404022017 04154491",
    ],
)
def test_id_number_cell_reads_what_people_write(cell: str) -> None:
    found = id_number_cell(cell)
    assert isinstance(found, IdNumber)
    assert found.number == "340402201704154491"


def test_small_x_is_a_check_digit() -> None:
    found = id_number_cell("34040220180425588x")
    assert isinstance(found, IdNumber)
    assert found.number.endswith("X")


def test_enrolment_numbers() -> None:
    assert parse_enrolment_number("G34040220150517019X") == EnrolmentNumber(
        "G34040220150517019X", "G", "34040220150517019X"
    )
    provisional = parse_enrolment_number("L340402201505170000")
    assert isinstance(provisional, EnrolmentNumber)
    assert provisional.id_number is None
    without_id = parse_enrolment_number("J34040220150517019X")
    assert isinstance(without_id, EnrolmentNumber)
    assert without_id.id_number is None
    for wrong, code in [
        ("G340402201505170190", "check_digit"),
        ("G3404022015051701", "enrolment_number_shape"),
        ("A34040220150517019X", "enrolment_number_shape"),
        ("L34040220150517000X", "enrolment_number_shape"),
    ]:
        found = parse_enrolment_number(wrong)
        assert isinstance(found, Bad)
        assert found.code == code


def test_school_code() -> None:
    assert parse_school_code("2134040201") == "2134040201"
    for wrong in ("213404020", "9934040201", "2199040201", "21340402O1"):
        assert isinstance(parse_school_code(wrong), Bad)


def test_credit_code_by_a_published_example() -> None:
    assert parse_credit_code("91350100M000100Y43") == "91350100M000100Y43"  # GB 32100-2015, appendix
    found = parse_credit_code("91350100M000100Y44")
    assert isinstance(found, Bad)
    assert found.code == "check_digit"
    assert isinstance(parse_credit_code("91350100M00O100Y43"), Bad)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("13981528947", "13981528947"),
        (13981528947.0, "13981528947"),
        ("+86 139-8152-8947", "13981528947"),
        ("0554-5166123", "05545166123"),
        ("（0554）5166123", "05545166123"),
        ("１３９８１５２８９４７", "13981528947"),
    ],
)
def test_phone_reads(cell: object, number: str) -> None:
    assert phone_cell(cell) == number


@pytest.mark.parametrize(
    "text", ["12345", "1398152894", "139815289471", "23981528947", "无", "13981528947/13981528948"]
)
def test_phone_refuses(text: str) -> None:
    found = parse_phone(text)
    assert isinstance(found, Bad)
    assert found.code == "phone"


def test_code_tables_answer_names_synonyms_and_codes() -> None:
    assert len(codes.table("ethnicity").names) == 58
    assert codes.table("ethnicity").find("汉") == "01"
    assert codes.table("ethnicity").find("维吾尔族") == "05"
    assert codes.table("ethnicity").find("汉汉族") is None
    assert codes.table("sex").find(" 男 ") == "1"
    assert codes.table("school_type").find("小学教学点") == "218"
    assert codes.table("pupil_status").find("转学(转出)") == "10"
    assert codes.table("subject").find("道德与法治") == "12"
    assert codes.coded("disability")("听力残疾残").code == "unknown_code"  # type: ignore[union-attr]


@pytest.mark.parametrize("key", codes.all_tables())
def test_every_table_is_whole(key: str) -> None:
    table = codes.table(key)
    assert table.title
    assert table.source
    assert len(set(table.names.values())) == len(table.names)
    for code, name in table.names.items():
        assert table.find(name) == code
    assert set(table.words.values()) <= set(table.names)
