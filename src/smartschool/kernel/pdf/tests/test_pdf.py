"""PDF forms: every name prints or says it could not, lines break as Chinese wants, text is readable."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from smartschool.kernel.pdf import Bar, Column, Document, font
from smartschool.kernel.pdf.lines import NOT_AT_END, NOT_AT_HEAD, break_lines

DAY = datetime(2020, 11, 12, tzinfo=UTC)


def read_back(document: Document) -> list[str]:
    """Text of each page without spaces: readers guess spaces from gaps."""
    pages = PdfReader(BytesIO(document.data())).pages
    return [re.sub(r"\s", "", page.extract_text()) for page in pages]


def test_the_font_has_what_names_need() -> None:
    for name in (
        "欧阳娜娜",
        "阿依古丽·买买提",
        "𠮷田",
        "㐂",
        "龘",
        "𫖮",
        "喆",
        "〇",
        "Müller",
        "ā",
        "①②",
        "−≤√×÷",
        "“”《》",
    ):
        _, missing = font.printable(name)
        assert not missing, name
    assert all(chr(code) in font.advances() for code in range(0x4E00, 0x9FA6))
    assert sum(chr(code) in font.advances() for code in range(0x3400, 0x4DB6)) == 0x4DB6 - 0x3400


def test_a_character_without_type_is_shown_and_named_on_its_page() -> None:
    document = Document("错题单", made_at=DAY, notice="内部资料")
    document.page()
    document.paragraph("王\U00031350的错题单")
    document.page()
    document.paragraph("李岚的错题单")
    first, second = read_back(document)
    assert "王〓的错题单" in first
    assert "U+31350" in first
    assert "U+" not in second
    assert "内部资料" in second


def test_text_comes_back_as_it_was_written() -> None:
    document = Document("讲评单", made_at=DAY, notice="不得张贴", watermark="周明 2020-11-12 导出")
    document.page()
    document.title("七（2）班 · 数学讲评单", "2020 年 11 月 12 日")
    document.lede("本班平均分 76.4，失分集中在“一元一次方程应用”。")
    document.heading("先讲这些题")
    document.table(
        [Column("题号", 1), Column("得分率", 2), Column("典型错误", 3)], [["19", Bar(0.36), "空白 19"]]
    )
    document.bullets(["先请同学说说他怎么想。"], numbered=True)
    document.answer_lines(3)
    (text,) = read_back(document)
    for words in (
        "七（2）班·数学讲评单",
        "平均分76.4",
        "“一元一次方程应用”",
        "36%",
        "空白19",
        "1.",
        "不得张贴",
        "1/1",
        "周明",
    ):
        assert words in text, words


def test_a_long_table_repeats_its_head_and_loses_no_row() -> None:
    document = Document("表", made_at=DAY)
    document.page()
    rows = [[f"第{number}行", "很长的说明" * (number % 9)] for number in range(1, 121)]
    document.table([Column("行"), Column("说明", 3)], rows)
    pages = read_back(document)
    assert len(pages) > 2
    assert all("说明" in page for page in pages)
    found = [int(number) for page in pages for number in re.findall(r"第(\d+)行", page)]
    assert found == list(range(1, 121))


def test_a_row_of_another_length_is_refused() -> None:
    document = Document("表", made_at=DAY)
    with pytest.raises(ValueError, match="one cell per column"):
        document.table([Column("一"), Column("二")], [["一"]])


def test_the_same_sheet_gives_the_same_bytes() -> None:
    def make() -> bytes:
        document = Document("讲评单", made_at=DAY)
        document.page()
        document.paragraph("同样的内容")
        return document.data()

    assert make() == make()


def test_the_font_is_cut_to_what_is_used() -> None:
    document = Document("小", made_at=DAY)
    document.page()
    document.paragraph("几个字")
    assert len(document.data()) < 60_000


def test_widths_are_those_that_the_file_is_drawn_with() -> None:
    document = Document("宽", made_at=DAY)
    document.page()
    document.paragraph("先")
    document._paper.set_font(font.FAMILY, size=10.5)
    for words in ("七（2）班 · 数学讲评单", "Mbit/s 6.2", "𠮷田", "①②③"):
        assert font.width(words, 10.5) == pytest.approx(document._paper.get_string_width(words), rel=1e-6)


def even(text: str) -> float:
    return sum(2.0 if ord(c) > 0x2E7F else 1.0 for c in text)


def test_no_comma_begins_a_line_and_no_bracket_ends_one() -> None:
    assert break_lines("一二三四五，六七", 10, even) == ["一二三四", "五，六七"]
    assert break_lines("一二三四（五六）", 10, even) == ["一二三四", "（五六）"]
    assert break_lines("一二三四 36 千米", 12, even) == ["一二三四 36", "千米"]
    assert break_lines("甲\n\n乙", 10, even) == ["甲", "", "乙"]


@given(
    st.text(alphabet="一二三四，。、：（）“”《》 abc012.\n", max_size=80),
    st.integers(min_value=6, max_value=40),
)
def test_lines_fit_and_keep_every_character(text: str, room: int) -> None:
    lines = break_lines(text, room, even)
    assert all(even(line) <= room for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)


@given(st.lists(st.sampled_from("一二三四五六七八九十"), min_size=1, max_size=60), st.data())
def test_punctuation_stays_with_its_word(characters: list[str], data: st.DataObject) -> None:
    text = ""
    for character in characters:
        text += (
            data.draw(st.sampled_from(["", "", "（", "“"]))
            + character
            + data.draw(st.sampled_from(["", "", "，", "。", "）"]))
        )
    for line in break_lines(text, 16, even):
        assert line[0] not in NOT_AT_HEAD
        assert line[-1] not in NOT_AT_END


@given(st.text(max_size=40))
def test_any_text_prints(text: str) -> None:
    words, missing = font.printable(text)
    assert words.count(font.GETA) == text.count(font.GETA) + len(missing)
    assert all(c in font.advances() or c == "\n" for c in words)
