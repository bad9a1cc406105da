"""What curriculum hands to other rooms."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PointInfo:
    """One knowledge point. `path` lists the names from the root to the point itself."""

    id: int
    code: str
    name: str
    subject: str
    stage: str
    level: int
    parent_code: str | None
    path: tuple[str, ...]
    reviewed: bool
