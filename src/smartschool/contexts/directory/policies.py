"""Who may do what with the tree, classes, pupils and staff."""

from smartschool.contexts.directory.models import Enrolment, HomeClass
from smartschool.contexts.directory.public.relations import FormTeacher, HoldsPost, SitsIn, TeachesSubject
from smartschool.kernel.policy import Policy, Workspace, register_policy

OFFICE = frozenset({"principal", "academic_admin"})

view_classes = register_policy(
    Policy(
        "directory.view_classes",
        "看本校的班级",
        OFFICE | {"form_teacher", "teacher"},
        Workspace.SCHOOL,
        rows=(HoldsPost(*OFFICE) | FormTeacher("pk") | TeachesSubject("pk")).on(HomeClass.rows),
    )
)

view_pupils = register_policy(
    Policy(
        "directory.view_pupils",
        "看学生的基本情况（证件号和电话打码）",
        OFFICE | {"form_teacher"},
        Workspace.SCHOOL,
        rows=(HoldsPost(*OFFICE) | SitsIn(FormTeacher(), "pk")).on(Enrolment.rows),
    )
)

reveal_pupil = register_policy(
    Policy(
        "directory.reveal_pupil",
        "看一名学生的证件号和电话全文（每次留痕）",
        OFFICE | {"form_teacher"},
        Workspace.SCHOOL,
        rows=(HoldsPost(*OFFICE) | SitsIn(FormTeacher(), "pk")).on(Enrolment.rows),
    )
)

import_records = register_policy(
    Policy(
        "directory.import_records",
        "导入学生、教职工、监护人和任课",
        OFFICE,
        Workspace.SCHOOL,
        write=True,
    )
)

transfer = register_policy(
    Policy(
        "directory.transfer_pupil",
        "给学生分班、转班",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(Enrolment.rows),
        write=True,
    )
)

view_staff = register_policy(
    Policy("directory.view_staff", "看本校教职工的岗位和任课", OFFICE, Workspace.SCHOOL)
)

view_schools = register_policy(
    Policy(
        "directory.view_schools",
        "看全区学校和班数（没有人名）",
        frozenset({"district_admin", "district_researcher", "district_inspector"}),
        Workspace.DISTRICT,
    )
)

import_schools = register_policy(
    Policy(
        "directory.import_schools",
        "导入全区的学校名单",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        write=True,
    )
)
