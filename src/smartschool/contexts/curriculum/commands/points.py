"""Writes knowledge trees. Codes are never reused: a point that left the file stays, items point to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from smartschool.contexts.curriculum.errors import TreeRefused
from smartschool.contexts.curriculum.knowledge_file import PointRow, faults_of
from smartschool.contexts.curriculum.models import KnowledgePoint
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.tabular import Fault


@dataclass(frozen=True)
class Imported:
    """Counts of one import."""

    added: int
    changed: int
    unchanged: int


@command("curriculum.import_points")
def import_points(
    *, actor: Actor, subject: str, stage: str, source: str, rows: Sequence[PointRow]
) -> Imported:
    """Add the points of a file and take over changed names and places.

    A renamed point loses its `reviewed`: what a 教研员 confirmed was the former name.

    Raises
    ------
    TreeRefused
        The file has faults, or a code belongs to another tree.
    """
    faults = list(faults_of(rows))
    known = {point.code: point for point in KnowledgePoint.objects.filter(code__in=[r.code for r in rows])}
    for row in rows:
        former = known.get(row.code)
        if former and (former.subject, former.stage) != (subject, stage):
            message = f"编码 {row.code} 已经用于别的学科，请换一个编码。"
            faults.append(Fault("", row.line, "编码", "code_taken", message))
    if faults:
        raise TreeRefused(faults)
    made = dict(known)
    added, changed = 0, 0
    # Level by level, so that each point finds its parent's key; a tree has at most four levels.
    level = {"": 0}
    for row in rows:
        level[row.code] = level[row.parent] + 1
    for depth in range(1, max(level.values()) + 1):
        fresh, altered = [], []
        for position, row in enumerate(rows):
            if level[row.code] != depth:
                continue
            parent = made[row.parent] if row.parent else None
            point = known.get(row.code)
            if point is None:
                made[row.code] = KnowledgePoint(
                    subject=subject,
                    stage=stage,
                    code=row.code,
                    name=row.name,
                    parent=parent,
                    level=depth,
                    position=position,
                    source=source,
                )
                fresh.append(made[row.code])
            elif _differs(point, row, parent, depth, position):
                point.reviewed = point.reviewed and point.name == row.name
                point.name, point.parent, point.level, point.position = row.name, parent, depth, position
                altered.append(point)
        KnowledgePoint.objects.bulk_create(fresh)
        KnowledgePoint.objects.bulk_update(altered, ["name", "parent", "level", "position", "reviewed"])
        added, changed = added + len(fresh), changed + len(altered)
    report = Imported(added, changed, len(rows) - added - changed)
    done(
        ("curriculum.tree", f"{subject}/{stage}"),
        organisation_id=None,
        data={"source": source, "added": added, "changed": changed, "unchanged": report.unchanged},
    )
    return report


def _differs(
    point: KnowledgePoint, row: PointRow, parent: KnowledgePoint | None, level: int, position: int
) -> bool:
    return (point.name, point.parent_id, point.level, point.position) != (
        row.name,
        parent.pk if parent else None,
        level,
        position,
    )
