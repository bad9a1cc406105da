"""Release to families: before it 404, then only the own child, levels first; withdrawn it is 404 again."""

import re
from collections.abc import Callable

from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Attempt
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.models import AnalysisRun, PupilReport, Release
from smartschool.contexts.diagnosis.tests.school import ACTOR, FULL, District
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import scope_of

SignIn = Callable[[str], Client]
BANNED = ("排名", "名次", "倒数", "超过", "测试", "测验", "差生")


def release(office: Client, district: District, paper: str, **more: str) -> None:
    base = f"/schools/{district.town.code}/analysis/releases/"
    form = {"papers": [district.papers[paper].code], "audience": "both", **more}
    preview = office.get(base + "preview/", form)
    assert preview.status_code == 200
    assert "示例，不是真实学生" in preview.content.decode()
    answer = office.post(base + "release/", form)
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
    assert sign_in("g-second").get(own).status_code == 404
    assert sign_in("g-second").get(district.own_url("final", 0, 1)).status_code == 200
    released = Event.objects.filter(type="diagnosis.results_released", organisation_id=district.town.pk)
    assert released.count() == 2
    record = AuditRecord.objects.filter(verb="diagnosis.release_results").order_by("-pk").first()
    assert record is not None
    assert record.data["marks"] is False


def test_a_second_release_of_the_same_paper_is_refused(district: District, sign_in: SignIn) -> None:
    office = sign_in("t-office")
    answer = office.post(
        f"/schools/{district.town.code}/analysis/releases/release/",
        {"papers": [district.papers["final"].code], "audience": "both"},
    )
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
