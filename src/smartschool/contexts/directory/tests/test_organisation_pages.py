"""Pages of the organisation tree: who opens them, what they refuse, each change undone, pinned queries."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.commands import pupils, staff
from smartschool.contexts.directory.models import Enrolment, Headcount, Organisation, StaffRecord
from smartschool.contexts.directory.public.contracts import NewPupil, NewStaff
from smartschool.contexts.directory.public.identifiers import credit_check_character
from smartschool.contexts.directory.tests.test_pages import MAIN, VILLAGE, looking, signed_in, text
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import Scope, scope_of

UNITS = "/district/schools/"
ADMIN, INSPECTOR = "dt-xuheng", "dt-zhaoning"
NEW = {
    "kind": "teaching_point", "parent": VILLAGE, "code": "2134040299", "name": "大通区河东教学点",
    "short_name": "河东教学点", "school_type": "218", "urban_rural": "220", "plan_category": "rural",
    "town": "孔店乡", "division": "340402", "credit_code": "", "valid_from": "2026-11-01",
}  # fmt: skip


@pytest.fixture
def district(fresh_database: str) -> None:
    """Pages run in transactions of their own, as in life."""


def unit(code: str) -> Organisation:
    return Organisation.objects.select_related("parent").get(code=code)


def undo(client: Client, page: str) -> str:
    """Press the undo button of a page: posts its hidden fields, answers the page that follows."""
    form = re.search(r'id="hx-note".*?<form method="post" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form, page
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]):
        fields.setdefault(name, []).append(value)
    answer = client.post(form[1], fields, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return str(answer.content.decode())


def test_the_tree_shows_counts_and_nobody(district: None) -> None:
    page = text(signed_in(INSPECTOR), UNITS)
    with looking():
        pupils_ = Enrolment.objects.filter(valid_to=None).count()
        staff_ = StaffRecord.objects.exclude(organisation__code="DT").count()
        names = list(Enrolment.objects.values_list("name", flat=True))
    assert f"{pupils_} 名学生、{staff_} 人次教职工" in page
    assert not [name for name in names if len(name) > 2 and name in page]
    assert "添加单位" not in page, "the inspector looks only"
    assert page.index("孔店中心校") < page.index("河湾小学"), "a school stands below its 中心校"
    assert 'class="lv lv2"' in page


def test_the_bureau_is_no_unit_of_its_own_tree(district: None) -> None:
    """Its page would offer to close the district, and broke for want of something above it."""
    officer = signed_in(ADMIN)
    for path in ("", "edit/", "move/", "close/"):
        assert officer.get(UNITS + f"DT/{path}").status_code == 404, path
    assert officer.post(UNITS + "DT/reopen/").status_code == 404


def test_found_by_name_code_and_town_with_the_units_above(district: None) -> None:
    officer = signed_in(ADMIN)
    page = text(officer, UNITS + "?q=河湾")
    assert "河湾小学" in page
    assert "孔店中心校" in page
    assert "洛水学校" not in page.split("<main")[1]
    assert "洛水学校" in text(officer, UNITS + f"?q={MAIN}")
    assert "没有这样的单位" in text(officer, UNITS + "?q=没有这所")
    assert "没有要核对的" in text(officer, UNITS + "?show=check")
    Organisation.objects.filter(code=VILLAGE).update(credit_code="12")
    assert "河湾小学" in text(officer, UNITS + "?show=check")
    assert "应为 18 位" in text(officer, UNITS + f"{VILLAGE}/")


def test_only_the_district_admin_changes(district: None) -> None:
    inspector, principal = signed_in(INSPECTOR), signed_in("dt-zhouming")
    assert "改信息" not in text(inspector, UNITS + f"{VILLAGE}/")
    for path in ("new/", f"{VILLAGE}/edit/", f"{VILLAGE}/move/", f"{VILLAGE}/close/"):
        text(inspector, UNITS + path, 403)
        text(principal, UNITS + path, 403)
    assert inspector.post(UNITS + f"{VILLAGE}/reopen/").status_code == 403
    text(signed_in(ADMIN), UNITS + "2134049999/", 404)


def test_a_unit_is_added_below_another(district: None) -> None:
    officer = signed_in(ADMIN)
    form = text(officer, UNITS + f"new/?under={VILLAGE}")
    assert 'value="孔店乡"' in form, "prefilled from the unit above"
    page = officer.post(UNITS + "new/", NEW, follow=True).content.decode()
    assert "已添加河东教学点" in page
    assert unit("2134040299").parent == unit(VILLAGE)
    record = AuditRecord.objects.get(verb="directory.create_organisation", data__code="2134040299")
    assert record.actor == "district_admin"
    assert "河东教学点" in text(officer, UNITS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "21340402"}, "学校标识码应为 10 位数字，这里有 8 位"),
        ({"code": "9934040299"}, "前两位 99 不是学校类别"),
        ({"code": VILLAGE}, "已经有单位在用"),
        ({"credit_code": "12340402MB0000001"}, "统一社会信用代码应为 18 位"),
        ({"credit_code": "12340402DEM0402010"}, "校验码不对"),
        ({"kind": "campus", "parent": "DT"}, "校区不能放在区教育体育局下面"),
        ({"name": ""}, "填全称"),
        ({"division": "3404"}, "应为 6 位数字"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(district: None, changes: dict[str, str], words: str) -> None:
    answer = signed_in(ADMIN).post(UNITS + "new/", NEW | changes)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Organisation.objects.filter(short_name="河东教学点").count() == 0


def test_a_credit_code_belongs_to_one_unit(district: None) -> None:
    taken = unit(MAIN).credit_code
    assert taken[17] == credit_check_character(taken[:17])
    answer = signed_in(ADMIN).post(UNITS + "new/", NEW | {"credit_code": taken.lower()})
    assert answer.status_code == 422
    assert f"统一社会信用代码 {taken} 已经有单位在用" in answer.content.decode()


def test_a_unit_is_renamed_and_named_back(district: None) -> None:
    officer, row = signed_in(ADMIN), unit(VILLAGE)
    fields = {
        key: getattr(row, key)
        for key in ("name", "short_name", "credit_code", "school_type", "urban_rural", "plan_category",
                    "town", "division")
    }  # fmt: skip
    edit = UNITS + f"{VILLAGE}/edit/"
    assert "没有改动" in officer.post(edit, fields, follow=True).content.decode()
    page = officer.post(edit, fields | {"short_name": "河湾希望小学"}, follow=True).content.decode()
    assert unit(VILLAGE).short_name == "河湾希望小学"
    assert "已保存，改了 1 项" in page
    record = AuditRecord.objects.filter(verb="directory.change_organisation").latest("id")
    assert record.data == {"short_name": ["河湾小学", "河湾希望小学"]}
    undo(officer, page)
    assert unit(VILLAGE).short_name == "河湾小学"


def test_a_unit_is_moved_and_moved_back(district: None) -> None:
    officer = signed_in(ADMIN)
    move = UNITS + f"{VILLAGE}/move/"
    page = officer.post(move, {"parent": "DT"}, follow=True).content.decode()
    assert unit(VILLAGE).parent == unit("DT")
    undo(officer, page)
    assert unit(VILLAGE).parent == unit("DT-KDZX")
    assert officer.post(move, {"parent": MAIN}).status_code == 422, "a school is not put below a school"
    assert Event.objects.filter(type="directory.organisation_moved").count() == 2


def test_what_is_in_use_stays_open(district: None) -> None:
    officer = signed_in(ADMIN)
    assert "还有 5 个班" in text(officer, UNITS + f"{VILLAGE}/close/")
    answer = officer.post(UNITS + f"{VILLAGE}/close/", {"on": "2026-11-29", "reason": "撤并"})
    assert answer.status_code == 422
    assert unit(VILLAGE).valid_to is None
    assert "下面还有 1 个单位" in text(officer, UNITS + "DT-KDZX/close/")


def test_an_empty_unit_is_closed_with_a_reason_and_opened_again(district: None) -> None:
    officer = signed_in(ADMIN)
    officer.post(UNITS + "new/", NEW)
    close = UNITS + "2134040299/close/"
    day = clock.today().isoformat()
    assert "写原因" in officer.post(close, {"on": day, "reason": ""}).content.decode()
    early = officer.post(close, {"on": "2026-10-01", "reason": "撤并"})
    assert "不能早于设立日期" in early.content.decode()
    page = officer.post(close, {"on": day, "reason": "并入河湾小学"}, follow=True).content.decode()
    assert "起已停办" in page
    assert "河东教学点" not in text(officer, UNITS)
    assert "河东教学点" in text(officer, UNITS + "?show=closed")
    record = AuditRecord.objects.get(verb="directory.close_organisation")
    assert record.data["reason"] == "并入河湾小学"
    assert "河东教学点恢复了" in undo(officer, page)
    assert unit("2134040299").valid_to is None


def test_headcounts_follow_pupils_and_staff(district: None) -> None:
    actor, village = system_actor("checks"), unit(VILLAGE)

    def counted() -> tuple[int, int]:
        row = Headcount.objects.get(organisation=village)
        return row.pupils, row.staff

    with transaction.atomic(), scope_of([village.pk]):
        former = counted()
        new = [NewPupil("甲", "primary", 2026), NewPupil("乙", "primary", 2026)]
        ids = pupils.enrol_pupils(actor=actor, organisation=village, pupils=new, valid_from=clock.today())
        (teacher,) = staff.record_staff(
            actor=actor, organisation=village, staff=[NewStaff("丙", "T9", share=0.5)],
            valid_from=clock.today(),
        )  # fmt: skip
        assert counted() == (former[0] + 2, former[1] + 1)
        pupils.release_pupil(
            actor=actor, enrolment=Enrolment.objects.get(pk=ids[0]), status="10", on=clock.today()
        )
        staff.release_staff(actor=actor, staff=StaffRecord.objects.get(pk=teacher), on=clock.today())
        assert counted() == (former[0] + 1, former[1])
    with transaction.atomic(), Scope(read=frozenset(), aggregate=frozenset({village.pk})):
        assert Enrolment.objects.count() == 0, "who may count may not read"
        assert counted() == (former[0] + 1, former[1])


@pytest.mark.parametrize(("path", "queries"), [("", 9), (f"{VILLAGE}/", 12)])
def test_queries_are_pinned(
    district: None, path: str, queries: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    officer = signed_in(ADMIN)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]
        officer.get(UNITS + path)
