"""Field types that Django lacks: single-precision numbers, so that a season of marks stays small."""

import math
from typing import Any

from django.db import models


class RealField(models.FloatField):
    """PostgreSQL `real`, four bytes: marks are multiples of 0.5 and exact in it."""

    def db_type(self, connection: Any) -> str:
        return "real"


def unknown() -> float:
    """NaN, the mark that is not known; a function because two NaN are never equal to the migration check."""
    return math.nan
