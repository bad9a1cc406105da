"""Owns the sheets that a form is drawn on: fpdf with our foot, watermark and font."""

from contextlib import AbstractContextManager
from typing import Any

from fpdf import FPDF
from fpdf.enums import TextMode

from smartschool.kernel.pdf import font
from smartschool.kernel.pdf.style import FOOT, GREY, INK, MARGIN, PALE


class Paper(FPDF):
    """FPDF with our foot: notice, watermark, page number, and the note on missing characters."""

    def __init__(self, notice: str, watermark: str) -> None:
        super().__init__(unit="mm", format="A4")
        self.notice, self.watermark = notice, watermark
        self.missing: list[str] = []
        self.add_font(font.FAMILY, "", str(font.PATH))
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(auto=True, margin=FOOT)
        self.set_lang("zh-CN")
        self.alias_nb_pages("{nb}")

    def header(self) -> None:
        if not self.watermark:
            return
        self.set_font(font.FAMILY, size=16)
        self.set_text_color(*PALE)
        words, _ = font.printable(self.watermark)
        for row in range(4):
            with self.rotation(30, 40, 80 + row * 65):
                self.text(40, 80 + row * 65, words)
        self.set_text_color(*INK)

    def footer(self) -> None:
        self.set_y(-FOOT + 3)
        self.set_font(font.FAMILY, size=8)
        self.set_text_color(*GREY)
        left = self.notice
        if self.missing:
            codes = "、".join(f"U+{ord(character):04X}" for character in dict.fromkeys(self.missing))
            left = f"{font.GETA} 是字库没有的字：{codes}。{left}"
        self.missing = []
        self.cell(150, 5, left)
        self.cell(0, 5, f"{self.page_no()}/{{nb}}", align="R")
        self.set_text_color(*INK)

    def weight(self, size: float, *, bold: bool) -> AbstractContextManager[Any]:
        """Bold is a fine stroke: one font is enough."""
        state: dict[str, Any] = {"text_mode": TextMode.FILL}
        if bold:
            state = {"text_mode": TextMode.FILL_STROKE, "line_width": size * 0.012, "draw_color": INK}
        return self.local_context(**state)
