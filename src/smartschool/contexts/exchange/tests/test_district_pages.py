"""The wizard of the district: the school workbook by the browser, applied by the worker's job, undone."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.exchange import tasks
from smartschool.contexts.exchange.tests.test_pages import sheet
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.contexts.identity import seeds
from smartschool.kernel.registry import demo_logins

IMPORTS = "/district/imports/"
HEAD = ["学校标识码", "学校名称", "学校简称", "办学类型", "所属乡镇", "统一社会信用代码", "上级单位"]
NEW = ["2134040251", "大通区新庄小学", "新庄小学", "小学", "孔店乡", "", "孔店乡中心学校"]
POINT = ["2134040252", "大通区河东教学点", "河东教学点", "教学点", "孔店乡", "", "大通区河湾小学"]


@pytest.fixture
def officer(fresh_database: str) -> Client:
    seeds.run("small")
    return signed_in("区级管理员")


def signed_in(role: str) -> Client:
    client, login = Client(), demo_logins.get(role)
    assert client.post("/login/", {"login": login.login, "password": login.password}).status_code == 302
    return client


def upload(client: Client, *rows: list[str]) -> str:
    file = SimpleUploadedFile("学校.xlsx", xlsx([HEAD, *rows]))
    answer = client.post(IMPORTS + "school/", {"file": file, "mode": "add"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def carried_out() -> None:
    """What the worker does."""
    tasks.apply_imports(organisation=Organisation.objects.get(code="DT").pk)


def test_schools_are_brought_in_and_taken_back(officer: Client) -> None:
    page = officer.get(IMPORTS).content.decode()
    assert "全区学校的基本数据" in page
    assert "学籍导出" not in page, "rosters are the schools' business"
    start = officer.get(IMPORTS + "school/").content.decode()
    assert "学校标识码、学校名称" in start, "which columns it needs"
    run_url = upload(officer, NEW, POINT)
    assert "2 行里 <b>2 行可以导入</b>" in officer.get(run_url).content.decode()
    officer.post(run_url + "apply/")
    carried_out()
    assert "已导入 <b>2 行</b>" in officer.get(run_url).content.decode()
    made = Organisation.objects.select_related("parent").get(code="2134040252")
    assert (made.kind, made.parent.name) == ("teaching_point", "大通区河湾小学")  # type: ignore[union-attr]
    assert "新庄小学" in officer.get("/district/schools/").content.decode()
    assert "学校 2 行" in officer.get(IMPORTS).content.decode(), "among the last imports"
    assert "撤销了 <b>2 条</b>" in officer.post(run_url + "undo/").content.decode()
    assert not Organisation.objects.filter(code__in=["2134040251", "2134040252"]).exists()


def test_wrong_identifiers_come_back_in_the_error_workbook(officer: Client) -> None:
    taken = Organisation.objects.get(code="2134040201").credit_code
    run_url = upload(officer, [*NEW[:5], taken, NEW[6]], ["213404025", *POINT[1:]], NEW[:1] + POINT[1:])
    page = officer.get(run_url).content.decode()
    for words in ("已经有单位在用", "这里有 9 位", "与第 2 行重复。同一所学校只留一行"):
        assert words in page, words
    lines = sheet(officer.get(run_url + "errors.xlsx").content)
    assert [line[0] for line in lines[1:]] == ["2134040251", "213404025", "2134040251"]


def test_a_roster_is_no_file_of_the_district_nor_schools_of_a_school(officer: Client) -> None:
    assert officer.get(IMPORTS + "roster/").status_code == 403
    office = signed_in("教务管理员")
    assert office.get("/schools/2134040201/imports/school/").status_code == 403
    assert "全区学校" not in office.get("/schools/2134040201/imports/").content.decode()


def test_others_find_nothing(officer: Client) -> None:
    run_url = upload(officer, NEW)
    for role in ("督学", "教务管理员", "家长"):
        assert signed_in(role).get(run_url).status_code == 403, role
    elsewhere = run_url.replace("/district/", "/schools/2134040201/")
    assert signed_in("教务管理员").get(elsewhere).status_code == 404
