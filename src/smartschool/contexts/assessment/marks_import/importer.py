"""The importer "exam": a workbook of marks of one paper, or of the totals of several papers of an exam."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from smartschool.contexts.assessment import queries
from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.commands.marks import commit_marks, report_undone
from smartschool.contexts.assessment.item_labels import item_heading
from smartschool.contexts.assessment.marks_import import layouts, pupils, rows, subjects
from smartschool.contexts.assessment.marks_import.agreement import compare_totals, say_totals, statuses_of
from smartschool.contexts.assessment.marks_import.cells import read_marks
from smartschool.contexts.assessment.marks_import.columns import COLUMNS
from smartschool.contexts.assessment.marks_import.work import PaperWork, plan_kinds
from smartschool.contexts.assessment.models import Attempt, Exam, Paper
from smartschool.contexts.assessment.public.contracts import (
    BlueprintRow,
    ItemInfo,
    MarkState,
)
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.contracts import Seat
from smartschool.kernel.importing import CHANGED, SAME, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.ready import Ready
from smartschool.kernel.tabular import Cell, Checked, Column, Fault, FileRefused

REASON = "重新导入"


class MarksImporter(Importer):
    """考试成绩: item marks (wide or long), chosen options with a key, or totals."""

    name: ClassVar[str] = "exam"
    zh: ClassVar[str] = "考试成绩"
    policy: ClassVar[str] = "assessment.import_marks"
    keep_extra: ClassVar[bool] = True
    hint: ClassVar[str] = "一份试卷的小题分、选项或总分"
    listed: ClassVar[bool] = False  # begins on the page of the paper

    def columns(self, target: Target) -> Sequence[Column]:
        return COLUMNS

    def claims(self, header: str) -> bool:
        return item_heading(header) is not None or subjects.subject_of_header(header) is not None

    def match(self, checked: Checked, target: Target) -> Plan:
        papers = papers_of(target)
        rows.give_back_item_columns(checked, self.claims)
        by_sheet = subjects.papers_of_sheets(papers, checked.frame) if len(papers) > 1 else None
        if by_sheet is None:
            return _match(checked, papers, target)
        return _match_sheets(checked, *by_sheet, target)

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        for one in plan.work:
            if any(kind != SAME for kind in one.kinds):
                _apply(one, plan, target, journal)

    def undone(self, target: Target) -> None:
        for paper in papers_of(target):
            report_undone(actor=target.actor, paper=paper)


def _match_sheets(
    checked: Checked,
    sheets_of: Sequence[tuple[Paper, list[str]]],
    others: Sequence[subjects.NotRead],
    target: Target,
) -> Plan:
    """A workbook with the sheets of several subjects: each paper as if its sheets came alone."""
    whole = Plan([], [])
    whole.work = []
    parts = []
    for paper, sheets in sheets_of:
        part = rows.part_of(checked, sheets)
        plan = _match(part, [paper], target)
        for one in plan.work:
            one.pupil_rows = [[len(whole.kinds) + index for index in own] for own in one.pupil_rows]
        whole.kinds += plan.kinds
        whole.labels += plan.labels
        whole.standing += plan.standing
        whole.work += plan.work
        parts.append(part)
    rows.join_parts(checked, parts)
    checked.warnings += [Fault(sheet, 0, "", code, message) for sheet, code, message in others]
    return whole


def _match(checked: Checked, papers: list[Paper], target: Target) -> Plan:
    """The rows of one paper; of several only where the columns are their totals."""
    full_index, summary = rows.full_and_summary_rows(checked.frame)
    frame = checked.frame
    full_row = rows.full_marks_of(frame, full_index) if full_index is not None else {}
    full_place = (frame.sheets[full_index], frame.rows[full_index]) if full_index is not None else ("", 0)
    rows.drop_rows(checked, summary)
    if not len(frame):
        raise FileRefused("no_rows", "表里只有满分和合计，没有学生。请填好后再上传。")
    columns = [] if subjects.has_items(frame) else subjects.subject_columns(frame, papers)
    if len(papers) > 1 and not columns:
        papers = [subjects.choose_paper(papers, frame, target.file_name)]
    if len(papers) == 1:
        _warn_other_subject(checked, papers[0])
    grade = papers[0].exam.grade
    who = pupils.who_of(checked, grade)
    sheets = _sheets(checked, papers, columns, who, full_row, full_place)
    first_of = [pupil_rows[0] for pupil_rows in sheets[0][1].rows_of]
    matched = pupils.match(
        [who[index] for index in first_of],
        organisation_id=papers[0].organisation_id,
        grade=grade,
        on=papers[0].exam.held_on,
    )
    for place, column, bad in matched.faults:
        if first_of[place] not in checked.bad:
            checked.add(first_of[place], column, *bad)
    for place, column, bad in matched.warnings:
        checked.warn(first_of[place], column, *bad)
    _refuse_other_grade(matched.pupils, papers[0])
    _refuse_twice(checked, matched.pupils, who, first_of)
    plan = Plan([None] * len(frame), [one.name for one in who])
    work = []
    for _, sheet in sheets:
        for index, column, bad in sheet.faults:
            checked.add(index, column, *bad)
        for index, column, bad in sheet.warnings:
            checked.warn(index, column, *bad)
        checked.warnings += sheet.notes
    for paper, sheet in sheets:
        statuses = statuses_of(checked, sheet, first_of)
        compare_totals(checked, sheet, statuses, first_of)
        work.append(_work(checked, paper, sheet, statuses, matched.pupils))
    plan_kinds(plan, work, checked)
    plan.work = work
    return plan


def _apply(one: PaperWork, plan: Plan, target: Target, journal: Journal) -> None:
    (paper,) = _LOCKED_PAPER.instances(paper=one.paper.pk)
    journal.before(Paper, [paper.pk])
    if one.new_items:
        _new_blueprint(target, paper, one.new_items)
        paper.refresh_from_db()
    first_rows = {
        int(pk): pupil_rows[0]
        for pk, pupil_rows, kind in zip(one.block.enrolment_ids, one.pupil_rows, one.kinds, strict=True)
        if kind != SAME
    }
    unit_of = {pk: f"{paper.pk}:{row}" for pk, row in first_rows.items()}
    journal.label({unit_of[pk]: plan.labels[row] for pk, row in first_rows.items()})
    if CHANGED in one.kinds:
        touched = Attempt.rows().filter(paper=paper, enrolment_id__any_of=unit_of)
        standing = dict(touched.values_list("pk", "enrolment_id"))
        journal.before(Attempt, list(standing), [unit_of[pk] for pk in standing.values()])
    written = commit_marks(
        actor=target.actor, paper=paper, block=one.block, source=Attempt.Source.IMPORT, reason=REASON
    )
    journal.added(Attempt, written.fresh, [unit_of[pk] for pk in written.fresh.values()])


_PAPER = Ready(lambda code: Paper.rows().select_related("exam").filter(code=code))
_LOCKED_PAPER = Ready(lambda paper: Paper.rows().select_for_update().filter(pk=paper))


def papers_of(target: Target) -> list[Paper]:
    """The papers that the option `exam` names: a paper by its code, or all papers of an exam by its code."""
    code = target.options.get("exam", "").strip()
    if not code:
        raise FileRefused("no_exam", "没有说是哪一场考试。请写考试代码或试卷代码（考试页上有）。")
    found: list[Paper] = _PAPER.instances(code=code)
    if not found:
        exam = Exam.rows().filter(code=code).first()
        found = (
            list(Paper.rows().select_related("exam").filter(exam=exam).order_by("subject")) if exam else []
        )
    if not found or (target.fixed and found[0].organisation_id != target.organisation_id):
        raise FileRefused("unknown_exam", f"这所学校没有代码为 {code} 的考试或试卷，请核对。")
    return found


def _sheets(
    checked: Checked,
    papers: list[Paper],
    by_subject: list[tuple[Paper, str]],
    who: list[pupils.Who],
    full_row: dict[str, Cell],
    full_place: tuple[str, int],
) -> list[tuple[Paper, layouts.SheetMarks]]:
    """Recognise the layout and read it."""
    frame = checked.frame
    if by_subject:
        rows.forgive(checked, {header for _, header in by_subject})
        found = []
        for paper, header in by_subject:
            items = queries.items_of(paper.pk)
            sheet = layouts.read_totals(
                frame, frame.extra[header], items, header=header, full=paper.full_score
            )
            found.append((paper, sheet))
        return found
    paper = papers[0]
    items = queries.items_of(paper.pk)
    if "item" in frame.columns and ("mark" in frame.columns or "choice" in frame.columns):
        gone = rows.forgive(checked, ())
        sheet = layouts.read_long(checked, items, [one.key for one in who])
        if "total" in frame.columns:
            stated = read_marks(frame.columns["total"], label=rows.TOTAL, full=None)
            say_totals(sheet, stated, gone, [pupil_rows[0] for pupil_rows in sheet.rows_of])
        return [(paper, sheet)]
    columns = layouts.item_columns(frame, items)
    total_key = next((key for key in ("total", "mark") if key in frame.columns), None)
    if columns:
        gone = rows.forgive(
            checked, {text for own in columns.values() for text in (own.marks, own.choices) if text}
        )
        sheet = layouts.read_wide(frame, columns, items, full_row, full_place)
        if total_key:
            stated = read_marks(frame.columns[total_key], label=rows.TOTAL, full=None)
            say_totals(sheet, stated, gone, range(len(frame)))
        return [(paper, sheet)]
    if total_key is None:
        raise FileRefused(
            "no_marks", "没有找到得分的列。请有“总分”，或每题一列（表头写题号），或“题号”和“得分”两列。"
        )
    rows.forgive(checked, {rows.TOTAL})
    header = frame.headers.get(total_key, rows.TOTAL)
    return [
        (
            paper,
            layouts.read_totals(frame, frame.columns[total_key], items, header=header, full=paper.full_score),
        )
    ]


def _warn_other_subject(checked: Checked, paper: Paper) -> None:
    """A sheet whose name or title says another subject is most often a file chosen by mistake."""
    frame = checked.frame
    table = codes.table("subject")
    for sheet in dict.fromkeys(frame.sheets):
        said = subjects.named_subject(frame, sheet, "")
        if said is not None and said != paper.subject:
            message = f"表里写的是{table.name(said)}，这份试卷是{table.name(paper.subject)}，请核对一眼。"
            checked.warnings.append(Fault(sheet, 0, "", "other_subject", message))


def _refuse_other_grade(found: Sequence[Seat | None], paper: Paper) -> None:
    """Another exam's file: most of its pupils sit in another grade."""
    years = [one.entry_year for one in found if one is not None]
    others = sum(year != paper.entry_year for year in years)
    if years and 2 * others > len(years):
        raise FileRefused(
            "other_grade", f"表里大多数学生（{others} 人）不在考试的年级。请核对是不是选错了考试。"
        )


def _refuse_twice(
    checked: Checked,
    found: Sequence[Seat | None],
    who: Sequence[pupils.Who],
    first_of: Sequence[int],
) -> None:
    seen: dict[int, int] = {}
    for place, pupil in enumerate(found):
        if pupil is None:
            continue
        enrolment_id = pupil.enrolment_id
        index = first_of[place]
        if enrolment_id in seen:
            row = checked.frame.rows[seen[enrolment_id]]
            checked.add(
                index, who[index].column, "duplicate_pupil", f"与第 {row} 行是同一名学生，请删去其中一行。"
            )
        else:
            seen[enrolment_id] = index


def _work(
    checked: Checked,
    paper: Paper,
    sheet: layouts.SheetMarks,
    statuses: np.ndarray,
    found: Sequence[Seat | None],
) -> PaperWork:
    """The block of the pupils of whom no row is refused."""
    good = [
        place
        for place, pupil in enumerate(found)
        if pupil is not None and not any(index in checked.bad for index in sheet.rows_of[place])
    ]
    own = [pupil for place in good if (pupil := found[place]) is not None]
    marks, states = sheet.marks[good], sheet.states[good]
    away = statuses[good] > 0
    marks[away], states[away] = np.nan, MarkState.ABSENT
    block = AttemptBlock(
        np.array([one.enrolment_id for one in own], np.int64),
        np.array([one.home_class_id for one in own], np.int64),
        np.array([one.class_number for one in own], np.int16),
        statuses[good],
        marks,
        states,
        None if sheet.choices is None else sheet.choices[good],
        np.where(away, np.nan, sheet.totals[good]),
    )
    return PaperWork(
        paper, block, sheet.items if sheet.new_items else (), [sheet.rows_of[place] for place in good]
    )


def _new_blueprint(target: Target, paper: Paper, items: Sequence[ItemInfo]) -> None:
    """The sheet's own items become the two-way table; its knowledge points are filled in later."""
    save_blueprint(
        actor=target.actor,
        paper=paper,
        rows=[BlueprintRow(item.label, item.type, item.full) for item in items],
        full_score=float(sum(item.full for item in items)),
        base_revision=paper.revision,
    )
