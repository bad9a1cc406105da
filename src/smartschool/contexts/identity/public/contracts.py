"""What the door of identity hands out."""

from dataclasses import dataclass

from smartschool.kernel.actor import OrganisationRef


@dataclass(frozen=True)
class Place:
    """One role of a person at one organisation: what the switch in the user menu offers."""

    key: str
    role: str
    zh: str
    organisation: OrganisationRef
    home: str
