"""A drawn class of twelve whose sheet tests spoil: its table, as text or a workbook, and what comes of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

FULL = [3, 3, 5, 10, 10]
HEAD = ["学号", "姓名", "班级", "1", "2", "3", "4", "5", "总分"]
MARKS = np.random.default_rng(7).binomial(FULL, 0.55, (12, 5))
ITEMS = "题号,题型,满分\n" + "".join(f"{j + 1},解答题,{full}\n" for j, full in enumerate(FULL))


def rows() -> list[list[object]]:
    return [
        [f"2024{i:03d}", f"生{'甲乙丙丁戊己庚辛壬癸子丑'[i]}", ["一班", "二班"][i % 2], *own, sum(own)]
        for i, own in enumerate(MARKS.tolist())
    ]


def csv(table: list[list[object]]) -> str:
    return "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in table) + "\n"


def book(place: Path, sheets: dict[str, list[list[object]]]) -> Path:
    import xlsxwriter

    (place / "responses.csv").unlink(missing_ok=True)
    with xlsxwriter.Workbook(str(place / "成绩.xlsx")) as workbook:
        day = workbook.add_format({"num_format": 'm"月"d"日"'})
        for name, table in sheets.items():
            sheet = workbook.add_worksheet(name)
            for r, row in enumerate(table):
                for c, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        sheet.write_datetime(r, c, cell, day)
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return place


def right(result) -> dict[str, str]:
    """Notes of a report in which every pupil has the marks that were drawn."""
    assert result.code == 0, result.err
    assert [pupil["id"] for pupil in result.report["pupils"]] == [str(row[0]) for row in rows()]
    assert [pupil["total"] for pupil in result.report["pupils"]] == MARKS.sum(axis=1).tolist()
    return {note["code"]: note["text"] for note in result.report["notes"]}


def refused(result, *parts: str) -> None:
    assert result.code == 1
    assert not result.folder.exists()
    for part in parts:
        assert part in result.err


def changed(change) -> list[list[object]]:
    table = [list(HEAD), *rows()]
    change(table)
    return table
