"""Workbooks of marks and their import, for the tests beside."""

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType, PaperData
from smartschool.contexts.assessment.public.doors import paper_for_analysis
from smartschool.contexts.assessment.tests.world import World
from smartschool.contexts.directory.public.identifiers import id_check_character
from smartschool.contexts.exchange.public.contracts import ImportReport
from smartschool.contexts.exchange.public.doors import import_file
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.kernel.actor import system_actor

ROWS = [
    BlueprintRow("1", ItemType.SINGLE, 3, "A", "ABCD"),
    BlueprintRow("2", ItemType.MULTIPLE, 4, "AC", "ABCD", 2),
    BlueprintRow("3(1)", ItemType.OPEN, 5),
]

GOOD: list[list[object]] = [[3, 4, 5], [0, 2, 1.5], [3, 0, 0], [0, 4, 2], [3, 2, 4], [3, 4, 3]]


def g_number(serial: int) -> str:
    first = f"34040220140101{serial:03d}"
    return "G" + first + id_check_character(first)


def load(
    world: World,
    paper: Paper | str,
    rows: list[list[object]] | bytes,
    file_name: str = "成绩.xlsx",
    **options: object,
) -> ImportReport:
    return import_file(
        actor=system_actor("checks"),
        importer="exam",
        content=rows if isinstance(rows, bytes) else xlsx(rows),
        file_name=file_name,
        school_code=world.school.code,
        options={"exam": paper if isinstance(paper, str) else paper.code},
        **options,  # type: ignore[arg-type]
    )


def data_of(world: World, paper: Paper) -> PaperData:
    with world.scope():
        return paper_for_analysis(paper.pk)


def codes(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in report.faults]


def warnings(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in report.warnings]


def wide(world: World, marks: list[list[object]], *, head: list[str] | None = None) -> list[list[object]]:
    rows: list[list[object]] = [["七年级数学期末成绩"], ["学籍号", "姓名", *(head or ["1", "2", "3(1)"])]]
    for serial, own in enumerate(marks):
        rows.append([g_number(serial), world.pupils[serial].enrolment.name, *own])
    return rows
