"""Extension points: rooms register, `exchange`, `web` and the command line only run what is registered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.http import HttpRequest
from django.utils.safestring import SafeString

from smartschool.kernel.actor import Actor
from smartschool.kernel.importing import Importer

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things in order of registration; a name registered twice is an error."""

    def __init__(self, kind: str, *, key: Callable[[T], str]) -> None:
        self._kind, self._key, self._items = kind, key, dict[str, T]()

    def register(self, item: T) -> T:
        name = self._key(item)
        if name in self._items:
            raise ValueError(f"{self._kind} {name} is registered twice")
        self._items[name] = item
        return item

    def get(self, name: str) -> T:
        return self._items[name]

    def all(self) -> list[T]:
        return list(self._items.values())

    def __iter__(self) -> Iterator[T]:
        return iter(self.all())


@dataclass(frozen=True)
class NavItem:
    """One entry of the side navigation; shown to roles that its policy allows.

    `url` maps the actor to the address (it may need the school's code) or to None to leave it out; `also`
    names what stands beside that address and belongs to the same entry (the ``papers/`` of ``exams/``).
    """

    name: str
    label: str
    icon: str
    policy: str
    url: Callable[[Actor], str | None]
    order: int = 100
    group: str = ""
    also: tuple[str, ...] = ()


NOTHING = SafeString("")


@dataclass(frozen=True)
class Block:
    """What a panel says today; each part may be empty.

    `lede` is a sentence of where we stand and `todo` a clause of what waits for the reader, both for the
    paragraph that opens the page; `body` is a section in the panel's column.
    """

    body: SafeString = NOTHING
    lede: SafeString = NOTHING
    todo: str = ""


@dataclass(frozen=True)
class Panel:
    """One block of 今日, for the roles that its policy allows; None leaves no trace.

    What waits for the reader stands in the wide column; what is only good to have at hand, at the `side`.
    """

    name: str
    policy: str
    render: Callable[[HttpRequest, Actor], Block | None]
    order: int = 100
    side: bool = False


@dataclass(frozen=True)
class Seed:
    """A room's share of the demo district; run in `order`, deterministic, invented people only.

    `run(size)` gets "district" (25 schools) or "small" (3 schools).
    """

    name: str
    order: int
    run: Callable[[str], None]


@dataclass(frozen=True)
class DemoLogin:
    """One account of the demo district that `up` prints; `role` is its Chinese title. A seed registers it."""

    role: str
    login: str
    password: str


nav_items: Registry[NavItem] = Registry("nav item", key=lambda item: item.name)
panels: Registry[Panel] = Registry("panel", key=lambda item: item.name)
seeds: Registry[Seed] = Registry("seed", key=lambda item: item.name)
importers: Registry[Importer] = Registry("importer", key=lambda item: item.name)
demo_logins: Registry[DemoLogin] = Registry("demo login", key=lambda item: item.role)
