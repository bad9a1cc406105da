"""The only source of time. Instants are UTC; school days are dates in the district's zone."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

DISTRICT_ZONE = ZoneInfo("Asia/Shanghai")

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """Current instant, timezone-aware, UTC."""
    return _frozen.get() or datetime.now(UTC)


def today() -> date:
    """Current school day."""
    return now().astimezone(DISTRICT_ZONE).date()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock still, for tests and for the deterministic demo."""
    if at.tzinfo is None:
        raise ValueError("a frozen clock needs a timezone")
    token = _frozen.set(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
