"""Who may do what with exams, papers and marks."""

from django.db.models import Q, QuerySet

from smartschool.contexts.assessment.models import Exam, Paper, RegulationRequest
from smartschool.contexts.directory.public.contracts import ClassInfo, TeachingInfo
from smartschool.contexts.directory.public.doors import taught_by
from smartschool.contexts.directory.public.relations import NOBODY, HoldsPost
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import Policy, Workspace, register_policy

OFFICE = frozenset({"principal", "academic_admin"})
REGISTRY = frozenset({"academic_admin"})
TEACHERS = frozenset({"teacher", "form_teacher"})


def taught(actor: Actor) -> list[TeachingInfo]:
    """What the actor teaches this term."""
    return taught_by(actor.person_id) if actor.person_id is not None else []


def _papers_taught(actor: Actor) -> Q:
    """Papers of the subject in the year groups that the actor teaches this term."""
    condition = NOBODY
    for one in taught(actor):
        condition |= Q(
            organisation_id=one.home_class.organisation_id,
            subject=one.subject,
            stage=one.home_class.stage,
            entry_year=one.home_class.entry_year,
        )
    return condition


def _papers_of_office_or_subject(actor: Actor) -> QuerySet[Paper]:
    office = HoldsPost(*REGISTRY).condition(actor)
    return Paper.rows().select_related("exam").filter(office | _papers_taught(actor))


def classes_to_enter(actor: Actor, paper: Paper) -> list[ClassInfo]:
    """The classes whose marks of this paper the actor may enter: those it teaches the subject."""
    return classes_of_paper(taught(actor), paper)


def classes_of_paper(teaching: list[TeachingInfo], paper: Paper) -> list[ClassInfo]:
    """Those of the taught classes that sit the paper in its subject."""
    return [
        one.home_class
        for one in teaching
        if one.subject == paper.subject
        and one.home_class.organisation_id == paper.organisation_id
        and one.home_class.stage == paper.stage
        and paper.entry_year in (one.home_class.entry_year, *_combined(one.home_class, paper))
    ]


def _combined(home_class: ClassInfo, paper: Paper) -> tuple[int, ...]:
    """A 复式班 seats pupils of several years: the paper of any of them may be entered there."""
    return (paper.entry_year,) if home_class.is_combined else ()


view_exams = register_policy(
    Policy(
        "assessment.view_exams",
        "看本校的考试和试卷",
        OFFICE | TEACHERS,
        Workspace.SCHOOL,
        rows=lambda actor: Exam.rows(),
    )
)
create_exam = register_policy(
    Policy(
        "assessment.create_exam",
        "建考试，向区里申请规定以外的考试",
        REGISTRY,
        Workspace.SCHOOL,
        rows=HoldsPost(*REGISTRY).on(Exam.rows),
        write=True,
    )
)
edit_blueprint = register_policy(
    Policy(
        "assessment.edit_blueprint",
        "编双向细目表（教务，或任教这门课的教师）",
        REGISTRY | TEACHERS,
        Workspace.SCHOOL,
        rows=_papers_of_office_or_subject,
        write=True,
    )
)
enter_marks = register_policy(
    Policy(
        "assessment.enter_marks",
        "给自己任教的班录分",
        TEACHERS,
        Workspace.SCHOOL,
        rows=lambda actor: Paper.rows().select_related("exam").filter(_papers_taught(actor)),
        write=True,
    )
)
import_marks = register_policy(
    Policy(
        "assessment.import_marks",
        "从表格导入考试成绩",
        REGISTRY,
        Workspace.SCHOOL,
        rows=lambda actor: Paper.rows().select_related("exam").filter(HoldsPost(*REGISTRY).condition(actor)),
        write=True,
    )
)
correct_marks = register_policy(
    Policy(
        "assessment.correct_marks",
        "更正已录入的得分，写明原因",
        REGISTRY,
        Workspace.SCHOOL,
        rows=lambda actor: Paper.rows().select_related("exam").filter(HoldsPost(*REGISTRY).condition(actor)),
        write=True,
    )
)
answer_request = register_policy(
    Policy(
        "assessment.answer_request",
        "审批学校规定以外的考试申请",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        rows=lambda actor: RegulationRequest.rows(),
        write=True,
    )
)
