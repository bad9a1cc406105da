"""Owns which knowledge points a table of mastery shows: those that somebody in the class was judged on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartschool.contexts.diagnosis.compose.class_report import PupilLine


@dataclass(frozen=True, slots=True)
class MasteryTable:
    """Pupils by 学号 against the points that were judged; `vague` names the others."""

    columns: tuple[str, ...]
    rows: tuple[tuple[PupilLine, tuple[int | None, ...]], ...]  # states are () for who did not take part
    vague: tuple[str, ...]


def mastery_table(names: Sequence[str], pupils: Sequence[PupilLine]) -> MasteryTable:
    """Leave out each point on which no pupil has a state: a column of dashes hides those that say something.

    Parameters
    ----------
    names
        Names of the paper's points, in the order of `PupilLine.states`.
    pupils
        All pupils of the class; the order is kept.
    """
    told = [k for k in range(len(names)) if any(one.states and one.states[k] is not None for one in pupils)]
    return MasteryTable(
        columns=tuple(names[k] for k in told),
        rows=tuple((one, tuple(one.states[k] for k in told) if one.states else ()) for one in pupils),
        vague=tuple(name for k, name in enumerate(names) if k not in told),
    )
