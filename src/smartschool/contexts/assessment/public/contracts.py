"""What assessment hands to other rooms: marks without an order, papers, and the arrays of one paper."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

# The stored choice where no or several options were filled in; the pupil was there: 0 marks.
NO_ANSWER = "-"


@dataclass(frozen=True, slots=True, eq=True, order=False)
class Mark:
    """得分 of one pupil on an item or a paper.

    Two marks can be equal or not; they cannot be compared, and a list of them cannot be sorted: nothing
    in this system puts pupils, classes or schools in an order by marks.
    """

    value: float
    full: float

    @property
    def rate(self) -> float:
        """得分率, 0 to 1."""
        return self.value / self.full if self.full else 0.0

    def __str__(self) -> str:
        return f"{self.value:g}"


class MarkState(IntEnum):
    """Why a mark is there or not; one per pupil and item (`Attempt.states`)."""

    MARKED = 0  # the mark counts, also when it is 0
    BLANK = 1  # 空白: nothing was written in the sheet; not a 0
    NOT_ENTERED = 2  # the item was left out of a "key items only" entry
    ABSENT = 3  # the whole attempt has no marks (缺考, 缓考, 免考)


class AttemptStatus(IntEnum):
    """考试状态."""

    PRESENT = 0
    ABSENT = 1
    DEFERRED = 2
    EXEMPT = 3

    @property
    def zh(self) -> str:
        return ("正常", "缺考", "缓考", "免考")[self]


class Nature(StrEnum):
    """考试性质."""

    MIDTERM = "midterm"
    FINAL = "final"
    MOCK = "mock"
    MONITORING = "monitoring"

    @property
    def zh(self) -> str:
        return {"midterm": "期中", "final": "期末", "mock": "模拟", "monitoring": "质量监测"}[self.value]


class ItemType(StrEnum):
    """题型. The first three are marked by their key."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    BLANK = "blank"
    OPEN = "open"

    @property
    def zh(self) -> str:
        return {
            "single": "单选题",
            "multiple": "多选题",
            "true_false": "判断题",
            "blank": "填空题",
            "open": "解答题",
        }[self.value]

    @property
    def objective(self) -> bool:
        return self in (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE)


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """One item of a paper as it is now.

    `key` is the right option, for a multiple choice its options in alphabetical order ("ACD"), with "/"
    between answers that are equally right ("A/C"), "" where there is none; `options` lists the letters on
    the paper; `points` pairs a knowledge point's key with its weight.
    """

    id: int
    position: int
    label: str
    type: ItemType
    full: float
    key: str
    options: tuple[str, ...]
    shared_item: str
    points: tuple[tuple[int, float], ...]
    partial: float = 0.0


@dataclass(frozen=True, slots=True)
class BlueprintRow:
    """One row of a two-way table (双向细目表) as people write it; `points` pairs codes with weights."""

    label: str
    type: ItemType
    full: float
    key: str = ""
    options: str = ""
    partial: float = 0.0
    shared_item: str = ""
    points: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ExamInfo:
    """One exam of a school."""

    id: int
    code: str
    name: str
    organisation_id: int
    nature: Nature
    grade: int
    term_id: int
    joint_code: str
    held_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaperInfo:
    """One paper, without items. `item_marks` is False where only totals are known."""

    id: int
    code: str
    exam: ExamInfo
    subject: str
    stage: str
    grade: int
    entry_year: int
    full_score: float
    n_items: int
    revision: int
    marks_at: datetime | None
    item_marks: bool


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The attempts of a paper, or of some of its classes; no names.

    Rows are in natural order: class, then 学号. Shapes: P pupils, I items.

    Attributes
    ----------
    attempt_ids, enrolment_ids, class_ids
        (P,) int64.
    class_numbers
        (P,) int16, 学号 in the class.
    statuses
        (P,) int8, `AttemptStatus`.
    marks
        (P, I) float64, NaN where there is no mark; `states` says why.
    states
        (P, I) int8, `MarkState`.
    choices
        (P, I) strings, "" where no option is known; None when the paper has none at all.
    stated_totals
        (P,) float64: the total as the sheet or the paper's head says; NaN where it was not given. Where
        only totals are known this is the pupil's only mark.
    """

    attempt_ids: NDArray[np.int64]
    enrolment_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    class_numbers: NDArray[np.int16]
    statuses: NDArray[np.int8]
    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    choices: NDArray[np.str_] | None
    stated_totals: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PaperData(Answers):
    """Everything an analysis needs of one paper. K knowledge points.

    Attributes
    ----------
    paper, items
        The paper and its I items in frozen order.
    point_ids, weights
        (K,) keys of knowledge points; (I, K) weight of each point in each item, 0 where it has none.
    """

    paper: PaperInfo
    items: tuple[ItemInfo, ...]
    point_ids: tuple[int, ...]
    weights: NDArray[np.float64]

    @property
    def full_scores(self) -> NDArray[np.float64]:
        """(I,) full score of each item."""
        return np.array([item.full for item in self.items], dtype=np.float64)
