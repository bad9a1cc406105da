"""Functions that other rooms may call."""

from smartschool.contexts.curriculum.queries import (
    match_points,
    points_by_code,
    points_by_id,
    points_of,
    prerequisites_of,
    search_points,
)

__all__ = [
    "match_points",
    "points_by_code",
    "points_by_id",
    "points_of",
    "prerequisites_of",
    "search_points",
]
