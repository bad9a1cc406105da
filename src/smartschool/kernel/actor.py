"""Actor: who acts, by which currently valid affiliations, and in which organisation at the moment."""

from dataclasses import dataclass, field, replace

from smartschool.kernel.scope import Scope


@dataclass(frozen=True)
class OrganisationRef:
    """What the request path needs to know of an organisation."""

    id: int
    code: str
    name: str
    kind: str


@dataclass(frozen=True)
class Affiliation:
    """One currently valid tie of a person to an organisation (a post, a place in a class, a child)."""

    role: str
    organisation: OrganisationRef
    ancestors: tuple[OrganisationRef, ...] = ()
    descendants: tuple[OrganisationRef, ...] = ()
    record_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """Built once per request by identity; passed to every command as its first argument."""

    account_id: int | None = None
    person_id: int | None = None
    affiliations: tuple[Affiliation, ...] = ()
    system: str | None = None
    name: str = field(default="", compare=False)
    workspace: OrganisationRef | None = field(default=None, compare=False)
    role: str | None = None

    @property
    def is_authenticated(self) -> bool:
        return self.account_id is not None

    def roles(self) -> frozenset[str]:
        return frozenset(a.role for a in self.affiliations)

    def with_roles(self, roles: frozenset[str]) -> tuple[Affiliation, ...]:
        """The affiliations that carry one of `roles`."""
        return tuple(a for a in self.affiliations if a.role in roles)

    def at(self, workspace: OrganisationRef | None, role: str | None) -> "Actor":
        """The same person, acting in `workspace` as `role`."""
        return replace(self, workspace=workspace, role=role)


ANONYMOUS = Actor()


def system_actor(name: str) -> Actor:
    """A job acting on its own account; audit shows its name."""
    return Actor(system=name)


def reach(affiliations: tuple[Affiliation, ...]) -> Scope:
    """Scope over all organisations of `affiliations` (the `/me/` and `/district/` workspaces)."""
    own = frozenset(a.organisation.id for a in affiliations)
    return Scope(
        read=own,
        write=own,
        shared=frozenset(o.id for a in affiliations for o in a.ancestors),
        aggregate=frozenset(o.id for a in affiliations for o in a.descendants),
    )
