"""Owns the PDF form: A4 pages with heading, text, tables and answer lines, in Chinese, text extractable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from smartschool.kernel.pdf import font
from smartschool.kernel.pdf.lines import break_lines
from smartschool.kernel.pdf.style import FOOT, GREY, INK, LEADING, MARGIN, PALE


@dataclass(frozen=True)
class Bar:
    """A table cell that draws a share 0…1 with its number: read without colour."""

    share: float


@dataclass(frozen=True)
class Column:
    """A column: `weight` shares the width, `align` is "L", "C" or "R"; `ruled` draws its left edge."""

    title: str
    weight: float = 1.0
    align: str = "L"
    ruled: bool = False


Cell = str | Bar


class Document:
    """A PDF form in the making; `data()` finishes it.

    Parameters
    ----------
    title
        Title in the file's properties.
    notice
        Printed at the foot of each page, e.g. "内部资料，不得张贴或转发".
    watermark
        Name and time of the exporter, printed pale across each page.
    made_at
        Instant written into the file; the same input gives the same bytes.
    """

    def __init__(self, title: str, *, made_at: datetime, notice: str = "", watermark: str = "") -> None:
        from smartschool.kernel.pdf.paper import Paper  # fpdf costs 0.2 s and 12 MB: only who prints pays

        self._paper = Paper(font.printable(notice)[0], watermark)
        self._paper.set_title(title)
        self._paper.set_creator("smartschool")
        self._paper.set_creation_date(made_at)
        self._made_at = made_at

    # --- text ---------------------------------------------------------------------------------

    def page(self) -> None:
        """Begin a new page, e.g. the next pupil's sheet."""
        self._paper.add_page()

    def title(self, text: str, sub: str = "") -> None:
        """The page's title and, under it, school, class, date."""
        self._text(text, size=18, bold=True)
        if sub:
            self._text(sub, size=9.5, grey=True)
        self.space(3)

    def heading(self, text: str) -> None:
        """A section's title; never left alone at the foot of a page."""
        self._need(18)
        self.space(3)
        self._text(text, size=12.5, bold=True)
        self.space(0.8)

    def paragraph(self, text: str, *, bold: bool = False, grey: bool = False, size: float = 10.5) -> None:
        """Running text."""
        self._text(text, size=size, bold=bold, grey=grey)
        self.space(1.2)

    def lede(self, text: str) -> None:
        """The conclusion, in a box with a heavy left edge."""
        paper = self._paper
        height = len(self._lines(text, 11.5, paper.epw - 10, measure=True)) * line_height(11.5) + 5
        self._need(height)
        lines = self._lines(text, 11.5, paper.epw - 10)
        top = paper.get_y()
        paper.set_draw_color(*INK)
        paper.set_line_width(1.2)
        paper.line(MARGIN, top, MARGIN, top + height)
        paper.set_line_width(0.2)
        paper.set_y(top + 2.5)
        for words in lines:
            self._put(words, 11.5, MARGIN + 5, paper.epw - 10)
        paper.set_y(top + height + 2)

    def bullets(self, texts: Sequence[str], *, numbered: bool = False) -> None:
        """A list."""
        for number, text in enumerate(texts, start=1):
            self._need(line_height(10.5) * 2)
            lines = self._lines(text, 10.5, self._paper.epw - 8)
            for place, words in enumerate(lines):
                if place == 0:
                    self._mark(f"{number}." if numbered else "·")
                self._put(words, 10.5, MARGIN + 8, self._paper.epw - 8)
            self.space(0.8)

    def answer_lines(self, count: int, *, gap: float = 9.0) -> None:
        """Ruled lines to write on by hand."""
        paper = self._paper
        for _ in range(count):
            self._need(gap)
            paper.set_y(paper.get_y() + gap)
            paper.set_draw_color(*GREY)
            paper.line(MARGIN, paper.get_y(), paper.w - MARGIN, paper.get_y())
        self.space(2)

    def rule(self) -> None:
        """A thin line across."""
        self.space(1.5)
        self._paper.set_draw_color(*GREY)
        self._paper.line(MARGIN, self._paper.get_y(), self._paper.w - MARGIN, self._paper.get_y())
        self.space(2)

    def space(self, millimetres: float) -> None:
        """Leave room."""
        self._paper.set_y(self._paper.get_y() + millimetres)

    def paragraph_height(self, text: str, size: float = 10.5) -> float:
        """Millimetres that `paragraph` will take."""
        lines = self._lines(text, size, self._paper.epw, measure=True)
        return len(lines) * line_height(size) + 1.2

    def lined(self, text: str, short: str, height: float) -> None:
        """A text and, behind it, a ruled line to write on; `short` stands in where it leaves no room."""
        paper = self._paper
        self._need(height)
        foot = paper.get_y() + height
        words = text if font.width(font.printable(text)[0], 10.5) <= paper.epw * 0.6 else short
        paper.set_y(foot - line_height(10.5))
        for line in self._lines(words, 10.5, paper.epw)[:1]:
            self._put(line, 10.5, MARGIN, paper.epw, bold=True)
            paper.set_draw_color(*GREY)
            start = MARGIN + font.width(line, 10.5) + 3
            paper.line(start, foot - 0.8, paper.w - MARGIN, foot - 0.8)
        paper.set_y(foot)

    def room(self) -> float:
        """Millimetres left on this page."""
        return float(self._paper.h - FOOT - self._paper.get_y())

    def need(self, millimetres: float) -> None:
        """Begin a new page unless so much room is left: keeps a block together."""
        self._need(millimetres)

    # --- tables -------------------------------------------------------------------------------

    def table(
        self,
        columns: Sequence[Column],
        rows: Sequence[Sequence[Cell]],
        *,
        size: float = 9.5,
        pad: float = 1.2,
    ) -> None:
        """A table; the head is repeated on each page, no row is split; `pad` mm stand over and under it."""
        total = sum(column.weight for column in columns)
        widths = [column.weight / total * self._paper.epw for column in columns]
        head = [column.title for column in columns]
        self._row(columns, widths, head, size, pad, head=True)
        for row in rows:
            if len(row) != len(columns):
                raise ValueError("a row needs one cell per column")
            height = self._row_height(widths, row, size, pad)
            if self._paper.get_y() + height > self._paper.h - FOOT:
                self._paper.add_page()
                self._row(columns, widths, head, size, pad, head=True)
            self._row(columns, widths, row, size, pad)
        self.space(2)

    def _row_height(self, widths: Sequence[float], row: Sequence[Cell], size: float, pad: float) -> float:
        counts = [
            1 if isinstance(cell, Bar) else len(self._lines(cell, size, width - 3, measure=True))
            for cell, width in zip(row, widths, strict=True)
        ]
        return max(counts) * line_height(size) + 2 * pad

    def _row(
        self,
        columns: Sequence[Column],
        widths: Sequence[float],
        row: Sequence[Cell],
        size: float,
        pad: float,
        *,
        head: bool = False,
    ) -> None:
        paper = self._paper
        height = self._row_height(widths, row, size, pad)
        if head:
            self._need(height * 2)
        top, x = paper.get_y(), MARGIN
        if head:
            paper.set_fill_color(*PALE)
            paper.rect(MARGIN, top, paper.epw, height, style="F")
        for column, width, cell in zip(columns, widths, row, strict=True):
            if isinstance(cell, Bar):
                self._bar(cell, x + 1.5, top + height / 2, width - 3, size)
            else:
                paper.set_y(top + pad)
                for words in self._lines(cell, size, width - 3):
                    self._put(words, size, x + 1.5, width - 3, bold=head, align=column.align)
            if column.ruled:
                paper.set_draw_color(*GREY)
                paper.line(x, top, x, top + height)
            x += width
        paper.set_draw_color(*GREY)
        paper.line(MARGIN, top + height, paper.w - MARGIN, top + height)
        paper.set_y(top + height)

    def _bar(self, cell: Bar, x: float, middle: float, width: float, size: float) -> None:
        paper = self._paper
        share = min(max(cell.share, 0.0), 1.0)
        paper.set_font(font.FAMILY, size=size)
        words = f"{share * 100:.0f}%"
        paper.set_xy(x, middle - line_height(size) / 2)
        paper.cell(11, line_height(size), words, align="R")
        room = width - 13
        if room > 8:
            paper.set_fill_color(*PALE)
            paper.rect(x + 13, middle - 1.4, room, 2.8, style="F")
            paper.set_fill_color(*INK)
            paper.rect(x + 13, middle - 1.4, room * share, 2.8, style="F")

    # --- inner --------------------------------------------------------------------------------

    def _need(self, height: float) -> None:
        if self._paper.page == 0 or self._paper.get_y() + height > self._paper.h - FOOT:
            self._paper.add_page()

    def _lines(self, text: str, size: float, room: float, *, measure: bool = False) -> list[str]:
        words, missing = font.printable(text)
        if not measure:  # what is only measured may come to stand on the next page
            self._paper.missing += missing
        return break_lines(words, room, lambda piece: font.width(piece, size))

    def _text(self, text: str, *, size: float, bold: bool = False, grey: bool = False) -> None:
        for words in self._lines(text, size, self._paper.epw):
            self._need(line_height(size))
            self._put(words, size, MARGIN, self._paper.epw, bold=bold, grey=grey)

    def _mark(self, mark: str) -> None:
        paper = self._paper
        top = paper.get_y()
        paper.set_xy(MARGIN, top)
        paper.set_font(font.FAMILY, size=10.5)
        paper.cell(6, line_height(10.5), mark, align="R")
        paper.set_y(top)

    def _put(
        self,
        words: str,
        size: float,
        x: float,
        width: float,
        *,
        bold: bool = False,
        grey: bool = False,
        align: str = "L",
    ) -> None:
        """One line at the current height; moves below it."""
        paper = self._paper
        paper.set_font(font.FAMILY, size=size)
        paper.set_text_color(*(GREY if grey else INK))
        top = paper.get_y()
        paper.set_xy(x, top)
        with paper.weight(size, bold=bold):
            paper.cell(width, line_height(size), words, align=align)
        paper.set_text_color(*INK)
        paper.set_y(top + line_height(size))

    def data(self) -> bytes:
        """Finish and return the file."""
        if self._paper.page == 0:
            self._paper.add_page()
        return bytes(self._paper.output())


def line_height(size: float) -> float:
    """Height in mm of a line of a size in points."""
    return size * LEADING * 25.4 / 72
