"""From the files of an exam to what can be analysed: which files, which columns, which pupils."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edumetrics.arrays import ResponseMatrix
from edumetrics.results import FloatArray
from smartschool.analyze.absence import with_absences
from smartschool.analyze.answers import Note, build_matrix, some
from smartschool.analyze.columns import (
    is_companion,
    item_code,
    names_a_part,
    orders_pupils,
    title_and_full,
)
from smartschool.analyze.extra_rows import Columns, compare_totals, with_full_marks, without_extra_rows
from smartschool.analyze.faults import Fault, Refused, refuse
from smartschool.analyze.figure_options import same_names
from smartschool.analyze.homes import kind_of, read_homes
from smartschool.analyze.papers import Item, Point, read_items, read_points, read_q
from smartschool.analyze.pupils import read_covariates, read_pupils, student_column
from smartschool.analyze.sheets import look_at_other_sheets
from smartschool.analyze.subtotal_columns import explained, tell_of_described, told_of, without_subtotals
from smartschool.analyze.tables import SUFFIXES, Table, read_table
from smartschool.analyze.words import close_up, the_items
from smartschool.kernel.row_kinds import is_summary_word

# Names of the files of an exam folder, small letters; Chinese ones are what schools call them.
FILE_NAMES = {
    "responses": ("responses", "答题", "答题表", "成绩", "小题分"),
    "items": ("items", "题目", "试题", "题目表"),
    "q": ("q", "双向细目表", "知识点对照"),
    "knowledge": ("knowledge", "知识点"),
    "groups": ("groups", "分组"),
}


_DIFFERS = "列名里满分 {:g}，items.csv 里是 {:g}，请核对哪一个对。"


@dataclass(frozen=True, slots=True)
class ExamInput:
    """One exam, ready to be analysed."""

    name: str
    matrix: ResponseMatrix
    items: list[Item]
    q: FloatArray | None
    points: list[Point]
    notes: list[Note]
    covariates: dict[str, list[str]] = field(default_factory=dict)
    homes: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """Files of one exam."""

    responses: Path
    items: Path | None = None
    q: Path | None = None
    knowledge: Path | None = None
    groups: Path | None = None


def sources(path: Path, *, items: Path | None, q: Path | None, knowledge: Path | None) -> Sources:
    """Files of an exam folder, or a bare responses file with the files given by options."""
    if not path.is_dir():
        return Sources(path, items, q, knowledge)
    files = [file for file in sorted(path.iterdir()) if file.suffix.lower() in (".csv", *SUFFIXES)]
    # A CSV goes before a workbook of the same name: it comes last and stays.
    found = {f.stem.lower(): f for f in sorted(files, key=lambda f: f.suffix.lower() == ".csv")}

    def named(part: str) -> Path | None:
        return next((found[name] for name in FILE_NAMES[part] if name in found), None)

    responses = named("responses")
    if responses is None:
        text = "文件夹里没有 responses.csv（答题表）。"
        others = [file.name for file in sorted(path.iterdir()) if file.is_file() and file.name[0] not in ".~"]
        if others:
            text += f"文件夹里有 {some(others, '个')}，请把答题表改名为 responses.csv 或 成绩.xlsx。"
        raise refuse("missing_file", text, path.name)
    return Sources(
        responses,
        items or named("items"),
        q or named("q"),
        knowledge or named("knowledge"),
        named("groups"),
    )


def same_part(responses: Path) -> list[Path]:
    """Files of the folder that could be the answer sheet by their names, where one was chosen so."""
    if responses.stem.lower() not in FILE_NAMES["responses"]:
        return []
    return [
        file
        for file in sorted(responses.resolve().parent.iterdir())
        if file.suffix.lower() in (".csv", *SUFFIXES) and file.stem.lower() in FILE_NAMES["responses"]
    ]


def read_exam(
    files: Sources, *, blank_is_zero: bool = False, subset_share: float = 0.0, name: str | None = None
) -> ExamInput:
    """Read and check all files.

    Parameters
    ----------
    blank_is_zero : bool
        Score an empty cell of a pupil who took part as 0 instead of leaving it out.
    subset_share : float
        Share of the full mark for a multi-select answer that misses an option (漏选).

    Raises
    ------
    Refused
        With every fault found, by file, row and column.
    """
    notes: list[Note] = []
    table = read_table(files.responses)
    rivals = [f.name for f in same_part(files.responses) if f.name != files.responses.name]
    if rivals:
        text = f"读的是 {files.responses.name}；文件夹里的 {some(rivals, '个')} 也像答题表，没有读。"
        notes.append(Note("files_unread", text))
    described = read_items(read_table(files.items)) if files.items else None
    if described is not None:
        described = _without_sums(described, table, notes)
    student, columns, undescribed = _layout(table, described, notes)
    look_at_other_sheets(files.responses, table, student, notes)
    marks_at = [*(index for _, index in columns if index is not None), *undescribed]
    who = [student, *(index for index in range(len(table.header)) if index not in {*marks_at, student})]
    table, full, full_at = without_extra_rows(table, who, marks_at, notes)
    table = with_absences(table, marks_at, notes)
    if described is None:
        columns = without_subtotals(table, columns, notes)
    if full is not None:
        columns = with_full_marks(table, columns, full, full_at, described=described is not None)
    pupils = read_pupils(table, student)
    table, columns = same_names(table, columns, notes)
    items = [item for item, _ in columns]
    try:
        matrix = build_matrix(
            table, pupils, columns, notes, blank_is_zero=blank_is_zero, subset_share=subset_share
        )
    except Refused as refused:
        surely = [index for index in undescribed if not names_a_part(table.header[index])]
        raise Refused([*_not_described(table, surely), *refused.faults]) from None
    if undescribed:
        _only_subtotals(table, columns, matrix.marks, undescribed, notes)
    if described is not None:
        tell_of_described(table, columns, matrix.marks, notes)
    compare_totals(table, matrix, {item.code for item in items}, notes)
    q, points = None, list[Point]()
    if files.q is not None:
        q, codes, without, others = read_q(read_table(files.q), [item.code for item in items])
        if others:
            text = f"{files.q.name} 里的“{'、'.join(others)}”不是知识点，没有计入。"
            notes.append(Note("columns_not_points", text))
        points = read_points(read_table(files.knowledge) if files.knowledge else None, codes)
        if without:
            text = f"{the_items(some(without))} 没有标知识点，不计入掌握情况。"
            notes.append(Note("items_without_points", close_up(text)))
        unasked = [f"“{point.name}”" for point, asked in zip(points, q.sum(axis=0), strict=True) if not asked]
        if unasked:
            text = f"知识点{some(unasked, '个')}没有题考，这次看不出。"
            notes.append(Note("points_without_items", text))
    covariates = read_covariates(read_table(files.groups), pupils, notes) if files.groups else {}
    homes = read_homes(table, {item.code for item in items}, covariates, notes)
    covariates = {title: labels for title, labels in covariates.items() if kind_of(title) is None}
    in_folder = files.responses.stem.lower() in FILE_NAMES["responses"]
    title = name or (files.responses.resolve().parent.name if in_folder else files.responses.stem)
    return ExamInput(title, matrix, items, q, points, notes, covariates, homes)


def _layout(
    table: Table, items: list[Item] | None, notes: list[Note]
) -> tuple[int, list[tuple[Item, int | None]], list[int]]:
    """Column of the student, the column of each item (None: the table has none), and those that items.csv
    does not describe."""
    student = student_column(table)
    titles = table.header
    named = {item_code(item.code) for item in items or ()}
    rest = [i for i in range(len(titles)) if i != student]
    free = [i for i in rest if item_code(titles[i]) not in named]
    orders = [i for i in free if orders_pupils(titles[i])]
    companions = [i for i in free if is_companion(titles[i]) or kind_of(titles[i]) is not None]
    unread = [titles[i] for i in companions if kind_of(titles[i]) is None and i not in orders]
    if unread:
        text = f"“{'、'.join(unread)}”不是题目，没有计入。总分由各题重新相加。"
        notes.append(Note("columns_ignored", text))
    if orders:
        text = f"表里有 {len(orders)} 列是给学生排先后的，没有读，也不写进报告。"
        notes.append(Note("orders_ignored", text))
    ignored = {*companions, *orders}
    used = [i for i in rest if i not in ignored]
    if items is None:
        if not used:
            raise refuse("no_items", "除了学号没有题目列。", table.name, table.header_row)
        read = [(title_and_full(titles[index]), index) for index in used]
        return student, [(Item(title, "", full, ""), index) for (title, full), index in read], []
    undescribed = [index for index in used if item_code(titles[index]) not in named]
    place = {item_code(titles[index]): index for index in used}
    faults = [
        Fault("full_differs", _DIFFERS.format(full, item.full), table.name, table.header_row, titles[index])
        for item in items
        if (index := place.get(item_code(item.code))) is not None
        and (full := title_and_full(titles[index])[1]) is not None
        and item.full is not None
        and abs(full - item.full) > 1e-9
    ]
    if faults:
        raise Refused(faults)
    absent = [item.code for item in items if item_code(item.code) not in place]
    if absent:
        text = f"{the_items(some(absent))} 在答题表里没有列，没有数据可算。"
        notes.append(Note("items_without_column", close_up(text)))
    return student, [(item, place.get(item_code(item.code))) for item in items], undescribed


def _without_sums(items: list[Item], table: Table, notes: list[Note]) -> list[Item]:
    """Items without the row 合计 below them."""
    titles = {item_code(title) for title in table.header}
    sums = [item.code for item in items if is_summary_word(item.code) and item_code(item.code) not in titles]
    if sums:
        notes.append(Note("sums_no_items", f"items.csv 里的“{'、'.join(sums)}”不是题目，没有计入。"))
    return [item for item in items if item.code not in sums]


def _only_subtotals(
    table: Table, columns: Columns, scored: FloatArray, undescribed: list[int], notes: list[Note]
) -> None:
    """Columns that items.csv does not describe must be sums of items; else they are named."""
    found = explained(table, columns, scored, undescribed)
    notes.extend(told_of(table, columns, undescribed, found))
    unknown = [index for place, index in enumerate(undescribed) if place not in {one.at for one in found}]
    if unknown:
        raise Refused(_not_described(table, unknown))


def _not_described(table: Table, undescribed: list[int]) -> list[Fault]:
    faults = []
    for title in (table.header[index] for index in undescribed):
        why = f"题“{title}”在 items.csv 里没有，请在那里补一行（题号、题型、满分）。"
        if names_a_part(title):
            why += "如果是几道题的合计，请删去这一列：它和各题之和对不上。"
        faults.append(Fault("item_not_described", why, table.name, table.header_row, title))
    return faults
