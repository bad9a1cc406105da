"""The 学籍 importer: one workbook row is one pupil with class, number and guardians."""

from collections.abc import Sequence
from typing import ClassVar

from smartschool.contexts.directory.importers.roster_checks import RosterFacts, check_roster
from smartschool.contexts.directory.importers.roster_columns import roster_columns
from smartschool.contexts.directory.importers.roster_plan import plan_roster
from smartschool.contexts.directory.importers.roster_write import write_roster
from smartschool.contexts.directory.records import recount
from smartschool.kernel.importing import ADD, SNAPSHOT, Importer, Plan, Target
from smartschool.kernel.journal import Journal
from smartschool.kernel.scope import current_scope
from smartschool.kernel.tabular import Checked, Column


class RosterImporter(Importer):
    """学籍 workbook (domain 04 §4.5)."""

    name: ClassVar[str] = "roster"
    zh: ClassVar[str] = "学生"
    hint: ClassVar[str] = "全国学籍导出的表，或者学校自己的花名册"
    policy: ClassVar[str] = "directory.import_records"
    modes: ClassVar[tuple[str, ...]] = (ADD, SNAPSHOT)

    def columns(self, target: Target) -> Sequence[Column]:
        return roster_columns()

    def validate(self, checked: Checked, target: Target) -> None:
        checked.facts = check_roster(checked, target.day)

    def match(self, checked: Checked, target: Target) -> Plan:
        facts = checked.facts
        if not isinstance(facts, RosterFacts):
            raise TypeError("match() before validate()")
        return plan_roster(checked, facts, target, roster_columns())

    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        write_roster(plan, target, journal)
        recount(current_scope().write)

    def undone(self, target: Target) -> None:
        recount(current_scope().write)
