"""A row of a staff list with its 班主任 and 任课: what the file wants, and what the school has already."""

from dataclasses import dataclass, field
from typing import Any

from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.importers.people import (
    class_key,
)
from smartschool.contexts.directory.models import Appointment, HomeClass, StaffRecord, TeachingAssignment
from smartschool.contexts.directory.public.doors import current_term
from smartschool.kernel.importing import Target
from smartschool.kernel.tabular import Checked

FORM_TEACHER, TEACHER = "23", ("10", "20")  # codes of post_occupation
MANAGEMENT = ("30", "31", "32", "33", "34")
Ties = dict[int, set[tuple[Any, ...]]]


@dataclass(slots=True)
class StaffRow:
    """One good row; `record` is the member of staff whom it names, if known."""

    index: int
    fields: dict[str, Any]
    details: dict[str, Any]
    digest: bytes
    record: StaffRecord | None = None
    form_classes: list[int] = field(default_factory=list)
    lessons: list[tuple[int, str]] = field(default_factory=list)  # (class id, subject)


def tie_classes(rows: list[StaffRow], checked: Checked, target: Target) -> None:
    """Form classes and lessons of each row; a class that is not there yet is only a remark."""
    year = school_year_start(target.day)
    found = HomeClass.objects.filter(organisation_id=target.organisation_id, valid_to__isnull=True)
    classes = {(one.stage, one.entry_year, one.number): one.pk for one in found}
    taught, subjects, posts = checked.column("classes"), checked.column("subjects"), checked.column("post")
    for row in rows:
        post = posts[row.index]
        if post in MANAGEMENT:
            checked.warn(
                row.index, "岗位", "post_kept", "管理岗位不随表格授权，只作为资料保存；请在任职页任命。"
            )
        for sitting in taught[row.index] or ():  # type: ignore[attr-defined]
            key = class_key(sitting, year)
            pk = classes.get(key) if key else None
            if pk is None:
                checked.warn(row.index, "任教班级", "class_missing", "本校还没有这个班，任课先不登记。")
                continue
            if post == FORM_TEACHER:
                row.form_classes.append(pk)
            row.lessons += [(pk, subject) for subject in subjects[row.index] or ()]  # type: ignore[attr-defined]


def one_head_a_class(row: StaffRow, heads: dict[int, int], checked: Checked) -> None:
    """A class keeps the 班主任 it has, of two in one file the first; `heads` is class id → staff id, negative
    for somebody new."""
    own = row.record.pk if row.record else -1 - row.index
    for pk in list(row.form_classes):
        if heads.setdefault(pk, own) != own:
            row.form_classes.remove(pk)
            checked.warn(
                row.index, "岗位", "head_kept", "这个班已经有别的班主任，不随表格换；请在任课表上改。"
            )


def known_ties(target: Target) -> Ties:
    """Open appointments and this term's lessons of the school, by staff id."""
    ties: Ties = {}
    place = target.organisation_id
    posts = Appointment.objects.filter(organisation_id=place, valid_to__isnull=True)
    for staff_id, role, class_id in posts.values_list("staff_id", "role", "home_class_id"):
        ties.setdefault(staff_id, set()).add((role, class_id))
    lessons = TeachingAssignment.objects.filter(organisation_id=place, term_id=current_term(target.day).id)
    for staff_id, class_id, subject in lessons.values_list("staff_id", "home_class_id", "subject"):
        ties.setdefault(staff_id, set()).add((class_id, subject, ""))
    return ties


def wanted_ties(row: StaffRow) -> set[tuple[Any, ...]]:
    posts: set[tuple[Any, ...]] = {("form_teacher", pk) for pk in row.form_classes}
    post = row.details.get("post")
    if post in TEACHER or post == FORM_TEACHER or row.lessons:
        posts.add(("teacher", None))
    return posts | {(pk, subject, "") for pk, subject in row.lessons}
