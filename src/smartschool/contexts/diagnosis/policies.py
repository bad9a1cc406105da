"""Who may see which figures: marks the own teacher, levels the form teacher, counts everybody above."""

from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, PupilReport, RawExport
from smartschool.contexts.directory.public.relations import (
    FormTeacher,
    HoldsPost,
    OwnChild,
    OwnEnrolment,
    TeachesSubject,
)
from smartschool.kernel.policy import Policy, Workspace, register_policy

OFFICE = frozenset({"principal", "academic_admin"})
# A 班主任 teaches too; which classes and subjects, the relation decides, not the name of the post.
TEACHERS = frozenset({"teacher", "form_teacher"})

own_subject = TeachesSubject("home_class_id", subject="subject")

view_report = register_policy(
    Policy(
        "diagnosis.view_report",
        "看班级学情（任课教师看本班本科，教务和校长只看人数）",
        OFFICE | TEACHERS,
        Workspace.SCHOOL,
        rows=(own_subject | HoldsPost(*OFFICE)).on(
            lambda: ClassFigure.rows().filter(home_class__isnull=False, run__current=True)
        ),
    )
)

view_marks = register_policy(
    Policy(
        "diagnosis.view_marks",
        "看本班本科每个学生的作答",
        TEACHERS,
        Workspace.SCHOOL,
        rows=own_subject.on(lambda: ClassFigure.rows().filter(home_class__isnull=False, run__current=True)),
    )
)

view_levels = register_policy(
    Policy(
        "diagnosis.view_levels",
        "看本班各科等级（班主任）",
        frozenset({"form_teacher"}),
        Workspace.SCHOOL,
        rows=FormTeacher().on(lambda: PupilReport.rows().filter(run__current=True)),
    )
)

release_results = register_policy(
    Policy(
        "diagnosis.release_results",
        "把结果发布给学生和家长，或撤回",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(lambda: AnalysisRun.rows().filter(current=True)),
        write=True,
    )
)

view_own = register_policy(
    Policy(
        "diagnosis.view_own",
        "看自己或自己孩子已发布的学情报告",
        frozenset({"student", "guardian"}),
        Workspace.ME,
        rows=(OwnEnrolment() | OwnChild()).on(lambda: PupilReport.rows().filter(run__current=True)),
    )
)

view_quality = register_policy(
    Policy(
        "diagnosis.view_quality",
        "看全区知识点质量（不含学生、班级和学校的次序）",
        frozenset({"district_admin", "district_researcher"}),
        Workspace.DISTRICT,
    )
)

view_coverage = register_policy(
    Policy(
        "diagnosis.view_coverage",
        "看各校考试分析了几科（不含任何得分）",
        frozenset({"district_admin", "district_researcher", "inspector"}),
        Workspace.DISTRICT,
    )
)

ask_raw = register_policy(
    Policy(
        "diagnosis.ask_raw",
        "申请导出成绩册",
        OFFICE | TEACHERS,
        Workspace.SCHOOL,
        rows=(own_subject | HoldsPost("academic_admin")).on(
            lambda: ClassFigure.rows().filter(home_class__isnull=False, run__current=True)
        ),
        write=True,
    )
)

decide_raw = register_policy(
    Policy(
        "diagnosis.decide_raw",
        "批准或拒绝导出成绩册",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(RawExport.rows),
        write=True,
    )
)
