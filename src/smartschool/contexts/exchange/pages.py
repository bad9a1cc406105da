"""What the wizard's pages say: a run and its stored preview as words and rows of the templates."""

from datetime import timedelta
from typing import Any

from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.queries import importer_named, report_of, target_of, undoable
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.importing import SNAPSHOT
from smartschool.kernel.retention import rules

MOVING = (ImportRun.Status.QUEUED, ImportRun.Status.RUNNING)
SHOWN = 50
KINDS = {"added": "新增", "changed": "变更"}


def is_moving(run: ImportRun) -> bool:
    """In the hands of the worker."""
    return run.status in MOVING


def recent(runs: list[ImportRun]) -> list[dict[str, Any]]:
    """Rows of 最近的导入."""
    return [
        {
            "run": run,
            "title": f"{importer_named(run.importer).zh} {run.n_rows} 行",
            "counts": _counts(run),
            "undoable": undoable(run),
            "undone": run.status == ImportRun.Status.UNDONE,
        }
        for run in runs
    ]


def _counts(run: ImportRun) -> str:
    words = [("新增", run.added), ("变更", run.changed), ("离开", run.leaving), ("不变", run.unchanged)]
    return "，".join(f"{word} {number}" for word, number in words if number)


def run_page(run: ImportRun, show: str, actor: Actor) -> dict[str, Any]:
    """Everything that run.html needs."""
    report = report_of(run)
    importer = importer_named(run.importer)
    faults = report.get("faults", [])
    # Where no row was read, every fault is about the file as a whole, wherever it points.
    file_faults = faults if not run.n_rows else [fault for fault in faults if fault[1] == 0]
    cell_faults = [fault for fault in faults if fault[1] > 0] if run.n_rows else []
    headings = report.get("headings", [])
    show = show if show in ("added", "changed", "leaving") else _first_tab(run)
    changes = [one for one in report.get("changes", []) if one["kind"] == show]
    letters = {heading["name"] or heading["text"]: heading["letter"] for heading in headings}
    return {
        "run": run,
        "importer": importer,
        "moving": is_moving(run),
        "applied": run.status == ImportRun.Status.APPLIED,
        "undone": run.status == ImportRun.Status.UNDONE,
        "discarded": run.status == ImportRun.Status.DISCARDED,
        "waiting": run.status in ("landed", "checked", "not_applied"),
        "undoable": undoable(run),
        "step": _step(run),
        "good": run.n_rows - run.refused,
        "to_apply": run.added + run.changed,
        "size": _size(run.file_size),
        "file_faults": file_faults,
        "faults": [[*fault, letters.get(fault[2], "")] for fault in cell_faults[:SHOWN]],
        "n_faults": report.get("n_faults", 0) - len(file_faults),
        "warnings": report.get("warnings", [])[:SHOWN],
        "brake": report.get("brake", []),
        "sheets": report.get("sheets", []),
        "standing": report.get("standing", 0),
        "headings": headings,
        "known": sum(heading["how"] in ("known", "saved") for heading in headings),
        "guessed": sum(heading["how"] == "guessed" for heading in headings),
        "unknown": sum(heading["how"] == "" for heading in headings),
        "choices": [(column.key, column.name) for column in importer.columns(target_of(run, actor))],
        "show": show,
        "changes": changes[:SHOWN],
        "leaving": report.get("leaving", [])[:200] if show == "leaving" else [],
        "groups": _groups(report.get("leaving", [])),
        "kinds_of_change": _tabs(run, show),
        "undo_until": _undo_until(run),
    }


def _first_tab(run: ImportRun) -> str:
    return "added" if run.added else "changed" if run.changed else "leaving" if run.leaving else "added"


def _tabs(run: ImportRun, show: str) -> list[dict[str, Any]]:
    tabs: list[dict[str, Any]] = [
        {"key": "added", "word": "新增", "count": run.added, "tone": ""},
        {"key": "changed", "word": "变更", "count": run.changed, "tone": ""},
        {"key": "", "word": "不变", "count": run.unchanged, "tone": ""},
    ]
    if run.mode == SNAPSHOT:
        tabs.append({"key": "leaving", "word": "离开", "count": run.leaving, "tone": "warn"})
    tabs.append({"key": "", "word": "拒绝", "count": run.refused, "tone": "bad"})
    return [{**tab, "on": bool(tab["key"]) and tab["key"] == show} for tab in tabs]


def _step(run: ImportRun) -> int:
    """1 put, 2 columns, 3 look, 4 import."""
    if is_moving(run) or run.status in (ImportRun.Status.APPLIED, ImportRun.Status.UNDONE):
        return 4
    return 3 if run.n_rows else 2


def _size(number: int) -> str:
    return f"{number / (1 << 20):.1f} MB" if number > 100_000 else f"{max(1, number // 1024)} KB"


def _groups(leaving: list[list[str]]) -> str:
    """The class that most of the leaving share, in words, where it is most of them."""
    if not leaving:
        return ""
    counts: dict[str, int] = {}
    for _, group in leaving:
        counts[group] = counts.get(group, 0) + 1
    group, number = max(counts.items(), key=lambda entry: entry[1])
    if number < 2 or number * 2 < len(leaving):
        return ""
    return f"其中 {number} 人在{group}。"


def _undo_until(run: ImportRun) -> str:
    if run.applied_at is None:
        return ""
    last = (run.applied_at + timedelta(days=rules()["import"].days)).astimezone(clock.DISTRICT_ZONE)
    return f"{last.month} 月 {last.day} 日"
