"""Pages of exams as the demo's people: who may do what, entry with and without script, the editor."""

import json
import re
import uuid

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from smartschool.contexts.assessment.models import Attempt, EntryDraft, Exam, Paper
from smartschool.contexts.assessment.policies import classes_to_enter
from smartschool.contexts.assessment.public.doors import items_of, paper_for_analysis
from smartschool.contexts.directory.public.contracts import ClassInfo, OrganisationInfo
from smartschool.contexts.directory.public.doors import classes_of, pupils_of_class, schools, staff_of
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.contexts.identity.seeds import PASSWORD
from smartschool.kernel.actor import Actor
from smartschool.kernel.models import AuditRecord, CommandReceipt, Event
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.serial
LAN, HE, ZHOU, SUN, XU = "dt-lilan", "dt-hejing", "dt-zhouming", "dt-sunyue", "dt-xuheng"


class Place:
    """The named school of the small demo, its 七（2）班 and the draft paper."""

    def __init__(self) -> None:
        self.school: OrganisationInfo = next(s for s in schools() if s.code == "2134040201")
        with transaction.atomic(), scope_of([self.school.id]):
            self.home_class: ClassInfo = next(
                c for c in classes_of([self.school.id], grade=7) if c.number == 2
            )
            self.other_class = next(c for c in classes_of([self.school.id], grade=7) if c.number == 1)
            self.numbers = [p.class_number for p in pupils_of_class(self.home_class.id)]
            self.draft = Paper.objects.get(exam__nature="monitoring", organisation_id=self.school.id)
            self.final = Paper.objects.get(
                exam__nature="final", subject="14", organisation_id=self.school.id, exam__grade=7
            )

    def url(self, tail: str = "", paper: Paper | None = None, home_class: ClassInfo | None = None) -> str:
        code = (home_class or self.home_class).code
        return f"/schools/{self.school.code}/papers/{(paper or self.draft).code}/entry/{code}/{tail}"

    def paper_url(self, paper: Paper, tail: str = "") -> str:
        return f"/schools/{self.school.code}/papers/{paper.code}/{tail}"


@pytest.fixture
def place(fresh_database: str) -> Place:
    return Place()


def signed_in(login: str) -> Client:
    client = Client()
    assert client.post("/login/", {"login": login, "password": PASSWORD}).status_code == 302
    return client


def save(client: Client, place: Place, **part: object) -> object:
    body = {"id": uuid.uuid4().hex, **part}
    return client.post(
        place.url("save/"),
        json.dumps(body),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def text_of(html: bytes) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


def test_who_may_open_the_entry_page(place: Place) -> None:
    assert signed_in(LAN).get(place.url()).status_code == 200
    assert signed_in(HE).get(place.url()).status_code in (403, 404)
    assert signed_in(ZHOU).get(place.url()).status_code in (403, 404)
    assert signed_in(XU).get(place.url()).status_code == 404
    assert signed_in(SUN).post(place.url("save/")).status_code == 404
    assert Client().get(place.url()).status_code == 302


def test_only_the_subject_s_teacher_enters(place: Place) -> None:
    """李岚 teaches 七（2）班 mathematics; its Chinese is a colleague's."""
    with transaction.atomic(), scope_of([place.school.id]):
        chinese = Paper.objects.get(subject="13", exam=place.final.exam)
        actor = Actor(account_id=1, person_id=_person(place), workspace=None)
        assert place.home_class.id in [c.id for c in classes_to_enter(actor, place.draft)]
        assert classes_to_enter(actor, chinese) == []
    assert signed_in(LAN).get(place.url(paper=chinese)).status_code == 404


def _person(place: Place) -> int:
    return next(one.person_id for one in staff_of(place.school.id) if one.name == "李岚")


def test_a_page_holds_no_names(place: Place) -> None:
    with transaction.atomic(), scope_of([place.school.id]):
        names = [pupil.name for pupil in pupils_of_class(place.home_class.id)]
    html = signed_in(LAN).get(place.url()).content.decode()
    assert not [name for name in names if len(name) > 2 and name in html]


def test_item_by_item_then_handed_in(place: Place) -> None:
    client = signed_in(LAN)
    a, b = place.numbers[:2]
    for position in range(25):
        lost = {str(a): 1} if position == 20 else {str(b): 4} if position == 0 else {}
        assert save(client, place, position=position, lost=lost).status_code == 200  # type: ignore[attr-defined]
    save(client, place, statuses={str(place.numbers[2]): 1})
    save(client, place, totals={str(a): 99, str(b): 95})
    refused = client.post(place.url("hand-in/"), follow=True)
    assert f"{b} 号录的分和卷面总分不一样" in text_of(refused.content)
    save(client, place, totals={str(a): 99, str(b): 96})
    handed = client.post(place.url("hand-in/"), follow=True)
    assert f"{len(place.numbers)} 人的成绩已交" in text_of(handed.content)
    with transaction.atomic(), scope_of([place.school.id]):
        data = paper_for_analysis(place.draft.pk)
        assert not EntryDraft.objects.exists()
    present = data.statuses == 0
    sums = dict(zip(data.class_numbers[present], data.marks[present].sum(axis=1), strict=True))
    assert {n: s for n, s in sums.items() if s != 100} == {a: 99, b: 96}
    assert (~present).sum() == 1
    event = Event.objects.filter(type="assessment.marks_committed", subject_id=str(place.draft.pk)).get()
    assert event.ids["classes"] == [place.home_class.id]
    late = save(client, place, position=0, lost={})
    assert late.status_code == 409  # type: ignore[attr-defined]
    assert "更正得分" in late.json()["title"]  # type: ignore[attr-defined]


def test_a_resend_is_carried_out_once(place: Place) -> None:
    client = signed_in(LAN)
    body = {"id": uuid.uuid4().hex, "position": 3, "lost": {str(place.numbers[0]): 2}}
    for expected in (None, True, True):
        response = client.post(place.url("save/"), json.dumps(body), content_type="application/json")
        assert response.json().get("again") is expected
    assert CommandReceipt.objects.filter(verb="assessment.save_entry").count() == 1
    assert AuditRecord.objects.filter(verb="assessment.save_entry").count() == 1


@pytest.mark.parametrize(
    "part",
    [
        {"position": 25, "lost": {}},
        {"position": 0, "lost": {"999": 1}},
        {"position": 0, "lost": {"1": 5}},
        {"position": 0, "lost": {"1": 0.3}},
        {"position": 0, "lost": {"1": -1}},
        {"position": "x"},
        {"totals": {"1": 101}},
        {"statuses": {"1": 9}},
        {"lost": [1]},
    ],
)
def test_saves_that_make_no_sense_are_refused(place: Place, part: dict[str, object]) -> None:
    response = save(signed_in(LAN), place, **part)
    assert response.status_code == 409  # type: ignore[attr-defined]
    assert response.json()["title"].startswith("没有保存")  # type: ignore[attr-defined]


def test_key_items_only_leaves_the_others_unknown(place: Place) -> None:
    client = signed_in(LAN)
    for position in range(4):
        save(client, place, position=position, lost={})
    save(client, place, keyOnly=True)
    assert "至少 5 题" in text_of(client.post(place.url("hand-in/"), follow=True).content)
    save(client, place, position=24, lost={str(place.numbers[0]): 6})
    client.post(place.url("hand-in/"))
    with transaction.atomic(), scope_of([place.school.id]):
        data = paper_for_analysis(place.draft.pk)
    assert np.isfinite(data.marks).all(axis=0).tolist() == [True] * 4 + [False] * 20 + [True]
    assert set(data.states[:, 10].tolist()) == {2}


def test_without_script_the_form_does_the_same(place: Place) -> None:
    client = signed_in(LAN)
    first, second = place.numbers[:2]
    form = {"position": "0", f"lost-{first}": "4", f"absent-{second}": "on", f"total-{first}": "88"}
    response = client.post(place.url(), form)
    assert response.headers["Location"].endswith("?item=2")
    with transaction.atomic(), scope_of([place.school.id]):
        draft = EntryDraft.objects.get()
    assert draft.lost == {"0": {str(first): 4}}
    assert (draft.statuses, draft.totals) == ({str(second): 1}, {str(first): 88})
    wrong = client.post(place.url(), {"position": "0", f"lost-{first}": "四"})
    assert "要写数字" in text_of(wrong.content)


def test_the_office_creates_an_exam_and_the_regulation_speaks(place: Place) -> None:
    client = signed_in(HE)
    url = f"/schools/{place.school.code}/exams/new/"
    page = client.get(url)
    assert page.status_code == 200
    with transaction.atomic(), scope_of([place.school.id]):
        held_on = Exam.objects.filter(nature="final", grade=7)[0].held_on.isoformat()
    form = {
        "grade": "8", "nature": "final", "name": "八年级期末考试", "held_on": held_on, "subjects": ["14"],
        "full_score": "120",
    }  # fmt: skip
    assert client.post(url, form).status_code == 302
    again = text_of(client.post(url, form).content)
    assert "八年级这个学期已经有期末考试" in again
    asked = client.post(url, {**form, "ask": "1", "reason": "区里安排的课题抽样，需要再考一次"})
    assert asked.status_code == 302
    desk = signed_in(XU)
    page = desk.get("/district/exam-requests/")
    assert "区里安排的课题抽样" in text_of(page.content)
    number = re.findall(r'name="request" value="(\d+)"', page.content.decode())[0]
    answer = {"request": number, f"{number}-granted": "yes", f"{number}-reason": "同意，仅此一次"}
    assert desk.post("/district/exam-requests/", answer).status_code == 302
    assert client.post(url, form).status_code == 302
    assert signed_in(LAN).get(url).status_code == 403
    assert client.get("/district/exam-requests/").status_code == 403


def test_the_editor_saves_what_it_shows_and_keeps_what_is_wrong(place: Place) -> None:
    client = signed_in(HE)
    url = place.paper_url(place.draft, "blueprint/")
    html = client.get(url).content.decode()
    form = dict(
        re.findall(
            r'name="((?:label|full|key|options|points|partial|shared)-\d+)"[^>]*?value="([^"]*)"', html
        )
    )
    form |= dict(re.findall(r'name="(type-\d+)".*?<option value="(\w+)" selected', html))
    revision = re.findall(r'name="revision" value="(\d+)"', html)[0]
    form |= {"revision": revision, "full_score": "100"}
    with transaction.atomic(), scope_of([place.school.id]):
        before = items_of(place.draft.pk)
    wrong = client.post(url, {**form, "full-0": "5", "points-1": "没有这个点"})
    assert "没有保存，2 处要改" in text_of(wrong.content)
    assert 'value="没有这个点"' in wrong.content.decode()
    assert client.post(url, form).status_code == 302
    with transaction.atomic(), scope_of([place.school.id]):
        after = items_of(place.draft.pk)
    assert [(i.label, i.type, i.full, i.key, i.points) for i in after] == [
        (i.label, i.type, i.full, i.key, i.points) for i in before
    ]
    stale = client.post(url, form)
    assert "刚刚被别人改过" in text_of(stale.content)


def test_the_editor_fills_from_a_workbook(place: Place) -> None:
    client = signed_in(LAN)
    url = place.paper_url(place.draft, "blueprint/")
    rows = [
        ["2026 年双向细目表"],
        ["题号", "题型", "分值", "答案", "知识点"],
        ["1", "选择题", 40, "B", "JM0010"],
        ["2（1）", "解答题", 60, "", "相反数 0.5；数轴 0.5"],
    ]
    upload = SimpleUploadedFile("细目表.xlsx", xlsx(rows))
    shown = client.post(url, {"file": upload, "revision": "2", "full_score": "100"}).content.decode()
    assert 'name="label-1" value="2(1)"' in shown
    assert 'value="相反数 0.5；数轴 0.5"' in shown
    found = client.get(place.paper_url(place.draft, "points/"), {"q": "相反数"}).json()
    assert ["JM0010 相反数", "有理数"] in found["points"]


def test_corrections_need_a_reason_and_leave_a_trace(place: Place) -> None:
    client = signed_in(HE)
    url = place.paper_url(place.final, f"corrections/?class={place.home_class.code}&item=21")
    html = client.get(url).content.decode()
    number, value = re.findall(r'name="mark-(\d+)"[^>]*value="(\d+)"', html)[0]
    new = "1" if value != "1" else "2"
    assert "要写原因" in text_of(client.post(url, {f"mark-{number}": new}).content)
    done = client.post(url, {f"mark-{number}": new, "reason": "复核加分"}, follow=True)
    assert "已更正 1 人" in text_of(done.content)
    assert f"{number} 号 · 复核加分" in text_of(done.content)
    with transaction.atomic(), scope_of([place.school.id]):
        attempt = Attempt.objects.get(
            paper=place.final, home_class=place.home_class.id, class_number=int(number)
        )
    assert attempt.marks[20] == float(new)
    assert signed_in(LAN).get(url).status_code == 403


def test_lists_and_paper_pages_open_for_the_school(place: Place) -> None:
    for login in (LAN, HE, ZHOU):
        client = signed_in(login)
        page = client.get(f"/schools/{place.school.code}/exams/")
        assert "七年级期末考试" in text_of(page.content)
        assert client.get(place.paper_url(place.final)).status_code == 200
    assert signed_in(SUN).get(place.paper_url(place.final)).status_code == 404
    lan = text_of(signed_in(LAN).get(place.paper_url(place.draft)).content)
    assert "七（2）班 没录" in lan


def test_a_workbook_of_marks_begins_on_the_paper_s_page(place: Place) -> None:
    client = signed_in(HE)
    url = place.paper_url(place.draft, "import/")
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 422
    with transaction.atomic(), scope_of([place.school.id]):
        labels = [item.label for item in items_of(place.draft.pk)]
    rows = [["班级", "学号", *labels], ["七（2）班", place.numbers[0], *[1] * len(labels)]]
    upload = SimpleUploadedFile("成绩.xlsx", xlsx(rows))
    run = client.post(url, {"file": upload})
    assert run.status_code == 302
    shown = client.get(run.headers["Location"])
    assert shown.status_code == 200
    applied = client.post(run.headers["Location"] + "apply/")
    assert applied.status_code == 302
    assert signed_in(LAN).get(url).status_code == 403


def test_a_workbook_of_several_subjects_begins_on_the_page_of_exams(place: Place) -> None:
    client = signed_in(HE)
    with transaction.atomic(), scope_of([place.school.id]):
        exam = place.final.exam.code
    url = f"/schools/{place.school.code}/exams/{exam}/import/"
    assert url in client.get(f"/schools/{place.school.code}/exams/").content.decode()
    assert "语文、数学" in text_of(client.get(url).content)
    assert client.post(url).status_code == 422
    sheets = [
        (name, [["班级", "学号", "总分"], ["七（2）班", place.numbers[0], mark]])
        for name, mark in (("语文", 91), ("英语", 92))
    ]
    upload = SimpleUploadedFile("期末.xlsx", xlsx(sheets[0][1], sheet="语文", after=sheets[1:]))
    run = client.post(url, {"file": upload}).headers["Location"]
    shown = text_of(client.get(run).content)
    assert "工作表 行 要写入 不变 要改 语文 1 1 0 0 英语 1 1 0 0" in shown
    assert client.post(run + "apply/").status_code == 302
    assert signed_in(LAN).get(url).status_code == 403
    assert url not in signed_in(LAN).get(f"/schools/{place.school.code}/exams/").content.decode()
    other = next(one.code for one in schools() if one.code != place.school.code)
    assert client.get(f"/schools/{other}/exams/{exam}/import/").status_code == 404
    assert client.get(f"/schools/{place.school.code}/exams/NOSUCH00/import/").status_code == 404


def test_the_teacher_s_home_leads_to_the_marks_that_wait(place: Place) -> None:
    client = signed_in(LAN)
    home = f"/schools/{place.school.code}/today/"
    page = client.get(home)
    assert "等你录分" in text_of(page.content)
    assert f'href="{place.url()}"' in page.content.decode()
    for position in range(5):
        save(client, place, position=position, lost={})
    save(client, place, keyOnly=True)
    assert "录了 5/" in text_of(client.get(home).content)
    client.post(place.url("hand-in/"))
    assert f'href="{place.url()}"' not in client.get(home).content.decode()
    assert "等你录分" not in text_of(signed_in(HE).get(home).content)


def test_the_office_s_home_counts_the_classes_without_marks(place: Place) -> None:
    home = f"/schools/{place.school.code}/today/"
    text = text_of(signed_in(HE).get(home).content)
    found = re.search(r"还缺成绩.*?数学 0/(\d+) 班", text)
    assert found, "the paper was held and no class has marks"
    teacher = signed_in(LAN)
    for position in range(5):
        save(teacher, place, position=position, lost={})
    save(teacher, place, keyOnly=True)
    teacher.post(place.url("hand-in/"))
    after = text_of(signed_in(HE).get(home).content)
    assert ("还缺成绩" in after) == (int(found[1]) > 1)
    assert int(found[1]) == 1 or f"数学 1/{found[1]} 班" in after
