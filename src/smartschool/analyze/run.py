"""The whole way of one exam: read, analyse, write three reports that agree."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edumetrics.exam import ExamAnalysis, ExamSettings, analyse_exam
from smartschool.analyze.group_tables import group_tables
from smartschool.analyze.reader import ExamInput, Sources, read_exam
from smartschool.analyze.report_json import Json, build_report, pieces


@dataclass(frozen=True, slots=True)
class Outcome:
    """One analysed exam."""

    source: ExamInput
    analysis: ExamAnalysis
    report: Json


def analyse(
    files: Sources,
    *,
    blank_is_zero: bool = False,
    subset_share: float = 0.0,
    name: str | None = None,
    settings: ExamSettings | None = None,
    models: list[str] | None = None,
) -> Outcome:
    """Read and analyse; `Refused` when the files are not in order."""
    source = read_exam(files, blank_is_zero=blank_is_zero, subset_share=subset_share, name=name)
    codes = [point.code for point in source.points]
    analysis = analyse_exam(source.matrix, source.q, codes or None, settings=settings)
    report = build_report(source, analysis)
    report["groups"] = group_tables(source, analysis)
    if models:
        # Compiled code is loaded only when a model is asked for.
        from smartschool.analyze.models import run_models
        from smartschool.analyze.report_models import build_models

        report["models"] = build_models(
            run_models(source, models), {point.code: point.name for point in source.points}
        )
    return Outcome(source, analysis, report)


def write(outcome: Outcome, out: Path) -> None:
    """Write the three reports into `out`; each appears whole or not at all."""
    # Excel and HTML are slow to import and not needed for --json alone.
    from smartschool.analyze.report_html import render
    from smartschool.analyze.report_xlsx import write_workbook

    out.mkdir(parents=True, exist_ok=True)
    with _whole(out / "report.json") as path, path.open("w", encoding="utf-8") as file:
        file.writelines(pieces(outcome.report))
    with _whole(out / "report.xlsx") as path:
        write_workbook(path, outcome.source, outcome.analysis, outcome.report)
    with _whole(out / "report.html") as path:
        path.write_text(render(outcome.source, outcome.analysis, outcome.report), encoding="utf-8")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
