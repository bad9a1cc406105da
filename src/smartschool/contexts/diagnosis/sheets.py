"""Paper forms: the 讲评单 of a class without names, and one 错题单 per pupil, all in one file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from edumetrics.results import Estimate
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.class_report import ItemRow
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.kernel.pdf import Bar, Cell, Column, Document

NOTICE = "内部资料，不得张贴或转发"
LINES = {"选择": 1, "多选": 1, "判断": 1, "填空": 1, "解答": 3}
# How many lines an item gets at most, and their distance in mm: the first that leaves the sheet on one page.
ROOMY_TO_TIGHT = ((3, 9.0), (2, 9.0), (2, 8.0), (1, 8.0))
BESIDE = (6.5, 12.0)  # mm of an item whose line stands beside it, where even that is too much


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Items on which one pupil lost marks, in the paper's order, with what was chosen or left blank."""

    number: int
    name: str
    items: tuple[int, ...]
    notes: tuple[str, ...]


def review_sheet(
    title: str,
    paper: PaperSketch,
    figures: GroupFigures,
    rows: Sequence[ItemRow],
    picked: Collection[int],
    lede: str,
    *,
    small: bool,
    made_at: datetime,
) -> bytes:
    """讲评单: which items to go through, what went wrong, room for notes. No name, no count under five."""
    chosen = sorted((row for row in rows if row.index in picked), key=lambda row: row.index)
    document = Document(f"{title}讲评单", made_at=made_at, notice=NOTICE)
    document.page()
    document.title(f"{title} · 讲评单", f"{paper.exam} · 满分 {words.mark(paper.full)} · 讲 {len(chosen)} 题")
    document.lede(lede)
    if chosen:
        columns = [Column("题号", 1), Column("知识点", 3.2)]
        columns += [Column("丢分", 1.2, "R")] if small else [Column("得分率", 2.2)]
        columns.append(Column("典型错误（人数）", 3))
        document.table(columns, [_row(row, figures, small) for row in chosen])
    for row in chosen:
        document.need(34)
        document.heading(f"第 {row.number} 题 · {row.points or row.kind}")
        if row.doubt:
            document.paragraph("标准答案存疑：讲之前先对一遍答案。", bold=True)
        document.paragraph("错在哪一步，正确的第一步是什么：", grey=True, size=9.5)
        document.answer_lines(2)
    if not chosen:
        document.paragraph("没有选题。回到讲评单页勾选要讲的题。")
    return document.data()


def _row(row: ItemRow, figures: GroupFigures, small: bool) -> list[Cell]:
    item = figures.items[row.index]
    common = words.public_error(item)
    if small:
        lost = f"{item.lost} 人" if item.lost >= words.CAST_LEAST else "不到 5 人"
        return [row.number, row.points, lost, common]
    share: Cell = Bar(row.facility.value) if isinstance(row.facility, Estimate) else "证据不足"
    return [row.number, row.points, share, common]


def mistake_sheets(
    title: str, paper: PaperSketch, pupils: Sequence[Mistakes], *, made_at: datetime, watermark: str
) -> bytes:
    """错题单 of the whole class, a page each, by 学号; no marks."""
    document = Document(f"{title}错题单", made_at=made_at, notice="只发给本人", watermark=watermark)
    for pupil in pupils:
        document.page()
        document.title(f"{pupil.number:02d} {pupil.name}", f"{title} · {paper.exam} · 错题单")
        if not pupil.items:
            document.lede("这张卷子没有丢分的题。")
            continue
        points = _points(paper, pupil.items)
        about = f"，涉及{points}" if points else ""
        document.lede(f"有 {len(pupil.items)} 题可以再改一遍{about}。先改会的，再问不会的。")
        _lines_to_write(document, paper, pupil)
    if not pupils:
        document.page()
        document.title(title)
        document.paragraph("班里没有人参加这次考试。")
    return document.data()


def _lines_to_write(document: Document, paper: PaperSketch, pupil: Mistakes) -> None:
    """The pupil's items with lines behind them, on what is left of this page and not beyond: two pupils must
    never stand on the two sides of one sheet.
    """
    heads, shorts, kinds = [], [], []
    for item, note in zip(pupil.items, pupil.notes, strict=True):
        sketch = paper.items[item]
        number = f"第 {sketch.number} 题"
        heads.append(" · ".join(part for part in (number, paper.point_names(sketch), note) if part))
        shorts.append(" · ".join(part for part in (number, note) if part))
        kinds.append(LINES.get(sketch.kind, 2))
    room = document.room()
    for most, gap in ROOMY_TO_TIGHT:
        lines = [min(kind, most) for kind in kinds]
        if sum(document.paragraph_height(head) + 2 for head in heads) + gap * sum(lines) <= room:
            for head, count in zip(heads, lines, strict=True):
                document.paragraph(head, bold=True)
                document.answer_lines(count, gap=gap)
            return
    last = len(heads) if room / len(heads) >= BESIDE[0] else int((room - 2 * BESIDE[1]) / BESIDE[0])
    for head, short in zip(heads[:last], shorts[:last], strict=True):
        document.lined(head, short, min(max(room / len(heads), BESIDE[0]), BESIDE[1]))
    if last < len(heads):
        numbers = "、".join(paper.items[item].number for item in pupil.items[last:])
        document.space(2)
        document.paragraph(f"还有第 {numbers} 题，改在试卷上。", grey=True)


def _points(paper: PaperSketch, items: Sequence[int], most: int = 3) -> str:
    """Names of the points of these items, in the order of teaching."""
    named = sorted({k for j in items for k in paper.items[j].weights})
    names = [f"“{paper.points[k].name}”" for k in named]
    return "、".join(names[:most]) + (f" 等 {len(names)} 个知识点" if len(names) > most else "")
