"""The editor of a two-way table: rows in the browser, or a workbook or CSV that fills them."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from smartschool.contexts.assessment import blueprint_rows, policies, queries
from smartschool.contexts.assessment.blueprint import MOST_ITEMS
from smartschool.contexts.assessment.commands.blueprint import rows_of, save_blueprint
from smartschool.contexts.assessment.errors import BlueprintRefused
from smartschool.contexts.assessment.models import Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.views.common import paper_title
from smartschool.contexts.curriculum.public.doors import points_by_code, search_points
from smartschool.contexts.exchange.public.reading import read_frame
from smartschool.kernel.errors import DomainError
from smartschool.kernel.policy import actor_of, requires
from smartschool.kernel.tabular import Fault, FileRefused

SPARE_ROWS = 5
MOST_BYTES = 2 * 1024 * 1024


@requires("assessment.edit_blueprint")
@require_http_methods(["GET", "POST"])
def edit_blueprint(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Show, fill from a file, or save. Everything typed stays when something is wrong."""
    paper: Paper = policies.edit_blueprint.get(actor_of(request), code=paper_code)
    faults: list[Fault] = []
    problem = ""
    full_score, reason = paper.full_score, ""
    if request.method == "POST":
        rows = blueprint_rows.rows_of_form(request.POST, MOST_ITEMS + SPARE_ROWS)
        full_score = blueprint_rows.number_of(request.POST.get("full_score", "")) or paper.full_score
        reason = request.POST.get("reason", "")
        upload = request.FILES.get("file")
        if isinstance(upload, UploadedFile):
            rows, faults, problem = _read(upload.read(MOST_BYTES + 1), rows)
            if not problem:
                full_score = sum(row.full for row in rows) or full_score
        elif "more" not in request.POST:
            rows, faults = blueprint_rows.with_codes(rows, subject=paper.subject, stage=paper.stage)
            if not faults:
                try:
                    written = save_blueprint(
                        actor=actor_of(request),
                        paper=paper,
                        rows=rows,
                        full_score=full_score,
                        base_revision=int(request.POST.get("revision", "0") or 0),
                        reason=reason,
                    )
                except BlueprintRefused as refused:
                    faults = list(refused.faults)
                except DomainError as refused:
                    problem = refused.message
                else:
                    messages.success(request, _saved(written.changed))
                    return redirect("assessment:paper", school_code, paper_code)
    else:
        rows = rows_of(queries.items_of(paper.pk))
    return render(
        request,
        "assessment/blueprint.html",
        {
            "paper": paper,
            "title": paper_title(paper),
            "rows": _shown(rows, faults, frozen=paper.marks_at is not None and paper.item_marks),
            "faults": faults,
            "problem": problem,
            "full_score": full_score,
            "reason": reason,
            "total": sum(row.full for row in rows),
            "types": [(kind.value, kind.zh) for kind in ItemType],
            "frozen": paper.marks_at is not None and paper.item_marks,
            "school_code": school_code,
        },
    )


def _saved(changed: int) -> str:
    return f"已保存，{changed} 人的得分按新答案重算了。" if changed else "已保存双向细目表。"


def _read(content: bytes, before: list[BlueprintRow]) -> tuple[list[BlueprintRow], list[Fault], str]:
    """Rows of a file for a look before saving; the former rows stay when the file cannot be read."""
    try:
        if len(content) > MOST_BYTES:
            raise FileRefused("file_too_large", "文件超过 2 MB，不像双向细目表。请换一个文件。")
        checked = read_frame(content, blueprint_rows.COLUMNS)
    except FileRefused as refused:
        return before, [], refused.message
    return blueprint_rows.rows_of_table(checked), checked.faults, ""


def _shown(rows: list[BlueprintRow], faults: list[Fault], *, frozen: bool) -> list[dict[str, Any]]:
    wrong = {fault.row for fault in faults}
    codes = {code for row in rows for code, _ in row.points}
    names = {code: info.name for code, info in points_by_code(codes).items()}
    spare = 0 if frozen else SPARE_ROWS
    shown: list[dict[str, Any]] = [
        {
            "row": row,
            "points": blueprint_rows.write_points(row.points, names),
            "wrong": number in wrong,
            "partial": row.partial or "",
        }
        for number, row in enumerate(rows, start=1)
    ]
    return shown + [{"row": None}] * spare


@requires("assessment.edit_blueprint")
@require_GET
def points(request: HttpRequest, school_code: str, paper_code: str) -> HttpResponse:
    """Knowledge points that fit what is being typed."""
    paper: Paper = policies.edit_blueprint.get(actor_of(request), code=paper_code)
    text = request.GET.get("q", "")[:40]
    found = search_points(text, subject=paper.subject, stage=paper.stage) if len(text) >= 1 else []
    return JsonResponse(
        {
            "points": [
                [blueprint_rows.write_points([(info.code, 1)], {info.code: info.name}), info.path[-2]]
                if len(info.path) > 1
                else [info.code, info.name]
                for info in found
            ]
        }
    )
