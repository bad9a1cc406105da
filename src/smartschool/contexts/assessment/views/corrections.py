"""Corrections after marks were handed in: one class, one item, the marks as they are; a reason is needed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from smartschool.contexts.assessment import policies, queries
from smartschool.contexts.assessment.commands.marks import MarkChange, correct_marks
from smartschool.contexts.assessment.models import MarkCorrection, Paper
from smartschool.contexts.assessment.public.contracts import AttemptStatus, Mark, PaperData
from smartschool.contexts.assessment.views.common import paper_title
from smartschool.contexts.directory.public.doors import classes_by_id
from smartschool.kernel.cells import narrow
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, requires


@requires("assessment.correct_marks")
@require_http_methods(["GET", "POST"])
def corrections(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Choose class and item by the address; change marks by 学号."""
    paper: Paper = policies.correct_marks.get(actor_of(request), code=paper_code)
    data = queries.paper_for_analysis(paper.pk)
    classes = sorted(classes_by_id({int(pk) for pk in data.class_ids}).values(), key=lambda one: one.number)
    if not classes or not data.items:
        return redirect("assessment:paper", school_code, paper_code)
    chosen = next((one for one in classes if one.code == request.GET.get("class")), classes[0])
    text = request.GET.get("item", "1")
    place = min(max(int(text), 1), len(data.items)) - 1 if text.isdigit() else 0
    problem = ""
    if request.method == "POST":
        try:
            written = correct_marks(
                actor=actor_of(request),
                paper=paper,
                changes=_changes(request, data, chosen.id, place),
                reason=request.POST.get("reason", ""),
            )
        except DomainError as refused:
            problem = refused.message
        else:
            messages.success(request, f"已更正 {written.changed} 人的得分，旧的留底，分析会重算。")
            return redirect(request.get_full_path())
    rows = [
        {
            "number": int(data.class_numbers[index]),
            "status": AttemptStatus(int(data.statuses[index])).zh if data.statuses[index] else "",
            "mark": ""
            if data.marks[index, place] != data.marks[index, place]
            else Mark(float(data.marks[index, place]), data.items[place].full),
        }
        for index in range(len(data.attempt_ids))
        if data.class_ids[index] == chosen.id
    ]
    return render(
        request,
        "assessment/corrections.html",
        {
            "paper": paper,
            "title": paper_title(paper),
            "classes": classes,
            "chosen": chosen,
            "items": data.items,
            "item": data.items[place],
            "place": place,
            "rows": rows,
            "problem": problem,
            "reason": request.POST.get("reason", ""),
            "history": MarkCorrection.rows()
            .filter(attempt__paper=paper, attempt__home_class_id=chosen.id)
            .order_by("-id")
            .values("reason", "replaced_at", "attempt__class_number")[:20],
            "school_code": school_code,
        },
    )


def _changes(request: HttpRequest, data: PaperData, class_id: int, place: int) -> list[MarkChange]:
    """What differs from the marks as they are; an emptied cell means that there is no mark."""
    found = []
    for index in range(len(data.attempt_ids)):
        if data.class_ids[index] != class_id:
            continue
        given = request.POST.get(f"mark-{int(data.class_numbers[index])}")
        if given is None:
            continue
        text, now = narrow(given), float(data.marks[index, place])
        try:
            wanted = None if not text else float(text)
        except ValueError:
            message = f"没有保存。{int(data.class_numbers[index])} 号的得分要写数字。"
            raise DomainError("assessment.not_a_number", message) from None
        unchanged = now != now if wanted is None else wanted == now
        if not unchanged:
            found.append(MarkChange(int(data.attempt_ids[index]), place, wanted))
    if not found:
        raise DomainError("assessment.no_change", "没有改动。改好得分再保存。")
    return found
