"""Pages of the school calendar of the district: the school years with their terms, one year's days."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from smartschool.contexts.directory.commands.calendar import set_school_year
from smartschool.contexts.directory.forms.calendar import SchoolYearForm
from smartschool.contexts.directory.grades import school_year_start
from smartschool.contexts.directory.public.contracts import TermInfo
from smartschool.contexts.directory.public.doors import terms
from smartschool.contexts.directory.undo import offer_undo
from smartschool.contexts.directory.views.common import blame
from smartschool.kernel import clock
from smartschool.kernel.errors import DomainError, NotYours
from smartschool.kernel.policy import actor_of, requires

FIELDS = ("autumn_starts", "autumn_ends", "spring_starts", "spring_ends")


def _years() -> dict[int, list[TermInfo]]:
    """Terms by the calendar year in which their school year began, newest first."""
    found: dict[int, list[TermInfo]] = {}
    for term in reversed(terms()):
        found.setdefault(int(term.school_year[:4]), []).insert(0, term)
    return found


def _days(known: list[TermInfo]) -> dict[str, date]:
    return dict(zip(FIELDS, (day for one in known for day in (one.starts_on, one.ends_on)), strict=False))


def _proposed(year: int, former: list[TermInfo] | None) -> dict[str, date]:
    """The same days as the year before, else the usual ones."""
    usual = (date(year, 9, 1), date(year + 1, 1, 25), date(year + 1, 2, 20), date(year + 1, 7, 5))
    days = dict(zip(FIELDS, usual, strict=True))
    if former:
        for name, day in _days(former).items():
            days[name] = date(day.year + 1, day.month, min(day.day, 28) if day.month == 2 else day.day)
    return days


@requires("directory.manage_terms")
@require_GET
def school_years(request: HttpRequest) -> HttpResponse:
    """All school years; the next one to enter."""
    years, today = _years(), clock.today()
    coming = max(years) + 1 if years else school_year_start(today)
    rows = [
        (year, [(term, term.starts_on <= today <= term.ends_on) for term in known])
        for year, known in years.items()
    ]
    last = max((term.ends_on for known in years.values() for term in known), default=None)
    context = {"rows": rows, "coming": coming, "last": last, "short": last is None or last < today}
    return render(request, "directory/school_years.html", context)


@requires("directory.manage_terms")
@require_http_methods(["GET", "POST"])
def school_year(request: HttpRequest, year: int) -> HttpResponse:
    """The days of one year; the undo posts the former ones to this same address."""
    years = _years()
    known = years.get(year)
    newest = max(years) if years else school_year_start(clock.today()) - 1
    if known is None and year != newest + 1:
        raise NotYours
    initial = _days(known) if known else _proposed(year, years.get(newest))
    form = SchoolYearForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                set_school_year(
                    actor=actor_of(request), starts_in=year, autumn=form.autumn(), spring=form.spring()
                )
            except DomainError as refused:
                blame(form, refused, {}, "autumn_starts")
            else:
                words = f"{year}–{year + 1} 学年的校历已保存。"
                if known:
                    before = {name: day.isoformat() for name, day in _days(known).items()}
                    offer_undo(request, words, request.path, before, "改回去")
                else:
                    messages.success(request, words)
                return HttpResponseRedirect(reverse("directory:school_years"))
    context = {"form": form, "title": f"{year}–{year + 1} 学年", "known": known}
    return render(request, "directory/school_year.html", context, status=status)
