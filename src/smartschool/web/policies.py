"""Owns who may open the pages that no single room owns: 今日 of the three workspaces, the menu of a phone."""

from smartschool.kernel.policy import Policy, Workspace, register_policy

OFFICE = frozenset({"principal", "academic_admin"})
TEACHING = frozenset({"form_teacher", "teacher"})
DISTRICT = frozenset({"district_admin", "district_researcher", "district_inspector"})
FAMILY = frozenset({"student", "guardian"})

open_school_today = register_policy(
    Policy("web.open_school_today", "打开本校的今日", OFFICE | TEACHING, Workspace.SCHOOL)
)
open_district_today = register_policy(
    Policy("web.open_district_today", "打开全区的今日", DISTRICT, Workspace.DISTRICT)
)
open_own_today = register_policy(Policy("web.open_own_today", "打开自己的今日", FAMILY, Workspace.ME))
open_menu = register_policy(Policy("web.open_menu", "看自己的全部栏目", frozenset(), Workspace.ACCOUNT))

# What the house's own panels show; rooms bring further panels under policies of their own.
see_school = register_policy(Policy("web.see_school", "看本校各班人数和班主任", OFFICE, Workspace.SCHOOL))
see_own_class = register_policy(
    Policy("web.see_own_class", "看自己带的班", frozenset({"form_teacher"}), Workspace.SCHOOL)
)
see_own_teaching = register_policy(
    Policy("web.see_own_teaching", "看自己教的班", frozenset({"teacher"}), Workspace.SCHOOL)
)
see_schools = register_policy(Policy("web.see_schools", "看全区学校名单", DISTRICT, Workspace.DISTRICT))
see_own_place = register_policy(
    Policy("web.see_own_place", "看自己在哪个班", frozenset({"student"}), Workspace.ME)
)
see_own_children = register_policy(
    Policy("web.see_own_children", "看自己的孩子在哪个班", frozenset({"guardian"}), Workspace.ME)
)
