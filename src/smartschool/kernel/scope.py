"""Scope: which organisations' rows may appear at all. Set per transaction, read by row-level security.

Four lists, because three kinds of rows travel differently (docs/decisions/0001-scope-lists.md):
`read` and `write` for pupil rows; `shared` adds the ancestors, for what is shared downwards (item bank,
regulation); `aggregate` adds the descendants, for counts without persons that a district may see.
"""

from collections.abc import Iterable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType

from django.db import connections

from smartschool.kernel.bound import bound_cursor

GUCS = ("app.read_orgs", "app.write_orgs", "app.shared_orgs", "app.aggregate_orgs")

_current: ContextVar["Scope | None"] = ContextVar("scope", default=None)


class NoScope(RuntimeError):
    """A query ran on organisation-owned rows and no scope was open: a programming error, never a user's."""


def _array(ids: frozenset[int]) -> str:
    return "{" + ",".join(str(int(i)) for i in sorted(ids)) + "}" if ids else ""


@dataclass
class Scope:
    """A context manager; must be entered inside a transaction, restores what was there before.

    `set_config(…, true)` survives RELEASE SAVEPOINT, so leaving puts the former values back itself; where the
    transaction ends with the scope (`last`), the values end with it.
    """

    read: frozenset[int]
    write: frozenset[int] = frozenset()
    shared: frozenset[int] = frozenset()
    aggregate: frozenset[int] = frozenset()
    using: str = "default"
    last: bool = False
    _token: Token["Scope | None"] | None = field(default=None, repr=False)
    _outer: "Scope | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.read, self.write = frozenset(self.read), frozenset(self.write)
        self.shared = frozenset(self.shared) | self.read
        self.aggregate = frozenset(self.aggregate) | self.read

    def _apply(self, values: tuple[str, str, str, str]) -> None:
        with bound_cursor(self.using) as cursor:
            cursor.execute(
                "SELECT " + ", ".join(f"set_config('{guc}', %s, true)" for guc in GUCS),
                values,
            )

    def values(self) -> tuple[str, str, str, str]:
        return _array(self.read), _array(self.write), _array(self.shared), _array(self.aggregate)

    def __enter__(self) -> "Scope":
        if not connections[self.using].in_atomic_block:
            raise NoScope("a scope lives in a transaction; open one first")
        self._outer = _current.get()
        self._apply(self.values())
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None  # noqa: S101
        _current.reset(self._token)
        connection = connections[self.using]
        if self.last:
            return
        # After an error the transaction is rolled back, and transaction-local settings with it.
        if connection.connection is not None and not connection.needs_rollback and kind is None:
            self._apply(self._outer.values() if self._outer else ("", "", "", ""))
        elif self._outer is not None and not connection.needs_rollback:
            self._apply(self._outer.values())


def current_scope() -> Scope:
    """The open scope, or `NoScope`."""
    scope = _current.get()
    if scope is None:
        raise NoScope("no scope is open: the view lacks @requires, or the job did not open one")
    return scope


def scope_of(organisations: Iterable[int], *, write: bool = True) -> Scope:
    """Scope over the same organisations for reading and, unless told otherwise, writing."""
    ids = frozenset(organisations)
    return Scope(read=ids, write=ids if write else frozenset())
