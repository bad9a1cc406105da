"""One look at a file without writing: read, check the cells, compare with the database, weigh the brake."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from smartschool.contexts.exchange.public.contracts import HeaderRead, ImportReport, SheetCounts
from smartschool.contexts.exchange.reading.table import ReadSheet, ReadTable, closest_sheet, read_table
from smartschool.kernel.importing import ADDED, CHANGED, SNAPSHOT, Importer, Plan, Target
from smartschool.kernel.tabular import Checked, Column, Fault, FileRefused, check_frame

# A snapshot that would take away more than 5 % of the records, or change more than 20 %, is more often a
# forgotten class or a shifted column than the truth: somebody has to say yes.
LEAVING_BRAKE = 0.05
CHANGED_BRAKE = 0.20


@dataclass(slots=True)
class Reading:
    """The pure half: what the file says. `refused` is set where the whole file could not be taken."""

    table: ReadTable | None = None
    checked: Checked | None = None
    refused: FileRefused | None = None
    closest: ReadSheet | None = None  # of a refused file: whose columns a person may map by hand
    headers: tuple[HeaderRead, ...] = ()


@dataclass(slots=True)
class Checkup:
    """Everything known of a file before it is applied."""

    reading: Reading
    plan: Plan | None = None
    brake: list[Fault] = field(default_factory=list)

    @property
    def faults(self) -> list[Fault]:
        if self.reading.refused is not None:
            return [self.reading.refused.as_fault()]
        return self.reading.checked.faults if self.reading.checked else []

    @property
    def warnings(self) -> list[Fault]:
        return self.reading.checked.warnings if self.reading.checked else []

    @property
    def rows(self) -> int:
        return len(self.reading.checked.frame) if self.reading.checked else 0

    @property
    def refused(self) -> int:
        return len(self.reading.checked.bad) if self.reading.checked else 0

    def report(self, *, applies: bool, run: str = "", dry_run: bool = False) -> ImportReport:
        """Counts, as they are (or in a dry run would be) once it applies or not."""
        added = self.plan.count(ADDED) if self.plan and applies else 0
        changed = self.plan.count(CHANGED) if self.plan and applies else 0
        return ImportReport(
            rows=self.rows,
            applied=added + changed,
            unchanged=self.rows - self.refused - added - changed,
            refused=self.refused,
            faults=(*self.faults, *(() if applies else self.brake)),
            added=added,
            changed=changed,
            left=len(self.plan.leaving) if self.plan and applies else 0,
            warnings=tuple(self.warnings),
            nothing_applied=not applies,
            run=run,
            dry_run=dry_run,
            sheets=self._sheets(applies=applies),
            headers=self.reading.headers,
        )

    def _sheets(self, *, applies: bool) -> tuple[SheetCounts, ...]:
        """Counts of each data sheet, where there are several."""
        checked = self.reading.checked
        names = list(dict.fromkeys(checked.frame.sheets)) if checked else []
        if checked is None or len(names) < 2:
            return ()
        kinds = self.plan.kinds if self.plan and applies else [None] * len(checked.frame)
        rows = Counter(checked.frame.sheets)
        refused = Counter(checked.frame.sheets[index] for index in checked.bad)
        applied = Counter(
            sheet for sheet, kind in zip(checked.frame.sheets, kinds, strict=True) if kind in (ADDED, CHANGED)
        )
        return tuple(
            SheetCounts(
                name, rows[name], applied[name], rows[name] - applied[name] - refused[name], refused[name]
            )
            for name in names
        )

    def may_apply(self, *, accept_partial: bool, confirmed: bool) -> bool:
        """The default is all or nothing; the brake needs a yes of its own."""
        if self.plan is None or (self.refused and not accept_partial) or self.refused == self.rows:
            return False
        return not self.brake or confirmed


def read_and_check(
    content: bytes, importer: Importer, target: Target, saved: Mapping[str, str] | None = None
) -> Reading:
    """The pure half; needs no database."""
    columns = importer.columns(target)
    try:
        table = read_table(
            content, columns, saved=saved, keep_extra=importer.keep_extra, claims=importer.claims
        )
        checked = check_frame(table.frame, columns)
    except FileRefused as refused:
        mappable = refused.code in ("missing_column", "no_header", "duplicate_header")
        closest = closest_sheet(content, columns, saved=saved) if mappable else None
        return Reading(refused=refused, closest=closest)
    return Reading(table, checked, headers=_unsure(table, columns, importer))


def _unsure(table: ReadTable, columns: Sequence[Column], importer: Importer) -> tuple[HeaderRead, ...]:
    """Headers that were guessed or not read, but for those that a person has put aside."""
    names = {column.key: column.name for column in columns}
    return tuple(
        HeaderRead(sheet.raw.name, one.text, names.get(one.key or "", ""))
        for sheet in table.sheets
        for one in sheet.header.headings
        if one.how in ("", "guessed") and not importer.claims(one.text)
    )


def compare(reading: Reading, importer: Importer, target: Target) -> Checkup:
    """The other half: inside the file, then against the records. Needs an open scope, writes nothing."""
    checkup = Checkup(reading)
    checked = reading.checked
    if checked is None:
        return checkup
    try:
        importer.validate(checked, target)
        checkup.plan = importer.match(checked, target)
    except FileRefused as refused:
        checkup.reading = Reading(refused=refused)
        return checkup
    _in_order(checked)
    for index in checked.bad:  # a row refused while matching is no longer planned
        checkup.plan.kinds[index] = None
    checkup.brake = _brake(checkup.plan, target)
    return checkup


def _in_order(checked: Checked) -> None:
    """Faults and warnings in the order of the rows; inside a row as they were found."""
    if not checked.faults and not checked.warnings:
        return
    frame = checked.frame
    place = {key: index for index, key in enumerate(zip(frame.sheets, frame.rows, strict=True))}
    for faults in (checked.faults, checked.warnings):
        faults.sort(key=lambda fault: place.get((fault.sheet, fault.row), -1))


def _brake(plan: Plan, target: Target) -> list[Fault]:
    if target.mode != SNAPSHOT or not plan.standing:
        return []
    found = []
    leaving, changed = len(plan.leaving), plan.count(CHANGED)
    if leaving > LEAVING_BRAKE * plan.standing:
        share = 100 * leaving / plan.standing
        found.append(
            Fault(
                "",
                0,
                "",
                "brake_leaving",
                f"有 {leaving} 条在册记录不在文件里，占 {share:.0f}%，超过 5% 的刹车线，没有处理。"
                "请看离开名单；确实离开再确认导入。",
            )
        )
    if changed > CHANGED_BRAKE * plan.standing:
        share = 100 * changed / plan.standing
        found.append(
            Fault(
                "",
                0,
                "",
                "brake_changed",
                f"有 {changed} 条记录会变更，占 {share:.0f}%，超过 20% 的刹车线，没有处理。"
                "请先核对列有没有对错；确实要改再确认导入。",
            )
        )
    return found
