"""What every signed-in person may do with the own account."""

from smartschool.kernel.policy import Policy, Workspace, register_policy

use_account = register_policy(
    Policy("identity.use_account", "用自己的账号", frozenset(), Workspace.ACCOUNT, write=True)
)
