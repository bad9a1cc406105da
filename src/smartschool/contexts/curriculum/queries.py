"""Reads of curriculum: trees, look-ups by code or name, prerequisites. One query each."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from smartschool.contexts.curriculum.models import KnowledgePoint, Prerequisite
from smartschool.contexts.curriculum.public.contracts import PointInfo
from smartschool.kernel import bulk

# The trees have at most four levels: parents ride along in the same query.
_UP = ("parent", "parent__parent", "parent__parent__parent")


def _info(point: KnowledgePoint) -> PointInfo:
    path: list[str] = []
    node: KnowledgePoint | None = point
    while node is not None:
        path.append(node.name)
        node = node.parent
    return PointInfo(
        point.pk,
        point.code,
        point.name,
        point.subject,
        point.stage,
        point.level,
        point.parent.code if point.parent else None,
        tuple(reversed(path)),
        point.reviewed,
    )


def _infos(queryset: QuerySet[KnowledgePoint]) -> list[PointInfo]:
    return [_info(point) for point in queryset.select_related(*_UP)]


def points_of(subject: str, stage: str) -> list[PointInfo]:
    """The whole tree of a subject and stage, in the order of its source."""
    return _infos(KnowledgePoint.objects.filter(subject=subject, stage=stage).order_by("position"))


def points_by_code(codes: Iterable[str]) -> dict[str, PointInfo]:
    """The points of these codes; unknown codes are left out."""
    return {info.code: info for info in _infos(KnowledgePoint.objects.filter(code__in=list(codes)))}


def points_by_id(ids: Iterable[int]) -> dict[int, PointInfo]:
    """The points of these keys, in the order of the tree."""
    found = KnowledgePoint.objects.filter(pk__in=list(ids)).order_by("position")
    return {info.id: info for info in _infos(found)}


def point_words(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Code and name of the points of these keys, without their place in the tree."""
    rows = bulk.matching(KnowledgePoint, "id", list(ids), ["id", "code", "name"])
    return {key: (code, name) for key, code, name in rows}


def match_points(words: Iterable[str], *, subject: str, stage: str) -> dict[str, list[PointInfo]]:
    """What people write in a two-way table → points of that code or exact name, the deepest first.

    More than one answer means that the name stands at several places of the tree.
    """
    wanted = {word.strip() for word in words if word.strip()}
    found = _infos(
        KnowledgePoint.objects.filter(
            Q(code__in=[word.upper() for word in wanted]) | Q(name__in=wanted),
            subject=subject,
            stage=stage,
        ).order_by("-level", "position")
    )
    return {
        word: [info for info in found if word in (info.name,) or word.upper() == info.code] for word in wanted
    }


def search_points(text: str, *, subject: str, stage: str, limit: int = 12) -> list[PointInfo]:
    """Points whose name contains `text` or whose code begins with it, for a picker."""
    text = text.strip()
    return _infos(
        KnowledgePoint.objects.filter(
            Q(name__contains=text) | Q(code__istartswith=text), subject=subject, stage=stage
        ).order_by("position")[:limit]
    )


def prerequisites_of(point_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Point → the points that it stands on directly."""
    found: dict[int, tuple[int, ...]] = {}
    pairs = Prerequisite.objects.filter(point__in=list(point_ids)).order_by("requires__position")
    for point, requires in pairs.values_list("point_id", "requires_id"):
        found[point] = (*found.get(point, ()), requires)
    return found
