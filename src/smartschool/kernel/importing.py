"""The base of importers: what a room implements so that `exchange` can take its workbooks in.

`exchange` reads the file, finds the header by `columns`, runs the cell checks, then calls `validate`
(what contradicts itself inside the file), `match` (what would change, no writes) and, inside one command,
`apply` (set-based writes, every row noted in the journal). Undo is done from the journal alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from smartschool.kernel.actor import Actor
from smartschool.kernel.journal import Journal
from smartschool.kernel.tabular import Checked, Column

ADDED, CHANGED, SAME = "added", "changed", "same"
ADD, SNAPSHOT = "add", "snapshot"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an import goes and how.

    `organisation_id` owns the run: a school, or the bureau for a file of many schools (then `fixed` is
    False and each row says its school). `mode` is "add" (absent rows stay) or "snapshot" (absent rows
    leave). `options` are the importer's own, e.g. ``{"exam": code}``.
    """

    organisation_id: int
    fixed: bool
    mode: str
    day: date
    actor: Actor
    options: Mapping[str, str] = field(default_factory=dict)
    file_name: str = ""  # as the file came; may say what the sheets do not


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a row that would change, as shown (identifiers and phones masked by the importer)."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """A record that the file no longer holds; `group` gathers them in words (六（2）班)."""

    label: str
    group: str


@dataclass(slots=True)
class Plan:
    """What an import would do. All lists over rows follow the frame; refused rows have kind None.

    `standing` is how many records are open now; `changes` and `notes` are for the preview only.
    """

    kinds: list[str | None]
    labels: list[str]
    standing: int = 0
    changes: dict[int, list[FieldChange]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    leaving: list[Leaving] = field(default_factory=list)
    work: Any = None

    def count(self, kind: str) -> int:
        return self.kinds.count(kind)


class Importer(ABC):
    """A kind of workbook. One instance is registered and shared: keep no state in it."""

    name: ClassVar[str]  # in URLs and on the command line: roster
    zh: ClassVar[str]  # on screens: 学生
    policy: ClassVar[str]
    modes: ClassVar[tuple[str, ...]] = (ADD,)
    keep_extra: ClassVar[bool] = False  # keep unknown columns in `frame.extra` (item marks)
    hint: ClassVar[str] = ""  # one sentence: which workbook this is
    listed: ClassVar[bool] = True  # on the import page of its policy's workspace; False: on a page of its own

    @abstractmethod
    def columns(self, target: Target) -> Sequence[Column]:
        """The columns that this workbook may have, official names first among their synonyms."""

    def claims(self, header: str) -> bool:
        """Whether a header that no column knows is one of this workbook (an item of an exam)."""
        return False

    def validate(self, checked: Checked, target: Target) -> None:
        """Find what contradicts itself inside the file; report by `checked.add` and `checked.warn`."""
        return

    @abstractmethod
    def match(self, checked: Checked, target: Target) -> Plan:
        """Compare the good rows with the database. May still refuse rows by `checked.add`. No writes."""

    @abstractmethod
    def apply(self, plan: Plan, checked: Checked, target: Target, journal: Journal) -> None:
        """Write the plan in few statements; tell the journal every row before it changes or as it comes."""

    def undone(self, target: Target) -> None:
        """After a batch was taken back: tell those who follow its rows. Runs in the undoing command."""
        return
