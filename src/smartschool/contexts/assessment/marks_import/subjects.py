"""Which subject a workbook of marks says it is: by its columns, the name of a sheet, its title, its file."""

from collections.abc import Sequence

from smartschool.contexts.assessment.item_labels import item_heading
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.directory.public import codes
from smartschool.kernel.tabular import FileRefused, Frame

# Fewer numbered columns may be anything (一个 1 月的日期, a class); an exam has more items.
FEWEST_ITEM_COLUMNS = 2
# One subject in a header beside item marks is its total; a summary has several.
FEWEST_SUBJECTS = 2
NotRead = tuple[str, str, str]  # sheet, code, why


def subject_of_header(header: str) -> str | None:
    """课程代码 of a header such as 语文 or 数学成绩."""
    word = header.removesuffix("分数").removesuffix("成绩").removesuffix("总分").removesuffix("得分")
    return codes.table("subject").find(word) if word and not word.isdigit() else None


def subject_columns(frame: Frame, papers: Sequence[Paper]) -> list[tuple[Paper, str]]:
    """Columns that are headed by the subject of one of the papers (语文, 语文成绩)."""
    paper_of = {paper.subject: paper for paper in papers}
    found: dict[int, tuple[Paper, str]] = {}
    for header in frame.extra:
        paper = paper_of.get(subject_of_header(header) or "")
        if paper is not None:
            found.setdefault(paper.pk, (paper, header))
    return list(found.values())


def has_items(frame: Frame) -> bool:
    """Whether the sheet has marks of single items, in columns or in rows."""
    if "item" in frame.columns:
        return True
    return sum(item_heading(text) is not None for text in frame.extra) >= FEWEST_ITEM_COLUMNS


def subjects_in(text: str) -> set[str]:
    """课程代码 of the subjects that a title names; 体育与健康 is not also 体育."""
    words = codes.table("subject").words
    there = [word for word in words if len(word) >= 2 and not word.isascii() and word in text]
    return {words[word] for word in there if not any(word != other and word in other for other in there)}


def named_subject(frame: Frame, sheet: str, file_name: str) -> str | None:
    """The one subject that a sheet's name, else its title, else the file's name says."""
    for text in (sheet, frame.titles.get(sheet, ""), file_name):
        found = subjects_in(text)
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def papers_of_sheets(
    papers: Sequence[Paper], frame: Frame
) -> tuple[list[tuple[Paper, list[str]]], list[NotRead]] | None:
    """Sheets of each paper, in the order of the file, where every sheet says one subject and they differ.

    Also the sheets that are not read, with the reason: those of subjects that the exam has no paper of, and a
    summary (总表) beside the sheets of the subjects. None where the sheets do not say, or are all of one
    subject.
    """
    table = codes.table("subject")
    paper_of = {paper.subject: paper for paper in papers}
    sheets: dict[int, tuple[Paper, list[str]]] = {}
    others: list[NotRead] = []
    for sheet in dict.fromkeys(frame.sheets):
        said = named_subject(frame, sheet, "")
        if said is None:
            told = {subject_of_header(header) for header in frame.extra_of[sheet]}
            if len(told & {*paper_of}) < FEWEST_SUBJECTS:
                return None
            others.append(
                (sheet, "summary_sheet", f"“{sheet}”是几科的汇总，没有读；各科以自己的工作表为准。")
            )
        elif (paper := paper_of.get(said)) is None:
            message = f"这场考试没有{table.name(said)}的试卷，工作表“{sheet}”没有读。"
            others.append((sheet, "no_such_paper", message))
        else:
            sheets.setdefault(paper.pk, (paper, []))[1].append(sheet)
    return (list(sheets.values()), others) if len(sheets) + bool(others) > 1 and sheets else None


def choose_paper(papers: Sequence[Paper], frame: Frame, file_name: str) -> Paper:
    """The paper of an exam that the workbook is of; refused, with the codes of all, where it does not say."""
    said = {named_subject(frame, sheet, file_name) for sheet in set(frame.sheets)}
    paper_of: dict[str | None, Paper] = {paper.subject: paper for paper in papers}
    if len(said) == 1 and (found := paper_of.get(next(iter(said)))) is not None:
        return found
    subjects = codes.table("subject")
    listed = "、".join(f"{subjects.name(paper.subject)} {paper.code}" for paper in papers)
    raise FileRefused(
        "several_papers",
        f"这场考试有 {len(papers)} 份试卷，看不出表里是哪一科。请写试卷代码再导入：{listed}；"
        "几科在一个文件里的，让每张工作表的名称写明学科。",
    )
