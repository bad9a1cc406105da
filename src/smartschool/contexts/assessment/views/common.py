"""What pages of assessment share: titles of papers, names of subjects and grades."""

from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.directory.public import codes

_DIGITS = "零一二三四五六七八九"


def subject_name(subject: str) -> str:
    """数学 of 14; the synonym in use where the code table has an old name."""
    current = {"12": "道德与法治", "18": "生物学"}
    return current.get(subject) or codes.table("subject").name(subject)


def grade_name(grade: int) -> str:
    return f"{_DIGITS[grade]}年级"


def paper_title(paper: Paper) -> str:
    """七年级数学期末."""
    return f"{grade_name(paper.exam.grade)}{subject_name(paper.subject)}{Nature(paper.exam.nature).zh}"
