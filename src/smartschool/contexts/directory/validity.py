"""What holds on a day, as conditions: half-open validity, the running term."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from smartschool.contexts.directory.models import Placement, Term


def valid_on(day: date, prefix: str = "") -> Q:
    """``valid_from <= day < valid_to``, an open row has no end; `prefix` like ``"staff__"``."""
    return Q(**{f"{prefix}valid_from__lte": day}) & (
        Q(**{f"{prefix}valid_to__isnull": True}) | Q(**{f"{prefix}valid_to__gt": day})
    )


def without_seat(day: date) -> Q:
    """Enrolments that sit in no class: their pupils attend nowhere yet."""
    return ~Q(pk__in=Placement.objects.filter(valid_on(day)).values("enrolment_id"))


def current_term_id(day: date) -> QuerySet[Any]:
    """Subquery: the running term, in the holidays the one that ended last."""
    return Term.objects.filter(starts_on__lte=day).order_by("-starts_on").values("pk")[:1]
