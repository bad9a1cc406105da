"""The three ways through a season: the floor, one process after the plan, the product's own workers."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from processor import peak_mb, processor_seconds


def floor(folder: Path) -> dict[str, float]:
    """Read each workbook with calamine and COPY the same cells, nothing else."""
    from django.db import connection, transaction
    from python_calamine import CalamineWorkbook

    before, begun = processor_seconds(), time.perf_counter()
    for path in sorted(folder.glob("*.xlsx")):
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        names = ", ".join(f"c{place} {'text' if place < 2 else 'real'}" for place in range(len(rows[1])))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE floor ({names}) ON COMMIT DROP")
            with cursor.copy("COPY floor FROM STDIN") as copy:
                for row in rows[3:]:
                    copy.write_row(row)
    return {"seconds": time.perf_counter() - begun, "busy": processor_seconds() - before}


def season(folder: Path, reports: bool) -> dict[str, float]:
    """Every workbook through the pipeline, then every paper analysed; one process, one file after another."""
    from django.db import transaction

    from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
    from smartschool.contexts.directory.models import Organisation
    from smartschool.contexts.exchange.public.doors import import_file
    from smartschool.kernel.actor import system_actor
    from smartschool.kernel.scope import scope_of

    actor = system_actor("bench")
    before, begun = processor_seconds(), time.perf_counter()
    rows = 0
    papers = []
    for path in sorted(folder.glob("*.xlsx")):
        school, subject = path.stem.split("-")
        report = import_file(
            actor=actor, importer="exam", content=path.read_bytes(), file_name=path.name,
            school_code=f"31340499{school}", options={"exam": f"B{school}{subject}"},
        )  # fmt: skip
        assert report.applied == report.rows, report.faults[:5]
        rows += report.rows
        papers.append((f"31340499{school}", f"B{school}{subject}"))
    imported = time.perf_counter() - begun
    if reports:
        from smartschool.contexts.assessment.models import Paper

        places = dict(Organisation.objects.values_list("code", "pk"))
        for place, code in papers:
            with transaction.atomic(), scope_of([places[place]]):
                analyse_paper(actor=actor, paper_id=Paper.objects.get(code=code).pk)
    total = time.perf_counter() - begun
    busy = processor_seconds() - before
    return {"seconds": total, "import": imported, "reports": total - imported, "rows": rows, "busy": busy}


# Events carry no persons and need no scope: the cheapest look at how far the workers are.
_IMPORTED = "SELECT count(*) FROM kernel_event WHERE type = 'exchange.import_applied'"
_REPORTED = "SELECT count(DISTINCT ids->>'paper') FROM kernel_event WHERE type = 'diagnosis.paper_analysed'"


def workers_season(folder: Path) -> dict[str, float]:
    """The same through the product's own workers, as many as `up` starts: files are handed over school by
    school, reports follow the events of the imports. Ends when the last report is committed."""
    from smartschool.contexts.exchange.public.doors import queue_file
    from smartschool.kernel.actor import system_actor
    from smartschool.runtime.supervisor import worker_names

    words = [sys.executable, "-m", "smartschool.edges.worker"]
    workers = [subprocess.Popen(words, stderr=subprocess.DEVNULL) for _ in worker_names()]
    try:
        _until(lambda: _one("SELECT count(*) FROM procrastinate_workers") == len(workers))
        time.sleep(2)  # a worker runs for weeks; here it has been started, no more
        imported_before, reported_before = _one(_IMPORTED), _one(_REPORTED)
        before, begun = processor_seconds(workers), time.perf_counter()
        paths = sorted(folder.glob("*.xlsx"))
        for path in paths:
            school, subject = path.stem.split("-")
            queue_file(
                actor=system_actor("bench"), importer="exam", content=path.read_bytes(), file_name=path.name,
                school_code=f"31340499{school}", options={"exam": f"B{school}{subject}"},
            )  # fmt: skip
        queued = time.perf_counter() - begun
        _until(lambda: _one(_IMPORTED) >= imported_before + len(paths))
        imported = time.perf_counter() - begun
        _until(lambda: _one(_REPORTED) >= reported_before + len(paths))
        total = time.perf_counter() - begun
        busy = processor_seconds(workers) - before
        peak = sum(peak_mb(worker.pid) for worker in workers)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()
    return {
        "seconds": total, "import": imported, "reports": total - imported, "queued": queued, "busy": busy,
        "rows": _scoped("SELECT count(*) FROM assessment_attempt WHERE source = 'import'"),
        "workers": len(workers), "workers_mb": peak,
    }  # fmt: skip


def _until(condition: Callable[[], bool], patience: float = 900) -> None:
    limit = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.1)


def _one(statement: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def _scoped(statement: str) -> int:
    from django.db import transaction

    from smartschool.contexts.directory.models import Organisation
    from smartschool.kernel.scope import scope_of

    with transaction.atomic(), scope_of(Organisation.objects.values_list("pk", flat=True)):
        return _one(statement)
