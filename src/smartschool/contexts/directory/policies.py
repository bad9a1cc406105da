"""Who may do what with the tree, classes, pupils and staff."""

from collections.abc import Callable

from django.db.models import Q, QuerySet

from smartschool.contexts.directory.models import (
    Appointment,
    Enrolment,
    HomeClass,
    Organisation,
    StaffRecord,
)
from smartschool.contexts.directory.public.relations import FormTeacher, HoldsPost, SitsIn, TeachesSubject
from smartschool.contexts.directory.public.roles import DISTRICT, OFFICE
from smartschool.kernel.actor import Actor
from smartschool.kernel.policy import Policy, Workspace, register_policy

# Which posts a holder of a post may give: the office appoints teachers, the principal also the office.
GIVES = {
    "principal": frozenset({"principal", "academic_admin", "form_teacher", "teacher"}),
    "academic_admin": frozenset({"form_teacher", "teacher"}),
}

view_classes = register_policy(
    Policy(
        "directory.view_classes",
        "看本校的班级",
        OFFICE | {"form_teacher", "teacher"},
        Workspace.SCHOOL,
        rows=(HoldsPost(*OFFICE) | FormTeacher("pk") | TeachesSubject("pk")).on(HomeClass.rows),
    )
)

view_school = register_policy(
    Policy("directory.view_school", "看本校的基本信息、学期、班级和岗位", OFFICE, Workspace.SCHOOL)
)

manage_classes = register_policy(
    Policy(
        "directory.manage_classes",
        "建班、改班、撤班",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(HomeClass.rows),
        write=True,
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


def _units(roles: frozenset[str]) -> Callable[[Actor], QuerySet[Organisation]]:
    """The bureau of an officer, what stands below it, and what did until it was closed."""

    def rows(actor: Actor) -> QuerySet[Organisation]:
        held = actor.with_roles(roles)
        ids = {one.id for a in held for one in (a.organisation, *a.descendants)}
        return Organisation.objects.filter(Q(pk__in=ids) | Q(parent_id__in=ids))

    return rows


manage_staff = register_policy(
    Policy(
        "directory.manage_staff",
        "添加教职工、办离开",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(StaffRecord.rows),
        write=True,
    )
)

manage_posts = register_policy(
    Policy(
        "directory.manage_posts",
        "任命和结束岗位（校长和教务管理员由校长任命）",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(Appointment.rows),
        write=True,
    )
)

manage_teaching = register_policy(
    Policy(
        "directory.manage_teaching",
        "排任课、定班主任",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(HomeClass.rows),
        write=True,
    )
)

view_schools = register_policy(
    Policy(
        "directory.view_schools",
        "看全区单位、班数和人数（没有人名）",
        DISTRICT,
        Workspace.DISTRICT,
        rows=_units(DISTRICT),
    )
)

manage_organisations = register_policy(
    Policy(
        "directory.manage_organisations",
        "添加、更名、移动、停办全区的单位",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        rows=_units(frozenset({"district_admin"})),
        write=True,
    )
)

appoint_office = register_policy(
    Policy(
        "directory.appoint_office",
        "任命局里的人，和各校的校长、教务管理员",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        rows=_units(frozenset({"district_admin"})),
        write=True,
    )
)

manage_terms = register_policy(
    Policy(
        "directory.manage_terms",
        "定全区的校历",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        write=True,
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
