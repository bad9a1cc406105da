"""The list of a class on paper: 学号, name, sex and empty columns to write in."""

from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.queries import ClassPage
from smartschool.kernel import clock
from smartschool.kernel.pdf import Column, Document, line_height

EMPTY = 6
SIZE = 9.5  # points: 45 names and the head stand on one sheet
PAD = (0.1, 1.2)  # mm over and under a row: few pupils get roomy rows to write in


def class_list(one: ClassInfo, page: ClassPage, school: str, who: str) -> bytes:
    """A4, the head on each page; who printed it stands across it."""
    now = clock.now()
    local = now.astimezone(clock.DISTRICT_ZONE)
    paper = Document(
        f"{one.name}名单",
        made_at=now,
        notice="内部资料，不得张贴或转发",
        watermark=f"{who} {local:%Y-%m-%d} 打印",
    )
    paper.page()
    head = f"班主任 {page.head[0]}" if page.head else "班主任还没有定"
    paper.title(f"{one.name}名单", f"{school} · {head} · {len(page.seats)} 人 · {local:%Y 年 %-m 月 %-d 日}")
    columns = [Column("学号", 0.8, "R"), Column("姓名", 3.2), Column("性别", 0.8, "C")]
    blanks = [""] * EMPTY
    share = (paper.room() - 1) / (len(page.seats) + 1)
    paper.table(
        [*columns, *(Column("", ruled=True) for _ in blanks)],
        [[str(seat.class_number), seat.name, seat.sex, *blanks] for seat in page.seats],
        size=SIZE,
        pad=min(max((share - line_height(SIZE)) / 2, PAD[0]), PAD[1]),
    )
    return paper.data()
