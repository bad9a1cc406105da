"""Retention as data, and the job's verb that deletes what is past its time."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib import resources

from smartschool.kernel import clock
from smartschool.kernel.registry import Registry


@dataclass(frozen=True)
class RetentionRule:
    """How long a class of data is kept after its trigger, and on what basis."""

    key: str
    zh: str
    trigger: str
    days: int
    source: str


@lru_cache(maxsize=1)
def rules() -> dict[str, RetentionRule]:
    """All rules by key."""
    text = resources.files("smartschool.kernel").joinpath("retention.toml").read_text(encoding="utf-8")
    return {key: RetentionRule(key, **row) for key, row in tomllib.loads(text).items()}


@dataclass(frozen=True)
class Expiry:
    """A room's way to delete its rows of one class: cut-off instant → number of rows removed."""

    name: str
    rule: str
    purge: Callable[[datetime], int]


expiries: Registry[Expiry] = Registry("expiry", key=lambda expiry: expiry.name)


def purge_all() -> dict[str, int]:
    """Run every registered expiry; returns rows removed by name."""
    at = clock.now()
    return {
        expiry.name: expiry.purge(at - timedelta(days=rules()[expiry.rule].days)) for expiry in expiries.all()
    }
