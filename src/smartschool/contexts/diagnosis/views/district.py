"""The district's quality view, and its workbook, which holds exactly what the screen shows."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from edumetrics.results import Estimate, Outcome
from smartschool.contexts.diagnosis import district
from smartschool.contexts.diagnosis.commands.exports import record_table_export
from smartschool.contexts.diagnosis.compose import words
from smartschool.contexts.diagnosis.views.files import XLSX, attachment
from smartschool.contexts.diagnosis.workbooks import Sheet, Value, stamp, workbook
from smartschool.kernel import clock
from smartschool.kernel.errors import NotYours
from smartschool.kernel.policy import actor_of, requires


def _chosen(request: HttpRequest, found: list[district.Choice]) -> district.Choice | None:
    wanted = request.GET.get("of", "")
    if not wanted:
        return found[0] if found else None
    chosen = next((one for one in found if one.key == wanted), None)
    if chosen is None:
        raise NotYours
    return chosen


@requires("diagnosis.view_quality")
def quality(request: HttpRequest) -> HttpResponse:
    """Knowledge points of one subject and grade, in the order of teaching."""
    found = district.choices()
    chosen = _chosen(request, found)
    shown = None if chosen is None else district.quality(chosen)
    focus = None
    if shown is not None:
        known = [(point, line) for point, line in shown.lines if isinstance(line.whole, Estimate)]
        focus = min(known, key=lambda pair: pair[1].whole.value, default=None)  # type: ignore[union-attr]
    context = {
        "choices": found,
        "chosen": chosen,
        "quality": shown,
        "groups": district.GROUPS,
        "focus": focus,
    }
    return render(request, "diagnosis/quality.html", context)


@requires("diagnosis.view_quality")
def quality_workbook(request: HttpRequest) -> HttpResponse:
    """The same table as a workbook."""
    chosen = _chosen(request, district.choices())
    if chosen is None:
        raise NotYours
    actor, at = actor_of(request), clock.now()
    shown = district.quality(chosen)
    head = ("知识点", "共用题", "学校", "学生", "全区", *(name for _, name in district.GROUPS))
    rows: tuple[tuple[Value, ...], ...] = tuple(
        (
            point.name,
            line.n_items,
            line.n_schools,
            line.n_pupils,
            _said(line.whole),
            *(_said(group) for group in line.groups),
        )
        for point, line in shown.lines
    )
    data = workbook(
        f"{chosen.label} 知识点质量",
        [Sheet("知识点", head, rows)],
        watermark=stamp(actor.name, at),
        made_at=at,
    )
    record_table_export(actor=actor, table="quality", key=chosen.key)
    return attachment(data, XLSX, f"quality-{chosen.key}.xlsx")


def _said(outcome: Outcome) -> str:
    """As on the screen: the share with its interval, or why there is none."""
    share, beside = words.share_and_range(outcome)
    return f"{share}（{beside}）" if share else beside
