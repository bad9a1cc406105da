"""Errors of curriculum."""

from collections.abc import Sequence

from smartschool.kernel.errors import DomainError
from smartschool.kernel.tabular import Fault


class TreeRefused(DomainError):
    """A knowledge tree has faults; nothing was written."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(
            "curriculum.tree_refused",
            f"没有导入：{len(faults)} 处要改。第 {first.row} 行：{first.message}",
            faults=[[fault.row, fault.code, fault.message] for fault in faults[:200]],
        )
