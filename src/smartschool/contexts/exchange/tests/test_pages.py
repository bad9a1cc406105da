"""Pages of the wizard without a browser: who may open them, the steps, the error workbook, strangers."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.exchange import tasks
from smartschool.contexts.exchange.commands.applying import start_run
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.tests.rosters import HEAD, pupil
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.contexts.identity import seeds
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.registry import demo_logins
from smartschool.kernel.scope import scope_of


@pytest.fixture
def logins(fresh_database: str) -> None:
    seeds.run("small")


def signed_in(role: str) -> tuple[Client, str]:
    """A client and the address of its school."""
    login = demo_logins.get(role)
    client = Client()
    answer = client.post("/login/", {"login": login.login, "password": login.password}, follow=True)
    match = re.match("/schools/([^/]+)/", answer.redirect_chain[-1][0])
    return client, f"/schools/{match[1]}/imports/" if match else ""


def sheet(content: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()


def upload(client: Client, address: str, content: bytes) -> str:
    file = SimpleUploadedFile("名单.xlsx", content)
    answer = client.post(address + "roster/", {"file": file, "mode": "add"})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def test_a_row_of_several_sheets_names_its_sheet(logins: None) -> None:
    client, address = signed_in("教务管理员")
    first, second = [HEAD, pupil(1, 班级号="09")], [HEAD, pupil(2, 班级号="09")]
    page = client.get(upload(client, address, xlsx(first, sheet="一班", after=[("二班", second)])))
    rows = re.findall(r'<th scope="row" class="nw">(.*?)</th>', page.content.decode())
    assert [re.sub("<[^>]+>", "", row) for row in rows] == ["一班 2 行", "二班 2 行"]
    page = client.get(upload(client, address, xlsx(first, sheet="一班")))
    assert '<th scope="row" class="nw">2 行</th>' in page.content.decode()


def test_steps_of_a_file_with_a_fault(logins: None) -> None:
    client, address = signed_in("教务管理员")
    assert client.get(address).status_code == 200
    rows = [pupil(n, 班级号="09") for n in range(4)]
    rows[2] = pupil(2, 班级号="09", 联系电话="12345")
    run_url = upload(client, address, xlsx([HEAD, *rows]))
    page = client.get(run_url).content.decode()
    assert "3 行可以导入" in page
    assert "电话号码不对" in page
    assert "导入其余 3 行" in page
    home = client.get(address.replace("imports", "today")).content.decode()
    assert f'href="{run_url}"' in home, "今日 leads back to what was not finished"
    assert f'href="{run_url}"' in client.get(address).content.decode(), "so does the list of imports"
    wrong = client.get(run_url + "errors.xlsx")
    lines = sheet(wrong.content)
    assert [line[0] for line in lines] == ["姓名", "学生丙一"]
    assert "电话号码不对" in lines[1][-1]
    assert client.post(run_url + "apply/").status_code == 302  # without partial: nothing is queued
    assert "只导入其余的行" in client.get(run_url).content.decode()
    client.post(run_url + "apply/", {"partial": "1"})
    assert "排队中" in client.get(run_url).content.decode()
    assert client.get(run_url + "progress/").status_code == 200


def test_job_applies_once_and_page_tells(logins: None) -> None:
    client, address = signed_in("教务管理员")
    run_url = upload(client, address, xlsx([HEAD, *[pupil(n, 班级号="09") for n in range(3)]]))
    client.post(run_url + "apply/")
    code = run_url.rstrip("/").rsplit("/", 1)[-1]
    organisation = Organisation.objects.get(code=address.split("/")[2])
    with transaction.atomic(), scope_of([organisation.pk]):
        run = ImportRun.objects.get(code=code)
    tasks.apply_imports(organisation=organisation.pk)
    with transaction.atomic(), scope_of([organisation.pk]):
        assert ImportRun.objects.get(pk=run.pk).status == "applied"
    records = AuditRecord.objects.filter(verb="exchange.apply_import", subject_id=str(run.pk))
    assert records.count() == 1
    tasks.apply_imports(organisation=organisation.pk)  # what is applied is left alone
    assert records.count() == 1
    assert client.get(run_url + "progress/")["HX-Refresh"] == "true"
    page = client.get(run_url).content.decode()
    assert "已导入 <b>3 行</b>" in page
    assert "撤销了 <b>3 条</b>" in client.post(run_url + "undo/").content.decode()
    assert client.post(run_url + "undo/").status_code == 409


def test_unreadable_file_is_said_and_nothing_can_be_imported(logins: None) -> None:
    client, address = signed_in("校长")
    run_url = upload(client, address, b"PK\x03\x04 half a file")
    page = client.get(run_url).content.decode()
    assert "文件不完整或已损坏" in page
    assert "apply/" not in page


def test_others_find_nothing(logins: None) -> None:
    client, address = signed_in("教务管理员")
    run_url = upload(client, address, xlsx([HEAD, pupil(1)]))
    teacher, _ = signed_in("班主任")
    assert teacher.get(address).status_code == 403
    assert teacher.get(run_url).status_code == 403
    stranger, _ = signed_in("任课教师（外校）")
    assert stranger.get(run_url).status_code == 404
    assert Client().get(run_url).status_code == 302


def test_progress_says_that_the_worker_has_begun(logins: None) -> None:
    client, address = signed_in("教务管理员")
    run_url = upload(client, address, xlsx([HEAD, *[pupil(n, 班级号="09") for n in range(3)]]))
    client.post(run_url + "apply/")
    assert "排队中" in client.get(run_url + "progress/").content.decode()
    organisation = Organisation.objects.get(code=address.split("/")[2])
    with transaction.atomic(), scope_of([organisation.pk]):
        run = ImportRun.objects.get(code=run_url.rstrip("/").rsplit("/", 1)[-1])
        start_run(actor=system_actor("checks"), run=run)
    page = client.get(run_url + "progress/").content.decode()
    assert "正在检查和写入 3 行" in page
