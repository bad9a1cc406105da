"""What every signed-in person may do with the own account, and who keeps the accounts of others."""

from smartschool.contexts.directory.public.roles import OFFICE
from smartschool.kernel.policy import Policy, Workspace, register_policy

use_account = register_policy(
    Policy("identity.use_account", "用自己的账号", frozenset(), Workspace.ACCOUNT, write=True)
)

manage_school_accounts = register_policy(
    Policy(
        "identity.manage_school_accounts",
        "给本校的人开通账号、重置密码、解锁、停用",
        OFFICE,
        Workspace.SCHOOL,
    )
)

manage_district_accounts = register_policy(
    Policy(
        "identity.manage_district_accounts",
        "给局里的人和各校的校长、教务管理员开通账号；按账号名帮全区的人",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
    )
)
