"""What every signed-in person may do with the own account, and who may help when a password is lost."""

from smartschool.contexts.identity.rules import OFFICE_ROLES
from smartschool.kernel.policy import Policy, Workspace, register_policy

use_account = register_policy(
    Policy("identity.use_account", "用自己的账号", frozenset(), Workspace.ACCOUNT, write=True)
)

help_school = register_policy(
    Policy("identity.help_school", "给本校的人重置密码", OFFICE_ROLES, Workspace.SCHOOL)
)

help_district = register_policy(
    Policy("identity.help_district", "给全区的人重置密码", frozenset({"district_admin"}), Workspace.DISTRICT)
)
