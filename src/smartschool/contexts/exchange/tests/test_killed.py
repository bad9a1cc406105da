"""kill -9 in mid-import: nothing half-written, the run resumes. And the verb of the command line."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from tests.harness import cluster

from smartschool.cli import import_
from smartschool.contexts.directory.models import Enrolment, Organisation, Placement
from smartschool.contexts.exchange import tasks
from smartschool.contexts.exchange.commands.applying import queue_run
from smartschool.contexts.exchange.commands.landing import check_run, land_file
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.public.doors import queue_file
from smartschool.contexts.exchange.tests.rosters import HEAD, pupil
from smartschool.contexts.exchange.tests.workbooks import as_csv, xlsx
from smartschool.kernel.actor import system_actor
from smartschool.kernel.scope import scope_of

ACTOR = system_actor("checks")
JOB = """
import django; django.setup()
from smartschool.contexts.exchange import tasks
tasks.apply_imports(organisation={organisation})
"""


def environment(database: str) -> dict[str, str]:
    handle = cluster.CLUSTER.handle()
    return {
        **os.environ,
        "PYTHONPATH": str(cluster.ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "smartschool.settings.test",
        "DATABASE_URL": handle.app_url(database),
        "DATABASE_OWNER_URL": handle.owner_url(database),
    }


def counts(school: Organisation) -> tuple[int, int]:
    with transaction.atomic(), scope_of([school.pk]):
        mine = Enrolment.objects.filter(name__startswith="学生")
        return mine.count(), Placement.objects.filter(enrolment__in=mine).count()


def test_killed_worker_leaves_nothing_and_the_run_resumes(fresh_database: str) -> None:
    school = Organisation.objects.filter(kind="school").first()
    assert school is not None
    content = xlsx([HEAD, *[pupil(n, 班级号="09") for n in range(50)]])
    with transaction.atomic(), scope_of([school.pk]):
        run = land_file(
            actor=ACTOR, organisation_id=school.pk, importer="roster", content=content, file_name="名单.xlsx"
        )
        check_run(actor=ACTOR, run=run)
        queue_run(actor=ACTOR, run=run, accept_partial=False, confirmed=False)
    script = JOB.format(organisation=school.pk)
    with psycopg.connect(cluster.CLUSTER.handle().app_url(fresh_database)) as blocker:
        # Guardians are written last: the job stops there with pupils and seats already written.
        blocker.execute("LOCK TABLE directory_guardianship IN SHARE ROW EXCLUSIVE MODE")
        job = subprocess.Popen([sys.executable, "-c", script], env=environment(fresh_database))
        table = "'directory_guardianship'::regclass"
        waiting = f"SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = {table}"
        deadline = time.monotonic() + 60
        with connection.cursor() as cursor:
            while True:
                cursor.execute(waiting)
                if cursor.fetchone()[0]:
                    break
                assert time.monotonic() < deadline, "the job never reached the guardians"
                assert job.poll() is None, "the job ended early"
                time.sleep(0.1)
        job.send_signal(signal.SIGKILL)
        job.wait()
        blocker.rollback()
    assert counts(school) == (0, 0)
    with transaction.atomic(), scope_of([school.pk]):
        assert ImportRun.objects.get(pk=run.pk).status == "running"
    tasks.apply_imports(organisation=school.pk)
    assert counts(school) == (50, 50)
    with transaction.atomic(), scope_of([school.pk]):
        assert ImportRun.objects.get(pk=run.pk).status == "applied"


def test_command_line(fresh_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    school = Organisation.objects.filter(kind="school").first()
    assert school is not None
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.csv"
    good.write_bytes(xlsx([HEAD, *[pupil(n, 班级号="09") for n in range(3)]]))
    wrong = [HEAD, *[pupil(n, 性别="女") for n in (5, 6)]]
    bad.write_bytes(as_csv(wrong, "gbk"))

    def smartschool(*words: str) -> tuple[int, dict[str, object], str]:
        parser = argparse.ArgumentParser()
        import_.add_arguments(parser)
        args = parser.parse_args(words)
        code = import_.bring_in(args, args.file.read_bytes())
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out.startswith("{") else {}, said.err

    place = ("--school", school.code, "--json")
    code, report, _ = smartschool("roster", str(bad), *place)
    assert (code, report["rows"], report["applied"], report["refused"]) == (1, 2, 0, 2)
    first = report["faults"][0]  # type: ignore[index]
    assert {key: first[key] for key in ("sheet", "row", "column", "code")} == {
        "sheet": "", "row": 2, "column": "性别", "code": "sex_contradicts_id"
    }  # fmt: skip
    code, report, _ = smartschool("roster", str(good), *place, "--dry-run")
    assert (code, report["applied"], report["dry_run"]) == (0, 3, True)
    code, report, _ = smartschool("roster", str(good), *place)
    assert (code, report["applied"], report["unchanged"]) == (0, 3, 0)
    code, report, _ = smartschool("roster", str(good), *place)
    assert (code, report["applied"], report["unchanged"]) == (0, 0, 3)
    code, report, _ = smartschool("roster", str(good), *place, "--queue")
    with transaction.atomic(), scope_of([school.pk]):
        assert (code, ImportRun.objects.get(code=report["run"]).status) == (0, "queued")
    tasks.apply_imports(organisation=school.pk)
    with transaction.atomic(), scope_of([school.pk]):
        assert ImportRun.objects.get(code=report["run"]).status == "applied"
    for words in (
        ("potatoes", str(good)),
        ("roster", str(good), "--school", "1"),
        ("roster", str(good), "--queue"),
        ("potatoes", str(good), *place, "--queue"),
    ):
        code, _, errors = smartschool(*words)
        assert (code, bool(errors)) == (2, True)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    return import_.run(parser.parse_args(words))


def test_what_is_no_file_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop, pipe, lost = tmp_path / "loop.xlsx", tmp_path / "pipe.xlsx", tmp_path / "lost.xlsx"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path, word in (
        (tmp_path, "文件夹"),
        (lost, "没有这个文件"),
        (pipe, "不是普通的文件"),
        (loop, "链接"),
    ):
        assert run("roster", str(path)) == 2
        assert word in capsys.readouterr().err
    lost.write_bytes(xlsx([HEAD, pupil(0)]))
    assert run("exam", str(lost)) == 2
    assert "--exam" in capsys.readouterr().err


def test_command_line_names_the_columns_that_it_is_not_sure_of(
    fresh_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    school = Organisation.objects.filter(kind="school").first()
    assert school is not None
    head = ["二代身份证号" if name == "身份证号" else name for name in HEAD]
    path = tmp_path / "名单.xlsx"
    path.write_bytes(xlsx([[*head, "爱好"], [*pupil(0), "绘画"]], sheet="三年级"))
    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    words = ["roster", str(path), "--school", school.code, "--dry-run"]
    assert import_.bring_in(parser.parse_args(words), import_.read(path)) == 0
    said = capsys.readouterr().out
    assert "没有导入的列：爱好。" in said
    assert "二代身份证号→身份证号" in said
    assert import_.bring_in(parser.parse_args([*words, "--json"]), import_.read(path)) == 0
    assert json.loads(capsys.readouterr().out)["headers"] == [
        {"sheet": "三年级", "header": "二代身份证号", "column": "身份证号"},
        {"sheet": "三年级", "header": "爱好", "column": ""},
    ]


def test_files_of_a_school_are_taken_in_the_order_they_came(fresh_database: str) -> None:
    school = Organisation.objects.filter(kind="school").first()
    assert school is not None
    first, second, wrong = (
        xlsx([HEAD, *[pupil(n, 班级号="09", 性别=sex) for n in numbers]])
        for numbers, sex in ((range(3), "男"), (range(5), "男"), ((7,), "女"))
    )
    codes = [
        queue_file(
            actor=ACTOR, importer="roster", content=content, file_name="名单.xlsx", school_code=school.code
        )
        for content in (first, wrong, second)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, lock FROM procrastinate_jobs WHERE task_name LIKE 'exchange.%'")
        assert cursor.fetchall() == [("exchange.apply_imports", f"imports-{school.pk}")]
    tasks.apply_imports(organisation=school.pk)  # one job takes them all
    assert counts(school) == (5, 5)
    with transaction.atomic(), scope_of([school.pk]):
        runs = {run.code: (run.status, run.added, run.unchanged) for run in ImportRun.objects.all()}
    assert [runs[code] for code in codes] == [("applied", 3, 0), ("not_applied", 0, 0), ("applied", 2, 3)]


def test_a_job_that_starts_while_a_file_is_being_queued_waits_for_it(fresh_database: str) -> None:
    school = Organisation.objects.filter(kind="school").first()
    assert school is not None
    script = JOB.format(organisation=school.pk)
    content = xlsx([HEAD, *[pupil(n, 班级号="09") for n in range(3)]])
    with transaction.atomic():
        queue_file(
            actor=ACTOR, importer="roster", content=content, file_name="名单.xlsx", school_code=school.code
        )
        job = subprocess.Popen([sys.executable, "-c", script], env=environment(fresh_database))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        deadline = time.monotonic() + 60
        with connection.cursor() as cursor:
            while True:
                cursor.execute(waiting)
                if cursor.fetchone()[0]:
                    break
                assert time.monotonic() < deadline, "the job never waited"
                assert job.poll() is None, "the job looked before the run was there"
                time.sleep(0.1)
    assert job.wait() == 0
    assert counts(school) == (3, 3)
