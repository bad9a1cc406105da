"""Verb on the school calendar: the days of a school year's two terms. The bureau's business."""

from datetime import date
from typing import NamedTuple

from smartschool.contexts.directory import errors
from smartschool.contexts.directory.models import SchoolYear, Term
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


class Days(NamedTuple):
    """First and last day of a term."""

    starts_on: date
    ends_on: date

    @property
    def weeks(self) -> int:
        """Weeks that the term touches, counted from its first day."""
        return ((self.ends_on - self.starts_on).days + 7) // 7


@command("directory.set_school_year")
def set_school_year(*, actor: Actor, starts_in: int, autumn: Days, spring: Days) -> SchoolYear:
    """Enter a school year that begins on 1 September of `starts_in`, or move the days of one that is here."""
    first, last = date(starts_in, 9, 1), date(starts_in + 1, 8, 31)
    if not first <= autumn.starts_on < autumn.ends_on < spring.starts_on < spring.ends_on <= last:
        raise errors.terms_out_of_order(starts_in)
    year, made = SchoolYear.objects.get_or_create(
        code=f"{starts_in}-{starts_in + 1}", defaults={"starts_on": first, "ends_on": last}
    )
    for number, days in enumerate((autumn, spring), 1):
        Term.objects.update_or_create(
            school_year=year,
            number=number,
            defaults={"starts_on": days.starts_on, "ends_on": days.ends_on, "weeks": days.weeks},
        )
    done(
        year,
        organisation_id=None,
        data={
            "year": year.code,
            "new": made,
            "days": [day.isoformat() for days in (autumn, spring) for day in days],
        },
        event="directory.school_year_set",
    )
    return year
