"""The one list of roles, read from roles.toml."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources


@dataclass(frozen=True)
class Role:
    """A role: its Chinese title, the kinds of organisation where it is held, the record that gives it."""

    name: str
    zh: str
    at: tuple[str, ...]
    by: str


# Posts that run the office of a school.
OFFICE = frozenset({"principal", "academic_admin"})


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """All roles by name, in the order of the list."""
    text = resources.files("smartschool.contexts.directory").joinpath("roles.toml").read_text("utf-8")
    return {
        name: Role(name, row["zh"], tuple(row["at"]), row["by"]) for name, row in tomllib.loads(text).items()
    }
