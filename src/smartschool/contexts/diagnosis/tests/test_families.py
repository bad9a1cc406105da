"""Release to families: before it 404, then only the own child, levels first; withdrawn it is 404 again."""

import re
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Attempt, Exam
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.commands.release import release_results
from smartschool.contexts.diagnosis.family import lost_items
from smartschool.contexts.diagnosis.models import AnalysisRun, PupilReport, Release
from smartschool.contexts.diagnosis.tests.school import ACTOR, FULL, YEAR, District, add_paper, answers
from smartschool.contexts.directory.models import Term
from smartschool.kernel import clock
from smartschool.kernel.errors import Changed
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]
BANNED = ("排名", "名次", "倒数", "超过", "测试", "测验", "差生")


def seen_versions(page: str) -> list[str]:
    return re.findall(r'name="versions" value="([^"]+)"', page)


def release(office: Client, district: District, paper: str, **more: str) -> None:
    base = f"/schools/{district.town.code}/analysis/releases/"
    form = {"papers": [district.papers[paper].code], "audience": "both", **more}
    preview = office.get(base + "preview/", form)
    assert preview.status_code == 200
    assert "示例，不是真实学生" in preview.content.decode()
    answer = office.post(base + "release/", {**form, "versions": seen_versions(preview.content.decode())})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{base}?said=released")


def test_release_opens_the_own_report_and_nothing_else(district: District, sign_in: SignIn) -> None:
    guardian, pupil, office = sign_in("g-first"), sign_in("p-first"), sign_in("t-office")
    own = district.own_url("final", 0, 0)
    for client in (guardian, pupil):
        assert client.get(own).status_code == 404
        assert "还没有发布的报告" in client.get("/me/analysis/").content.decode()
    release(office, district, "midterm", audience="guardians")
    assert guardian.get(district.own_url("midterm", 0, 0)).status_code == 200
    assert pupil.get(district.own_url("midterm", 0, 0)).status_code == 404, "only parents were told"
    release(office, district, "final")
    page = guardian.get(own).content.decode()
    with transaction.atomic(), scope_of([district.town.pk]):
        report = PupilReport.objects.get(
            run__paper=district.papers["final"], run__current=True, enrolment=district.seats[0][0].enrolment
        )
    level = ("优秀", "良好", "合格", "待合格")[report.level]
    assert f'<p class="fig">{level}</p>' in page
    assert "看得分" not in page
    assert not re.search(r"\d+(\.\d)? 分", page)
    assert not any(word in page for word in BANNED)
    assert "复核中" in page, "a doubtful key is a doubt on the own mastery"
    for seat in district.seats[0][1:]:
        assert seat.enrolment.name not in page
    assert guardian.get(district.own_url("final", 0, 1)).status_code == 404
    assert pupil.get(own).status_code == 200
    assert "上次" in page, "the exam before was told to parents"
    assert "上次" not in pupil.get(own).content.decode(), "to the pupil it was not"
    assert sign_in("g-second").get(own).status_code == 404
    assert sign_in("g-second").get(district.own_url("final", 0, 1)).status_code == 200
    released = Event.objects.filter(type="diagnosis.results_released", organisation_id=district.town.pk)
    assert released.count() == 2
    record = AuditRecord.objects.filter(verb="diagnosis.release_results").order_by("-pk").first()
    assert record is not None
    assert record.data["marks"] is False


def test_a_second_release_of_the_same_paper_is_refused(district: District, sign_in: SignIn) -> None:
    office = sign_in("t-office")
    base = f"/schools/{district.town.code}/analysis/releases/"
    form = {"papers": [district.papers["final"].code], "audience": "both"}
    versions = seen_versions(office.get(base + "preview/", form).content.decode())
    answer = office.post(base + "release/", {**form, "versions": versions})
    assert answer.status_code == 409
    assert "已经发布过" in answer.content.decode()


def test_teachers_and_families_cannot_release(district: District, sign_in: SignIn) -> None:
    for login in ("t-maths", "t-form", "g-first", "v-maths"):
        answer = sign_in(login).post(
            f"/schools/{district.town.code}/analysis/releases/release/",
            {"papers": [district.papers["final"].code]},
        )
        assert answer.status_code in (403, 404), login


def test_correction_after_release_says_so_and_keeps_the_old_version(
    district: District, sign_in: SignIn
) -> None:
    paper = district.papers["final"]
    with transaction.atomic(), scope_of([district.town.pk]):
        attempt = Attempt.objects.get(paper=paper, enrolment=district.seats[0][0].enrolment)
        before = PupilReport.objects.get(run__paper=paper, run__current=True, enrolment=attempt.enrolment_id)
        attempt.marks = [0.0 if before.level < 3 else full for full in FULL]
        attempt.save()
        analyse_paper(
            actor=ACTOR, paper_id=paper.pk, trigger=AnalysisRun.Trigger.CORRECTION, reason="补录第 1 题"
        )
    page = sign_in("g-first").get(district.own_url("final", 0, 0)).content.decode()
    assert "已更正" in page
    assert "等级由" in page
    other = sign_in("g-second").get(district.own_url("final", 0, 1)).content.decode()
    assert "等级没有变" in other
    with transaction.atomic(), scope_of([district.town.pk]):
        assert AnalysisRun.objects.filter(paper=paper).count() == 2
        assert Release.objects.get(paper=paper).run.number == 1
    teacher = sign_in("t-maths")
    assert "已更正" in teacher.get(district.url("final", 0)).content.decode()
    differences = teacher.get(district.url("final", 0, "changes/")).content.decode()
    assert "补录第 1 题" in differences
    assert district.seats[0][0].enrolment.name in differences
    office = sign_in("t-office").get(district.url("final", 0, "changes/")).content.decode()
    assert district.seats[0][0].enrolment.name not in office

    # Marks that only come in addition make a third version, and take nothing of this back.
    with transaction.atomic(), scope_of([district.town.pk]):
        late = Attempt.objects.get(paper=paper, enrolment=district.seats[0][30].enrolment)
        late.status, late.marks, late.states = 0, FULL, [0] * len(FULL)
        late.save()
        third = analyse_paper(actor=ACTOR, paper_id=paper.pk)
        assert third is not None
        assert (third.number, third.changes) == (3, None)
    assert "等级由" in sign_in("g-first").get(district.own_url("final", 0, 0)).content.decode()
    assert sign_in("g-first").get("/me/analysis/").content.decode().count("已更正") == 1
    assert "第 2 版" in teacher.get(district.url("final", 0)).content.decode()
    again = teacher.get(district.url("final", 0, "changes/")).content.decode()
    releases = sign_in("t-office").get(f"/schools/{district.town.code}/analysis/releases/").content.decode()
    assert releases.count("已更正") == 1
    assert "第 4 题答案存疑" in releases
    assert "补录第 1 题" in again
    assert district.seats[0][0].enrolment.name in again
    assert "已更正" in teacher.get(f"/schools/{district.town.code}/analysis/").content.decode()


def test_withdrawn_results_are_gone_for_families(district: District, sign_in: SignIn) -> None:
    office, guardian = sign_in("t-office"), sign_in("g-first")
    base = f"/schools/{district.town.code}/analysis/releases/{district.papers['midterm'].code}/withdraw/"
    assert office.post(base, {"reason": " "}).status_code == 400
    assert office.post(base, {"reason": "答案有误，改好再发"}).status_code == 302
    assert guardian.get(district.own_url("midterm", 0, 0)).status_code == 404
    assert guardian.get(district.own_url("final", 0, 0)).status_code == 200


def test_form_teacher_sees_levels_and_no_marks(district: District, sign_in: SignIn) -> None:
    client = sign_in("t-form")
    page = client.get(f"/schools/{district.town.code}/analysis/levels/").content.decode()
    assert "秋期末" in page.split("lede")[1][:60], "the newest exam first"
    with transaction.atomic(), scope_of([district.town.pk]):
        stored = PupilReport.objects.filter(
            run__paper=district.papers["final"], run__current=True, home_class=district.classes[0]
        ).order_by("class_number")
        words = ["缺考" if r.level is None else ("优秀", "良好", "合格", "待合格")[r.level] for r in stored]
    assert re.findall(r"</th><td>(?:<[^>]*>)?([^<]+)</span></td></tr>", page) == words
    earlier = client.get(f"/schools/{district.town.code}/analysis/levels/?exam=1").content.decode()
    assert "秋期中" in earlier.split("lede")[1][:60]
    assert district.seats[0][3].enrolment.name in page
    assert district.seats[1][3].enrolment.name not in page
    assert not re.search(r"\d 分", page)
    names = re.findall(r"\d\d ([^<]+)</th>", page)
    assert names == [seat.enrolment.name for seat in district.seats[0]]
    assert sign_in("t-maths").get(f"/schools/{district.town.code}/analysis/levels/").status_code == 403


def test_home_of_teacher_and_parent_show_what_is_new(district: District, sign_in: SignIn) -> None:
    teacher = sign_in("t-maths").get(f"/schools/{district.town.code}/today/").content.decode()
    assert "新出的学情" in teacher
    parent = sign_in("g-first").get("/me/today/").content.decode()
    assert "新发布的报告" in parent
    assert "<b>有新的学情报告可以看。</b></p>" in parent, "the sentence that opens the page"
    assert district.seats[0][1].enrolment.name not in parent


def test_a_version_that_is_in_force_no_more_is_not_released(district: District) -> None:
    with transaction.atomic(), scope_of([district.town.pk]):
        former = AnalysisRun.objects.get(paper=district.papers["final"], number=1)
        Release.objects.filter(paper=district.papers["final"]).update(withdrawn_at=clock.now())
        with pytest.raises(Changed):
            release_results(actor=ACTOR, runs=[former], audience=Release.Audience.BOTH)
        assert not Release.objects.filter(run=former, withdrawn_at__isnull=True).exists()
        transaction.set_rollback(True)


def test_a_blank_is_an_item_to_look_at_again(district: District) -> None:
    """Also while the two-way table is longer than that of the report."""
    with transaction.atomic(), scope_of([district.town.pk]):
        report = PupilReport.objects.select_related("run").get(
            run__paper=district.papers["final"], run__current=True, enrolment=district.seats[0][5].enrolment
        )
        marks = district.marks["final"][5]
        lost = [j for j, full in enumerate(FULL) if np.isnan(marks[j]) or marks[j] < full]
        assert 16 in lost
        assert lost_items(sketches.load(report.run.sketch), report) == lost


def test_two_exams_of_one_name_are_two_exams(district: District, sign_in: SignIn) -> None:
    """“期中” of each term: the form teacher's table showed one of them with the levels of the other."""
    marks, _ = answers(np.random.default_rng(8), 32)
    name = f"{YEAR} 秋期中"
    with transaction.atomic(), scope_of([district.town.pk]):
        spring = Term.objects.exclude(pk=district.term.pk).first()
        assert spring is not None
        exam = Exam.objects.create(
            organisation=district.town,
            name=name,
            nature="midterm",
            term=spring,
            grade=7,
            held_on=date(YEAR, 11, 26),
        )
        add_paper(district, "again", [0], marks, None, exam=exam)
    client = sign_in("t-form")
    base = f"/schools/{district.town.code}/analysis/levels/"
    chips = re.findall(r'href="\?exam=(\d)"[^>]*>([^<]+)</a>', client.get(base).content.decode())
    assert [label.split(" ", 1)[1] for _, label in chips] == [
        f"{YEAR} 秋期末",
        f"{name}（{YEAR}-11-26）",
        f"{name}（{YEAR}-11-12）",
    ]
    for (key, _), paper in zip(chips, ("final", "again", "midterm"), strict=True):
        page = client.get(base, {"exam": key}).content.decode()
        with transaction.atomic(), scope_of([district.town.pk]):
            levels = (
                PupilReport.objects.filter(
                    run__paper=district.papers[paper], run__current=True, home_class=district.classes[0]
                )
                .order_by("class_number")
                .values_list("level", flat=True)
            )
            words = [("优秀", "良好", "合格", "待合格")[level] for level in levels]
        assert re.findall(r"</th><td>(?:<[^>]*>)?([^<]+)</span></td></tr>", page) == words
