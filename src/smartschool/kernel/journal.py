"""Journal of one batch of writes: what was added, how changed rows looked before; undo from it alone.

Rows are gathered in units (a pupil with its placement and guardians), which are taken back whole or not
at all. A unit is left alone when one of its rows was changed since, something else refers to it, or its
old seat is taken.
Shared rows (a class that the batch made) belong to no unit; they go last and only when nothing needs them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connections, models, transaction
from psycopg import sql

from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.bulk import array
from smartschool.kernel.fields import EncryptedTextField

Image = dict[str, Any]


@dataclass(slots=True)
class _Table:
    added: dict[int, str | None] = field(default_factory=dict)
    before: dict[int, tuple[str | None, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undone:
    """Labels of the units that were taken back, and of those that were not with the reason."""

    done: int
    blocked: list[tuple[str, str]]


class Journal:
    """Collects while a batch is written; `image` closes it into plain data, to be kept encrypted."""

    def __init__(self, using: str = "default") -> None:
        self._using = using
        self._tables: dict[str, _Table] = {}
        self._labels: dict[str, str] = {}

    def label(self, labels: Mapping[str, str]) -> None:
        """Name units in words, for the list of what could not be undone."""
        self._labels.update(labels)

    def added(
        self, model: type[models.Model], ids: Iterable[int], units: Iterable[str | None] | None = None
    ) -> None:
        """Rows that the batch inserted; without `units` they are shared."""
        table = self._tables.setdefault(model._meta.db_table, _Table())
        if units is None:
            table.added.update(dict.fromkeys(ids))
        else:
            table.added.update(zip(ids, units, strict=True))

    def before(
        self, model: type[models.Model], ids: Sequence[int], units: Sequence[str | None] | None = None
    ) -> None:
        """Rows that the batch is about to change; call before the UPDATE."""
        name = model._meta.db_table
        table = self._tables.setdefault(name, _Table())
        fresh = [pk for pk in ids if pk not in table.added and pk not in table.before]
        if not fresh:
            return
        unit_of = dict(zip(ids, units, strict=True)) if units is not None else {}
        with bound_cursor(self._using) as cursor:
            cursor.execute(_images(name), [array(fresh)])
            for pk, image in cursor.fetchall():
                table.before[pk] = (unit_of.get(pk), image)

    def image(self) -> Image:
        """Everything that undo needs, with a fingerprint of each row as the batch has left it."""
        tables = {}
        for name, table in self._tables.items():
            columns = _columns(name)
            marks = _fingerprints(name, columns, [*table.added, *table.before], self._using)
            tables[name] = {
                "columns": columns,
                "added": [[pk, unit, marks.get(pk)] for pk, unit in table.added.items()],
                "before": [[pk, unit, marks.get(pk), image] for pk, (unit, image) in table.before.items()],
            }
        return {"tables": tables, "labels": self._labels}


@lru_cache(maxsize=256)
def _images(table: str) -> str:
    statement = sql.SQL("SELECT id, to_jsonb(t)::text FROM {} t WHERE id = ANY(%s::bigint[])")
    return statement.format(sql.Identifier(table)).as_string(None)


def undo(image: Image, *, using: str = "default") -> Undone:
    """Take a batch back, unit by unit; runs inside the caller's transaction and scope."""
    tables: dict[str, Any] = image["tables"]
    blocked: dict[str, str] = {}
    units: set[str] = set()
    stale: dict[str, set[int]] = {}
    for name, table in tables.items():
        entries = [entry[:3] for entry in (*table["added"], *table["before"])]
        now = _fingerprints(name, table["columns"], [pk for pk, _, _ in entries], using)
        for pk, unit, mark in entries:
            if unit is not None:
                units.add(unit)
            if now.get(pk) != mark:
                stale.setdefault(name, set()).add(pk)
                if unit is not None:
                    blocked[unit] = "导入后又改过"
    touched = {name: {entry[0] for entry in (*t["added"], *t["before"])} for name, t in tables.items()}
    for name, table in tables.items():
        unit_of = {pk: unit for pk, unit, _ in table["added"] if unit is not None}
        for pk in _referenced(name, list(unit_of), touched, using):
            blocked.setdefault(unit_of[pk], "已有别的记录用到它")

    while True:
        try:
            with transaction.atomic(using=using):
                _take_back(tables, blocked, stale, using)
            break
        except IntegrityError:
            clashing = _clashing(tables, blocked, stale, using)
            if not clashing:
                raise
            # What such a unit added stays as well and may hold the seat of another: look again.
            blocked |= dict.fromkeys(clashing, "原来的位置已被后来的记录占用")
    labels = image["labels"]
    return Undone(len(units) - len(blocked), [(labels.get(unit, unit), why) for unit, why in blocked.items()])


def _take_back(
    tables: dict[str, Any], blocked: Mapping[str, str], stale: Mapping[str, set[int]], using: str
) -> None:
    # Away with the new before the old comes back: both may claim the same seat.
    _delete_units(tables, blocked, using)
    for name, table in tables.items():
        gone = stale.get(name, set())
        images = [row for pk, unit, _, row in table["before"] if unit not in blocked and pk not in gone]
        _restore(name, table["columns"], images, using)
    for name, table in tables.items():
        shared = [pk for pk, unit, _ in table["added"] if unit is None and pk not in stale.get(name, ())]
        needed = _referenced(name, shared, {}, using)
        _delete(name, [pk for pk in shared if pk not in needed], using)


def _delete_units(tables: dict[str, Any], blocked: Mapping[str, str], using: str) -> None:
    for name, table in tables.items():
        own = [pk for pk, unit, _ in table["added"] if unit is not None and unit not in blocked]
        _delete(name, own, using)


def _clashing(
    tables: dict[str, Any], blocked: Mapping[str, str], stale: Mapping[str, set[int]], using: str
) -> list[str]:
    """Units whose old rows a rule of the database refuses, as when a later row sits in their seat.

    Tried out and rolled back; halves of halves, so that a few among thousands cost few statements.
    """
    units = dict.fromkeys(unit for t in tables.values() for _, unit, _, _ in t["before"] if unit is not None)

    def refused(group: list[str]) -> list[str]:
        wanted = set(group)
        try:
            with transaction.atomic(using=using):
                for name, table in tables.items():
                    gone = stale.get(name, set())
                    images = [
                        row for pk, unit, _, row in table["before"] if unit in wanted and pk not in gone
                    ]
                    _restore(name, table["columns"], images, using)
        except IntegrityError:
            if len(group) == 1:
                return group
            middle = len(group) // 2
            return refused(group[:middle]) + refused(group[middle:])
        return []

    with transaction.atomic(using=using):
        _delete_units(tables, blocked, using)
        found = refused([unit for unit in units if unit not in blocked])
        # A seat may have become free by a unit that came back later.
        while found and len(again := refused(found)) < len(found):
            found = again
        transaction.set_rollback(True, using=using)
    return found


def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}


def _columns(table: str) -> list[str]:
    return [str(column.column) for column in _models()[table]._meta.concrete_fields]


# Key id and nonce stand first in an encrypted value, and each encryption draws a new nonce: a prefix tells
# as much as the whole, and details of a pupil are a thousand bytes.
_ENCRYPTED_PREFIX = 40


def _fingerprints(table: str, columns: Sequence[str], ids: Sequence[int], using: str) -> dict[int, int]:
    if not ids:
        return {}
    with bound_cursor(using) as cursor:
        cursor.execute(_fingerprint(table, tuple(columns)), [array(ids)])
        return dict(cursor.fetchall())


@lru_cache(maxsize=256)
def _fingerprint(table: str, columns: tuple[str, ...]) -> str:
    sealed = {
        str(one.column) for one in _models()[table]._meta.concrete_fields if type(one) is EncryptedTextField
    }
    parts = [
        sql.SQL("substring({} FROM 1 FOR {})").format(sql.Identifier(name), sql.Literal(_ENCRYPTED_PREFIX))
        if name in sealed
        else sql.Identifier(name)
        for name in columns
    ]
    # 64 bits of the values themselves: half the time of a digest of their text.
    statement = sql.SQL("SELECT id, hash_record_extended(ROW({}), 0) FROM {} WHERE id = ANY(%s::bigint[])")
    filled = statement.format(sql.SQL(", ").join(parts), sql.Identifier(table))
    return filled.as_string(None)


def _referenced(table: str, ids: Sequence[int], own: Mapping[str, set[int]], using: str) -> set[int]:
    """Those of `ids` to which rows outside the batch (`own`: table → its rows) refer."""
    found: set[int] = set()
    if not ids:
        return found
    for relation in _models()[table]._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
            continue
        other = relation.related_model
        if not isinstance(other, type) or other._meta.proxy:
            continue
        column = str(relation.field.column)  # type: ignore[union-attr]
        statement = sql.SQL(
            "SELECT DISTINCT {c} FROM {t} WHERE {c} = ANY(%s::bigint[]) AND NOT (id = ANY(%s::bigint[]))"
        ).format(c=sql.Identifier(column), t=sql.Identifier(other._meta.db_table))
        with connections[using].cursor() as cursor:
            cursor.execute(statement, [array(ids), array(own.get(other._meta.db_table, ()))])
            found.update(row[0] for row in cursor.fetchall())
    return found


def _restore(table: str, columns: Sequence[str], images: list[str], using: str) -> None:
    if not images:
        return
    names = [sql.Identifier(column) for column in columns if column != "id"]
    statement = sql.SQL(
        "UPDATE {t} t SET {settings} FROM jsonb_populate_recordset(NULL::{t}, %s::jsonb) s WHERE t.id = s.id"
    ).format(
        t=sql.Identifier(table), settings=sql.SQL(", ").join(sql.SQL("{0} = s.{0}").format(n) for n in names)
    )
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [f"[{','.join(images)}]"])


def _delete(table: str, ids: Sequence[int], using: str) -> None:
    if not ids:
        return
    statement = sql.SQL("DELETE FROM {} WHERE id = ANY(%s::bigint[])").format(sql.Identifier(table))
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [array(ids)])
