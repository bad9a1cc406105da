"""Who may bring files in: the school's office, for what the importer's own policy allows as well."""

from smartschool.contexts.directory.public.relations import HoldsPost
from smartschool.contexts.exchange.models import ImportRun
from smartschool.kernel.policy import Policy, Workspace, register_policy

OFFICE = frozenset({"principal", "academic_admin"})

import_files = register_policy(
    Policy(
        "exchange.import_files",
        "把本校的表格导入系统，撤销导入",
        OFFICE,
        Workspace.SCHOOL,
        rows=HoldsPost(*OFFICE).on(ImportRun.rows),
        write=True,
    )
)
