"""What an import answers to whoever started it: frozen, without Django."""

from dataclasses import asdict, dataclass, field
from typing import Any

from smartschool.kernel.tabular import Fault


@dataclass(frozen=True, slots=True)
class SheetCounts:
    """Counts of one sheet of a file of several; they add up to those of the file."""

    sheet: str
    rows: int
    applied: int
    unchanged: int
    refused: int


@dataclass(frozen=True, slots=True)
class HeaderRead:
    """A header that is no known word: taken for the column that it resembles, or not read ("")."""

    sheet: str
    header: str
    column: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of a check or an import.

    ``rows = applied + unchanged + refused`` holds always. A dry run tells what would be applied; where
    nothing was applied, every good row counts as unchanged, because it left the data as it was.
    """

    rows: int
    applied: int
    unchanged: int
    refused: int
    faults: tuple[Fault, ...]
    added: int = 0
    changed: int = 0
    left: int = 0
    warnings: tuple[Fault, ...] = ()
    nothing_applied: bool = False
    run: str = ""
    dry_run: bool = False
    sheets: tuple[SheetCounts, ...] = ()  # of a file with several data sheets
    headers: tuple[HeaderRead, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The shape that the command line prints."""
        return {
            "rows": self.rows,
            "applied": self.applied,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "faults": [fault_json(fault) for fault in self.faults],
            "added": self.added,
            "changed": self.changed,
            "left": self.left,
            "warnings": [fault_json(fault) for fault in self.warnings],
            "run": self.run,
            "dry_run": self.dry_run,
            "sheets": [asdict(counts) for counts in self.sheets],
            "headers": [asdict(one) for one in self.headers],
        }


def fault_json(fault: Fault) -> dict[str, Any]:
    """One fault as the command line and the API print it."""
    return {
        "sheet": fault.sheet,
        "row": fault.row,
        "column": fault.column,
        "code": fault.code,
        "message": fault.message,
    }


@dataclass(frozen=True, slots=True)
class UndoReport:
    """Result of an undo: units taken back, and what was left with the reason."""

    done: int
    blocked: tuple[tuple[str, str], ...] = field(default=())
