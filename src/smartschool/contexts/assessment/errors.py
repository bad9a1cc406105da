"""Errors of assessment: what happened and what to do."""

from collections.abc import Sequence

from smartschool.contexts.assessment.regulation import Refusal
from smartschool.kernel.errors import DomainError
from smartschool.kernel.tabular import Fault


class ExamRefused(DomainError):
    """The regulation speaks against the exam; `data.rules` quotes the clauses."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(
            "assessment.exam_refused",
            "没有建考试。" + "".join(refusal.message for refusal in refusals),
            rules=[[refusal.rule, refusal.source] for refusal in refusals],
        )


class BlueprintRefused(DomainError):
    """The two-way table has faults; nothing was written."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        first = faults[0]
        place = f"第 {first.row} 行{first.column}：" if first.row else ""
        super().__init__(
            "assessment.blueprint_refused", f"没有保存，有 {len(faults)} 处要改。{place}{first.message}"
        )


class ItemsFrozen(DomainError):
    """Marks stand in the order of the items; items can be corrected, not added, removed or moved."""

    def __init__(self, n_items: int) -> None:
        super().__init__(
            "assessment.items_frozen",
            f"没有保存。这份试卷已有成绩，{n_items} 道小题不能再增减，可以改题型、满分、答案和知识点。",
            status=409,
        )


class MarksAboveFull(DomainError):
    """A new full score would be below marks that pupils have."""

    def __init__(self, label: str, full: float) -> None:
        super().__init__(
            "assessment.marks_above_full",
            f"没有保存。第 {label} 题改成满分 {full:g} 后，有人的得分超过满分。先改这些得分，或换一个满分。",
            status=409,
        )


class ReasonMissing(DomainError):
    """A correction after marks needs a reason."""

    def __init__(self) -> None:
        super().__init__("assessment.reason_missing", "没有保存。已有成绩后改动要写原因，会留在记录里。")
