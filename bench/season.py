"""A district's exam season against its floor in the same run: calamine read + COPY of the same marks.

25 schools × 9 papers × 40 items for 9,054 pupils, one workbook a school and paper, from bytes to committed
attempts and reports, by the workers as in the running product; limit 4 × the floor, peak of all processes
below 1.5 GB.
Usage: PYTHONPATH=src:. python bench/season.py [--schools 25] [--one-process] [--no-reports]
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the settings do; here NumPy is loaded before them

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.test")

LIMIT, PEAK_LIMIT_MB = 4.0, 1536
SCHOOLS, PUPILS, CLASS_SIZE = 25, 9054, 45
SUBJECTS = ("13", "14", "41", "12", "21", "20", "18", "16", "17")
ITEMS, OBJECTIVE = 40, 15


def pupils_of(school: int) -> int:
    """9,054 over 25 schools."""
    return PUPILS // SCHOOLS + (school < PUPILS % SCHOOLS)


def g_number(school: int, pupil: int) -> str:
    from smartschool.contexts.directory.public.identifiers import id_check_character

    first = f"3404{school + 10:02d}2014{pupil // 31 % 12 + 1:02d}{pupil % 28 + 1:02d}{pupil:03d}"
    return "G" + first + id_check_character(first)


def write_workbooks(folder: Path, schools: int) -> list[Path]:
    """One workbook a school and paper: a title, the header, a row of full marks, marks as numbers."""
    import xlsxwriter

    rng = np.random.default_rng(7)
    names = random.Random(7)
    difficulty = np.clip(rng.normal(0.65, 0.15, ITEMS), 0.1, 0.95)
    paths = []
    for school in range(schools):
        size = pupils_of(school)
        who = [
            (g_number(school, n), "学生" + names.choice("甲乙丙丁戊己庚辛壬癸") + names.choice("一二三四"))
            for n in range(size)
        ]
        ability = rng.normal(0, 0.15, size)
        for subject in SUBJECTS:
            path = folder / f"{school:02d}-{subject}.xlsx"
            book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["七年级期末成绩"])
            sheet.write_row(1, 0, ["学籍号", "姓名", *[str(n + 1) for n in range(ITEMS)], "总分"])
            sheet.write_row(2, 0, ["", "满分", *[full_of(n) for n in range(ITEMS)]])
            chance = np.clip(difficulty + ability[:, None], 0.02, 0.98)
            marks = rng.binomial([full_of(n) for n in range(ITEMS)], chance)
            for row, (number, name) in enumerate(who):
                sheet.write_row(row + 3, 0, [number, name, *marks[row].tolist(), int(marks[row].sum())])
            book.close()
            paths.append(path)
    return paths


def full_of(item: int) -> int:
    return 2 if item < OBJECTIVE else 3


def prepare(schools: int) -> None:
    """Schools, classes, pupils with their numbers, and one exam with nine papers a school."""
    from django.db import transaction

    from smartschool.contexts.assessment.models import Exam, Item, ItemPoint, Paper
    from smartschool.contexts.curriculum.models import KnowledgePoint
    from smartschool.contexts.directory import records
    from smartschool.contexts.directory.models import HomeClass, Organisation
    from smartschool.contexts.directory.public.contracts import NewPupil
    from smartschool.contexts.directory.public.doors import current_term
    from smartschool.kernel.scope import scope_of

    term = current_term()
    year = int(term.school_year[:4])
    points = list(KnowledgePoint.objects.filter(subject="14", stage="junior", level=3)[:12])
    bureau = Organisation.objects.get(kind="bureau")
    for school in range(schools):
        code = f"31340499{school:02d}"
        with transaction.atomic():
            place = Organisation.objects.create(
                code=code,
                name=code,
                short_name=code,
                kind="school",
                parent=bureau,
                valid_from=date(2020, 1, 1),
            )
            with scope_of([place.pk]):
                size = pupils_of(school)
                classes = [
                    HomeClass.objects.create(
                        organisation=place,
                        stage="junior",
                        entry_year=year,
                        number=n + 1,
                        valid_from=term.starts_on,
                    )
                    for n in range(-(-size // CLASS_SIZE))
                ]
                numbers = [g_number(school, n) for n in range(size)]
                records.write_enrolments(
                    place.pk,
                    [
                        NewPupil(
                            "学生", "junior", year, national_number=number, id_number=number[1:],
                            home_class_id=classes[n // CLASS_SIZE].pk, class_number=n % CLASS_SIZE + 1,
                        )
                        for n, number in enumerate(numbers)
                    ],
                    term.starts_on,
                )  # fmt: skip
                exam = Exam.objects.create(
                    organisation=place, code=f"B{school:02d}", name="七年级期末", nature="final",
                    term_id=term.id, grade=7, held_on=term.starts_on,
                )  # fmt: skip
                for subject in SUBJECTS:
                    paper = Paper.objects.create(
                        organisation=place, exam=exam, code=f"B{school:02d}{subject}", subject=subject,
                        stage="junior", entry_year=year, full_score=sum(full_of(n) for n in range(ITEMS)),
                    )  # fmt: skip
                    items = Item.objects.bulk_create(
                        Item(
                            organisation=place, paper=paper, position=n, label=str(n + 1),
                            full_score=full_of(n), type="open",
                        )
                        for n in range(ITEMS)
                    )  # fmt: skip
                    ItemPoint.objects.bulk_create(
                        ItemPoint(organisation=place, item=item, point=points[n % len(points)])
                        for n, item in enumerate(items)
                    )


def floor(folder: Path) -> dict[str, float]:
    """Read each workbook with calamine and COPY the same cells, nothing else."""
    from django.db import connection, transaction
    from python_calamine import CalamineWorkbook

    before, begun = _processor_seconds(), time.perf_counter()
    for path in sorted(folder.glob("*.xlsx")):
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        names = ", ".join(f"c{place} {'text' if place < 2 else 'real'}" for place in range(len(rows[1])))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE floor ({names}) ON COMMIT DROP")
            with cursor.copy("COPY floor FROM STDIN") as copy:
                for row in rows[3:]:
                    copy.write_row(row)
    return {"seconds": time.perf_counter() - begun, "busy": _processor_seconds() - before}


def season(folder: Path, reports: bool) -> dict[str, float]:
    """Every workbook through the pipeline, then every paper analysed; one process, one file after another."""
    from django.db import transaction

    from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
    from smartschool.contexts.directory.models import Organisation
    from smartschool.contexts.exchange.public.doors import import_file
    from smartschool.kernel.actor import system_actor
    from smartschool.kernel.scope import scope_of

    actor = system_actor("bench")
    before, begun = _processor_seconds(), time.perf_counter()
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
    busy = _processor_seconds() - before
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
        before, begun = _processor_seconds(workers), time.perf_counter()
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
        busy = _processor_seconds(workers) - before
        peak = sum(_peak_mb(worker.pid) for worker in workers)
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


def _processor_seconds(workers: Sequence[subprocess.Popen[bytes]] = ()) -> float:
    """Of this process, of the workers, and of the whole database server, which serves nobody else."""
    server = int(_stat(_one("SELECT pg_backend_pid()"))[1])
    ended = _stat(server)
    ticks = sum(map(int, ended[11:15]))  # its own, and those of its children that have ended
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))) and int(fields[1]) == server:
            ticks += int(fields[11]) + int(fields[12])
    for worker in workers:
        fields = _stat(worker.pid)
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Fields of a process from its state on; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _peak_mb(pid: int) -> float:
    line = next(
        row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmHWM")
    )
    return int(line.split()[1]) / 1024


def child(folder: Path, what: str) -> None:
    """One measurement in a process of its own."""
    found = (
        floor(folder) if what == "floor"
        else workers_season(folder) if what == "workers"
        else season(folder, what == "reports")
    )  # fmt: skip
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def measure(folder: Path, what: str, schools: int) -> dict[str, float]:
    """On a fresh clone of the template database."""
    from tests.harness import cluster

    name = cluster.clone(f"season_{os.urandom(4).hex()}")
    environment = {
        **os.environ, "DATABASE_URL": cluster.CLUSTER.handle().app_url(name), "PYTHONPATH": "src:.",
        "SMARTSCHOOL_POOL": "4",
    }  # fmt: skip
    run = [sys.executable, __file__]
    if what != "floor":
        subprocess.run([*run, "--prepare", str(schools)], env=environment, check=True)
    done = subprocess.run(
        [*run, "--child", str(folder), what], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    cluster.drop(name)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schools", type=int, default=SCHOOLS)
    parser.add_argument("--no-reports", action="store_true", help="imports alone, in one process")
    parser.add_argument("--one-process", action="store_true", help="without the workers")
    parser.add_argument("--prepare", type=int)
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    import django

    django.setup()
    if args.child:
        child(Path(args.child[0]), args.child[1])
        return 0
    if args.prepare:
        prepare(args.prepare)
        return 0
    from tests.harness import cluster

    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_workbooks(folder, args.schools)
            what = "import" if args.no_reports else "reports" if args.one_process else "workers"
            return report(folder, args.schools, what)
    finally:
        cluster.CLUSTER.stop()


def report(folder: Path, schools: int, what: str) -> int:
    floors = [measure(folder, "floor", schools) for _ in range(2)]
    base, least = min(one["seconds"] for one in floors), min(one["busy"] for one in floors)
    found = measure(folder, what, schools)
    ratio = found["seconds"] / base
    print(f"{schools} 所学校 × {len(SUBJECTS)} 份试卷 × {ITEMS} 题，{found['rows']:.0f} 份作答")
    print(f"读 + COPY {base:.2f} s，导入 {found['import']:.2f} s，报告 {found['reports']:.2f} s，"
          f"比值 {ratio:.2f}（上限 {LIMIT}），导入的比值 {found['import'] / base:.2f}")  # fmt: skip
    peak = found["peak_mb"] + found.get("workers_mb", 0)
    if "workers" in found:
        print(f"{found['workers']:.0f} 个工作进程，文件在 {found['queued']:.2f} s 内交完")
    print(f"处理器时间（连数据库）{found['busy']:.2f} s，是读 + COPY 的 {found['busy'] / least:.2f} 倍")
    print(f"内存峰值 {peak:.0f} MB（上限 {PEAK_LIMIT_MB} MB）")
    return 0 if ratio <= LIMIT and peak < PEAK_LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
