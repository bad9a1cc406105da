"""A pupil's own report: level first, what is mastered, one next step and why. Compared with oneself only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edumetrics.mastery import MasteryState
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.compose.words import Sentence, say, strong
from smartschool.contexts.diagnosis.sketch import PaperSketch


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What is stored of one pupil on one paper; points in the paper's order."""

    present: bool
    reason: str
    level: int | None
    share: float | None  # total over full mark; None where there is no total
    states: tuple[int | None, ...]
    sure: tuple[float, ...]
    n_items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The pupil's own states at an earlier exam of the same subject, by code of the point."""

    exam: str
    states: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class OwnPoint:
    """One knowledge point of the report. `state` None: not enough to say."""

    name: str
    state: int | None
    answered: bool
    note: str
    doubt: bool


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do next, and why it is this one."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class OwnReport:
    """All that the page says."""

    title: str
    present: bool
    reason: str
    level: str
    level_index: int | None
    level_labels: tuple[str, ...]
    sentence: Sentence
    points: tuple[OwnPoint, ...]
    step: NextStep | None
    at_home: str
    marks: str
    primary: bool
    notes: tuple[str, ...]

    @property
    def known(self) -> tuple[OwnPoint, ...]:
        """Points of which something can be said, or whose key is being checked."""
        return tuple(point for point in self.points if point.state is not None or point.doubt)

    @property
    def vague(self) -> str:
        """Names of the points with too few items: one line instead of a page of “证据不足”."""
        return "、".join(point.name for point in self.points if point.state is None and not point.doubt)


def compose_own_report(
    paper: PaperSketch,
    own: OwnResult,
    *,
    lost_items: Sequence[int],
    doubtful_items: Sequence[int],
    earlier: Earlier | None,
    show_marks: bool,
) -> OwnReport:
    """The report on one pupil.

    Parameters
    ----------
    lost_items
        Items on which the pupil lost marks.
    doubtful_items
        Items whose key is being checked.
    earlier
        The own earlier result; None where there is nothing comparable.
    show_marks
        Whether marks may stand behind 看得分; primary schools never show them.
    """
    doubtful = {k for j in doubtful_items for k in paper.items[j].weights}
    sound = [j for j in lost_items if j not in set(doubtful_items)]
    step = _next_step(paper, own, sound, doubtful)
    points = tuple(_point(paper, own, k, earlier, k in doubtful) for k in range(len(paper.points)))
    marks = ""
    if show_marks and paper.junior and own.share is not None:
        marks = f"{words.points_100(own.share)} 分，满分 {words.mark(paper.full)} 分折算为百分制"
    return OwnReport(
        title=f"{paper.exam} · {paper.subject}",
        present=own.present,
        reason=own.reason,
        level="" if own.level is None else paper.level_labels[own.level],
        level_index=own.level,
        level_labels=paper.level_labels,
        sentence=_sentence(paper, own, earlier, step),
        points=points,
        step=step,
        at_home=_at_home(step),
        marks=marks,
        primary=not paper.junior,
        notes=_notes(paper, doubtful_items),
    )


def _point(paper: PaperSketch, own: OwnResult, k: int, earlier: Earlier | None, doubt: bool) -> OwnPoint:
    state = own.states[k] if own.states else None
    answered = bool(own.n_items) and own.n_items[k] > 0
    before = None if earlier is None else earlier.states.get(paper.points[k].code)
    if doubt:
        note = "有一道题的答案正在复核，这一项以后可能会变"
    elif state is None:
        note = "这次的题太少，还看不准" if answered else "这次没有作答"
    elif before is None:
        note = ""
    elif state > before:
        note = "比上次提高"
    elif state < before:
        note = "上次会的，这次要再看一遍"
    else:
        note = "和上次一样"
    return OwnPoint(paper.points[k].name, state, answered, note, doubt)


def gained(paper: PaperSketch, own: OwnResult, earlier: Earlier) -> tuple[int, int]:
    """How many points of both exams are mastered now and were not, and how many could be compared."""
    pairs = [
        (state, before)
        for k, state in enumerate(own.states)
        if state is not None and (before := earlier.states.get(paper.points[k].code)) is not None
    ]
    new = sum(1 for state, before in pairs if state == MasteryState.MASTERED > before)
    return new, len(pairs)


def _sentence(paper: PaperSketch, own: OwnResult, earlier: Earlier | None, step: NextStep | None) -> Sentence:
    if not own.present:
        return say(
            f"这次{own.reason or '没有参加'}，",
            strong("没有等级"),
            "。想知道自己会了哪些，可以找老师要卷子做一做。",
        )
    pieces: Sentence = ()
    if earlier is not None:
        new, compared = gained(paper, own, earlier)
        if new:
            pieces = say("比自己上次，", strong(f"多会了 {new} 个知识点"), "。")
        elif compared:
            pieces = say("和自己上次比，会的知识点差不多。")
    if step is not None:
        return (*pieces, *say(f"接下来练“{step.name}”。"))
    if own.states and all(state == MasteryState.MASTERED for state in own.states):
        return (*pieces, *say(strong("这张卷子上的知识点都会了"), "，可以去帮同学讲一讲。"))
    return (*pieces, *say("没有急着要补的知识点，把错题看一遍就好。")) if paper.points else pieces


def _next_step(
    paper: PaperSketch, own: OwnResult, lost_items: Sequence[int], doubtful: Collection[int]
) -> NextStep | None:
    """The first point in teaching order that needs practice, leaving out what rests on a doubtful key."""
    needs = [
        k for k, state in enumerate(own.states) if state == MasteryState.NEEDS_WORK and k not in doubtful
    ]
    if not needs:
        return None
    first = needs[0]
    lost = [paper.items[j].number for j in lost_items if first in paper.items[j].weights]
    why = f"{words.join_numbers(lost[:4])}都考到它，丢了分。" if len(lost) > 1 else ""
    if len(lost) == 1:
        why = f"第 {lost[0]} 题考到它，丢了分。"
    if len(needs) > 1:
        why += f"要练的有 {len(needs)} 个，先从课本里排在前面的开始。"
    return NextStep(paper.points[first].name, why or "这次的题说明它还不稳。")


def _at_home(step: NextStep | None) -> str:
    if step is None:
        return "今晚可以问孩子：“这张卷子里，哪道题你讲给我听听？”听他说清楚就好，不用打分。"
    return (
        f"今晚可以请孩子讲一道“{step.name}”的题：题目说了什么，第一步为什么这样做。不用教，听他说清楚就好。"
    )


def _notes(paper: PaperSketch, doubtful_items: Sequence[int]) -> tuple[str, ...]:
    found = []
    if doubtful_items:
        numbers = words.join_numbers([paper.items[j].number for j in doubtful_items])
        found.append(f"{numbers}的答案正在复核，改正后这份报告会跟着更新。")
    if not paper.complete:
        found.append("这次只看了几道重点题，没看的题不知道会不会。")
    return tuple(found)
