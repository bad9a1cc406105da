"""Functions that other rooms may call."""

from smartschool.contexts.curriculum.commands.points import import_points
from smartschool.contexts.curriculum.knowledge_file import read as read_points
from smartschool.contexts.curriculum.queries import (
    match_points,
    point_words,
    points_by_code,
    points_by_id,
    points_of,
    prerequisites_of,
    search_points,
)

__all__ = [
    "import_points",
    "match_points",
    "point_words",
    "points_by_code",
    "points_by_id",
    "points_of",
    "prerequisites_of",
    "read_points",
    "search_points",
]
