"""The look-up `any_of`: a column equals one of many numbers, hashes or texts, sent as one array parameter.

``__in`` prepares, binds and parses a parameter a value: for the pupils of a school that costs more than the
query. Both sides of a relation work (``enrolment_id__any_of``).
"""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Field, Lookup

from smartschool.kernel.bulk import array


class AnyOf(Lookup):
    """``column = ANY('{…}'::type[])``."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> str:
        values: Iterable[Any] = self.rhs
        return array(values)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        kind = "bytea" if isinstance(field, models.BinaryField) else "text" if _is_text(field) else "bigint"
        return f"{column} = ANY (%s::{kind}[])", (*parameters, self.rhs)


def _is_text(field: Any) -> bool:
    return isinstance(field, models.CharField | models.TextField)


Field.register_lookup(AnyOf)
models.ForeignKey.register_lookup(AnyOf)
