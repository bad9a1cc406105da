"""Who may bring files in: the school's office, the district; for what the importer's own policy allows."""

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

import_district_files = register_policy(
    Policy(
        "exchange.import_district_files",
        "把全区的表格导入系统，撤销导入",
        frozenset({"district_admin"}),
        Workspace.DISTRICT,
        rows=HoldsPost("district_admin").on(ImportRun.rows),
        write=True,
    )
)
