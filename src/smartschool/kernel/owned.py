"""Base of every organisation-owned table, and the three kinds a table can be."""

from enum import StrEnum
from typing import Any, ClassVar, Self

from django.db import models

from smartschool.kernel.scope import current_scope


class TableKind(StrEnum):
    """Declared on every model as `table_kind`; a sweep in tests/architecture fails without it."""

    REFERENCE = "reference"  # no personal data
    ACCOUNT_KEYED = "account-keyed"  # identity's own: reached by account, never listed
    OWNED = "owned"  # an organisation column and row-level security


class Sharing(StrEnum):
    """How rows of an owned table travel over the organisation tree (which list row security reads)."""

    NONE = "read_orgs"  # pupil rows: their own organisation only
    DOWN = "shared_orgs"  # item bank, regulation: also seen by the organisations below
    UP = "aggregate_orgs"  # counts without persons: also seen by the organisations above


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows are filtered by PostgreSQL; this only makes a forgotten scope loud."""

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            current_scope()
        super()._fetch_all()


class OwnedManager(models.Manager.from_queryset(OwnedQuerySet)):  # type: ignore[misc]
    """Asserts an open scope; row-level security does the filtering."""

    def get_queryset(self) -> OwnedQuerySet:
        current_scope()
        return super().get_queryset()


class Owned(models.Model):
    """A row that belongs to one organisation, from migration 0001, child rows included."""

    table_kind: ClassVar[TableKind] = TableKind.OWNED
    sharing: ClassVar[Sharing] = Sharing.NONE

    organisation = models.ForeignKey("directory.Organisation", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[OwnedManager] = OwnedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    @classmethod
    def rows(cls) -> "models.QuerySet[Self]":
        """Typed spelling of `objects.all()`."""
        return cls.objects.all()
