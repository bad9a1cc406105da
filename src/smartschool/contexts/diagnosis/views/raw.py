"""成绩册: ask for the marks of a class, decide on another's request, fetch what was granted."""

import math

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from smartschool.contexts.diagnosis import raw_exports as reads
from smartschool.contexts.diagnosis.commands.raw import (
    ask_raw_export,
    decide_raw_export,
    fetch_raw_export,
)
from smartschool.contexts.diagnosis.policies import ask_raw, decide_raw
from smartschool.contexts.diagnosis.views.files import XLSX, attachment
from smartschool.contexts.diagnosis.workbooks import Sheet, Value, stamp, workbook
from smartschool.kernel import clock
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, requires


@requires("diagnosis.ask_raw")
def requests(request: HttpRequest, school_code: str) -> HttpResponse:
    """Own requests; the office also sees those that wait for a decision."""
    rows = reads.visible(actor_of(request))
    context = {"rows": rows, "school_code": school_code, "said": request.GET.get("said", "")}
    return render(request, "diagnosis/raw_exports.html", context)


@requires("diagnosis.ask_raw")
def ask(request: HttpRequest, school_code: str, paper_code: str, class_code: str) -> HttpResponse:
    """Ask; GET shows the form."""
    figure = (
        ask_raw.queryset(actor_of(request))
        .select_related("run")
        .filter(run__paper_code=paper_code, class_code=class_code)
        .first()
    )
    if figure is None:
        raise NotYours
    if request.method == "POST":
        ask_raw_export(actor=actor_of(request), figure=figure, reason=request.POST.get("reason", ""))
        return _back(school_code, "asked")
    context = {"figure": figure, "school_code": school_code, "subject": figure.run.sketch["subject"]}
    return render(request, "diagnosis/raw_ask.html", context)


@requires("diagnosis.decide_raw")
@require_POST
def decide(request: HttpRequest, school_code: str, code: str) -> HttpResponse:
    """Say yes or no to another person's request."""
    wanted = decide_raw.get(actor_of(request), code=code)
    granted = request.POST.get("answer") == "yes"
    decide_raw_export(actor=actor_of(request), request=wanted, granted=granted)
    return _back(school_code, "granted" if granted else "refused")


@requires("diagnosis.ask_raw")
def fetch(request: HttpRequest, school_code: str, code: str) -> HttpResponse:
    """The granted 成绩册: item marks by 学号, never in an order of marks."""
    actor = actor_of(request)
    wanted = reads.own(actor, code)
    book = reads.mark_book(wanted)
    fetch_raw_export(actor=actor, request=wanted, pupils=len(book.rows))
    at = clock.now()
    rows: list[tuple[Value, ...]] = [
        (number, name, *(None if math.isnan(mark) else mark for mark in (*marks, total)), note)
        for number, name, marks, total, note in book.rows
    ]
    head = ("学号", "姓名", *book.items, f"总分\n{book.full:g} 分", "说明")
    sheet = Sheet("得分", head, tuple(rows), pinned=2)
    data = workbook(book.title, [sheet], watermark=stamp(actor.name, at), made_at=at)
    return attachment(data, XLSX, f"marks-{wanted.code}.xlsx")


def _back(school_code: str, said: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("raw-exports", kwargs={"school_code": school_code}) + f"?said={said}")
