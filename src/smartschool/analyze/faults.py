"""What is wrong with the files handed in, cell by cell, in words that say what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass

MOST_SHOWN = 20
MOST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `row` counts as Excel does (the header is row 1); `column` is the header's text."""

    code: str
    message: str
    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = self.file
        if self.row is not None:
            where += f" 第 {self.row} 行"
        if self.column is not None:
            where += f"“{self.column}”列"
        return f"{where}：{self.message}"

    def as_dict(self) -> dict[str, str | int | None]:
        """For JSON."""
        return asdict(self)


class Refused(Exception):
    """The files cannot be analysed; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(self.text())

    def text(self) -> str:
        """All faults, the first ones in full."""
        lines = [str(fault) for fault in self.faults[:MOST_SHOWN]]
        hidden = len(self.faults) - len(lines)
        if hidden > 0:
            lines.append(f"还有 {hidden} 处，改好上面这些后再运行一次。")
        return "\n".join(lines)


def refuse(code: str, message: str, file: str, row: int | None = None, column: str | None = None) -> Refused:
    """A refusal with a single fault."""
    return Refused([Fault(code, message, file, row, column)])
