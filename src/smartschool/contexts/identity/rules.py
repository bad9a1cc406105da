"""Numbers of login, session and password rules, read once from rules.toml."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources

ADMIN_ROLES = frozenset({"district_admin", "academic_admin"})
FAMILY_ROLES = frozenset({"student", "guardian"})


@dataclass(frozen=True)
class Rules:
    """All limits of this room."""

    failures: int
    window: timedelta
    lock: timedelta
    idle: dict[str, timedelta]
    longest_session: timedelta
    seen_every: timedelta
    shortest: int
    classes: int
    history: int
    staff_expiry: timedelta
    pupil_shortest: int
    once_valid: timedelta

    def idle_limit(self, roles: frozenset[str]) -> timedelta:
        """How long a session of somebody with these roles may rest."""
        limits = [self.idle["admin" if role in ADMIN_ROLES else _kind(role)] for role in roles]
        return min(limits, default=min(self.idle.values()))


def _kind(role: str) -> str:
    return role if role in FAMILY_ROLES else "staff"


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The rules in force."""
    text = resources.files("smartschool.contexts.identity").joinpath("rules.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    lock, idle, password = data["lock_out"], data["idle_minutes"], data["password"]
    return Rules(
        failures=lock["failures"],
        window=timedelta(minutes=lock["window_minutes"]),
        lock=timedelta(minutes=lock["lock_minutes"]),
        idle={key: timedelta(minutes=value) for key, value in idle.items() if key != "source"},
        longest_session=timedelta(hours=data["session"]["longest_hours"]),
        seen_every=timedelta(seconds=data["session"]["seen_every_seconds"]),
        shortest=password["shortest"],
        classes=password["classes"],
        history=password["history"],
        staff_expiry=timedelta(days=password["staff_expiry_days"]),
        pupil_shortest=password["pupil_shortest"],
        once_valid=timedelta(days=password["once_days"]),
    )
