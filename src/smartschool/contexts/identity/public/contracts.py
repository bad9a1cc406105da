"""What the door of identity hands out."""

from dataclasses import dataclass
from datetime import date

from smartschool.kernel.actor import OrganisationRef


@dataclass(frozen=True)
class Place:
    """One role of a person at one organisation: what the switch in the user menu offers."""

    key: str
    role: str
    zh: str
    organisation: OrganisationRef
    home: str


@dataclass(frozen=True)
class FirstAccount:
    """What the command line tells the first 区级管理员; `once` is a password to be changed before
    `lapses_on`."""

    bureau: str
    login: str
    once: str
    lapses_on: date
