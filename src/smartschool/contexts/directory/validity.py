"""Half-open validity as a condition."""

from datetime import date

from django.db.models import Q


def valid_on(day: date, prefix: str = "") -> Q:
    """``valid_from <= day < valid_to``, an open row has no end; `prefix` like ``"staff__"``."""
    return Q(**{f"{prefix}valid_from__lte": day}) & (
        Q(**{f"{prefix}valid_to__isnull": True}) | Q(**{f"{prefix}valid_to__gt": day})
    )
