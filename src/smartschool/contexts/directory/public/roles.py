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


# Posts that run the office of a school, and those of the bureau.
OFFICE = frozenset({"principal", "academic_admin"})
DISTRICT = frozenset({"district_admin", "district_researcher", "district_inspector"})
# Who holds one of these can give the next post where it is held: the last of them stays.
GIVERS = OFFICE | {"district_admin"}


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """All roles by name, in the order of the list."""
    text = resources.files("smartschool.contexts.directory").joinpath("roles.toml").read_text("utf-8")
    return {
        name: Role(name, row["zh"], tuple(row["at"]), row["by"]) for name, row in tomllib.loads(text).items()
    }


def given_by_district(kind: str) -> list[Role]:
    """Posts that a 区级管理员 gives at an organisation of this kind, in the order of the list."""
    return [role for role in roles().values() if role.name in OFFICE | DISTRICT and kind in role.at]
