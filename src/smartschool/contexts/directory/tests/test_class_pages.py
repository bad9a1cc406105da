"""Pages that keep classes: opened, changed, closed, taken back; a new first grade; pupils moved and back."""

from collections.abc import Callable

import pytest
from django.test import Client

from smartschool.contexts.directory import class_pages
from smartschool.contexts.directory.models import Appointment, HomeClass, Organisation
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.tests.test_organisation_pages import undo
from smartschool.contexts.directory.tests.test_pages import (
    MAIN,
    VILLAGE,
    looking,
    of_class,
    signed_in,
    text,
)
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord

CLASSES = f"/schools/{MAIN}/classes/"


@pytest.fixture
def district(fresh_database: str) -> None:
    """Pages run in transactions of their own, as in life."""


@pytest.fixture
def office(district: None) -> Client:
    return signed_in("dt-hejing")


def row(code: str) -> HomeClass:
    with looking():
        return HomeClass.objects.get(code=code)


def sizes() -> dict[str, int]:
    with looking():
        place = Organisation.objects.get(code=MAIN).pk
        counted = doors.class_sizes([place])
        return {one.name: counted.get(one.id, 0) for one in doors.classes_of([place])}


def seats(name: str) -> dict[str, int]:
    with looking():
        return {pupil.code: pupil.class_number for pupil in doors.pupils_of_class(of_class(name).pk)}


def test_the_list_stands_by_grade_and_says_what_is_special(office: Client) -> None:
    page = text(office, CLASSES)
    assert "初中 · 4 个班，111 人" in page, "by stage where a grade has hardly more than one class"
    assert page.index("小学 ·") < page.index("初中 ·")
    assert "类型</th>" not in page, "nothing is special here"
    Organisation.objects.filter(code=MAIN).update(school_type="311")
    assert "附设小学班" in text(office, CLASSES)


def test_a_class_is_opened_with_the_next_number_and_taken_back(office: Client) -> None:
    assert 'value="7"' in text(office, CLASSES + "new/?grade=7")
    form = {"grades": "7", "number": "", "class_type": "", "valid_from": clock.today().isoformat()}
    page = office.post(CLASSES + "new/", form, follow=True).content.decode()
    assert "已建七（3）班" in page
    assert "七（3）班" in text(office, CLASSES)
    assert "没有建" in undo(office, page)
    assert "七（3）班" not in text(office, CLASSES)
    assert AuditRecord.objects.filter(verb="directory.withdraw_classes").count() == 1
    again = office.post(CLASSES + "new/", form, follow=True).content.decode()
    assert "已建七（3）班" in again, "the number is free again"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"grades": [], "number": "3"}, "选年级"),
        ({"grades": ["6", "7"], "number": "3"}, "小学和初中的年级不能编在一个班"),
        ({"grades": ["7"], "number": "2"}, "七（2）班已经有了"),
        ({"grades": ["7"], "number": "99"}, "班号从 1 到 60"),
        ({"grades": ["7"], "number": "3", "class_type": "14"}, "另一个学段"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(office: Client, fields: dict[str, object], words: str) -> None:
    answer = office.post(CLASSES + "new/", {"class_type": "", "valid_from": "2026-11-29", **fields})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_two_grades_make_a_combined_class(office: Client) -> None:
    form = {"grades": ["1", "2"], "number": "5", "class_type": "", "valid_from": "2026-11-29"}
    page = office.post(CLASSES + "new/", form, follow=True).content.decode()
    assert "一、二年级复式（5）班" in page
    made = of_class("一、二年级复式（5）班")
    assert (made.class_type, made.entry_year, made.further_entry_years) == ("12", 2026, [2025])


def test_a_class_is_changed_and_changed_back(office: Client) -> None:
    one = of_class("七（2）班")
    edit = CLASSES + f"{one.code}/edit/"
    page = office.post(edit, {"grades": "7", "number": "8", "class_type": "24"}, follow=True)
    assert "已保存，现在是七（8）班" in page.content.decode()
    assert (row(one.code).number, row(one.code).class_type) == (8, "24")
    undo(office, page.content.decode())
    assert (row(one.code).number, row(one.code).class_type) == (2, "20")
    stays = office.post(edit, {"grades": "8", "number": "2", "class_type": ""})
    assert stays.status_code == 422
    assert "去掉的年级还有 30 名学生" in stays.content.decode()
    more = office.post(edit, {"grades": ["7", "8"], "number": "2", "class_type": ""}, follow=True)
    assert "七、八年级复式（2）班" in more.content.decode()
    assert row(one.code).class_type == "22"


def test_a_class_with_pupils_stays_an_empty_one_is_closed_and_opened_again(office: Client) -> None:
    full = of_class("七（2）班")
    assert "班里还有 30 名学生" in text(office, CLASSES + f"{full.code}/close/")
    refused = office.post(CLASSES + f"{full.code}/close/", {"on": "2026-11-29", "reason": "并班"})
    assert "班里还有 30 名学生" in refused.content.decode()
    target, codes = of_class("七（1）班"), seats("七（2）班")
    move = CLASSES + f"{full.code}/move/"
    numbers = {f"number-{code}": 100 + number for code, number in codes.items()}
    moved = office.post(
        move, {"pupil": list(codes), "to": target.code, "on": clock.today().isoformat(), **numbers}
    )
    assert moved.status_code == 302
    close = CLASSES + f"{full.code}/close/"
    assert "李岚的班主任岗位一起结束" in text(office, close)
    assert "写原因" in office.post(close, {"on": clock.today().isoformat()}).content.decode()
    page = office.post(
        close, {"on": clock.today().isoformat(), "reason": "并入七（1）班"}, follow=True
    ).content.decode()
    assert "七（2）班已撤班" in page
    assert AuditRecord.objects.get(verb="directory.close_class").data["reason"] == "并入七（1）班"
    assert "撤班" in text(office, CLASSES + "?show=closed").split("已撤的班")[1]
    undo(office, page)
    assert row(full.code).valid_to is None
    with looking():
        head = Appointment.objects.get(home_class=full, role="form_teacher")
    assert head.valid_to is None, "the form teacher has the class again"


def test_chosen_pupils_move_with_free_numbers_and_move_back(office: Client) -> None:
    here, there, before = of_class("七（2）班"), of_class("七（1）班"), seats("七（2）班")
    chosen = list(before)[:3]
    move = CLASSES + f"{here.code}/move/"
    assert "先勾选" in office.get(move, follow=True).content.decode()
    asked = office.get(move, {"pupil": chosen}).content.decode()
    assert "七（1）班" in asked, "the only other class of the grade is proposed at once"
    assert 'name="to" value="' + there.code in asked
    taken = {f"number-{code}": number for code, number in zip(chosen, (1, 1, 2), strict=True)}
    refused = office.post(move, {"pupil": chosen, "to": there.code, "on": "2026-11-29", **taken})
    assert refused.status_code == 422
    assert "学号都是 1，改一个" in refused.content.decode()
    free = {f"number-{code}": 90 + place for place, code in enumerate(chosen)}
    on = clock.today().isoformat()
    page = office.post(move, {"pupil": chosen, "to": there.code, "on": on, **free}, follow=True)
    assert "3 名学生已从七（2）班转来" in page.content.decode()
    assert sizes()["七（1）班"] == 33
    undo(office, page.content.decode())
    assert seats("七（2）班") == before


def test_pupils_of_others_and_classes_of_others_are_left_alone(office: Client) -> None:
    here, wrong = of_class("七（2）班"), of_class("三（1）班")
    chosen = list(seats("七（2）班"))[:1]
    fields = {"pupil": chosen, "to": wrong.code, "on": "2026-11-29", f"number-{chosen[0]}": "77"}
    office.post(CLASSES + f"{here.code}/move/", fields)
    assert chosen[0] not in seats("三（1）班"), "another grade is no place to go"
    stranger = list(seats("三（1）班"))[:1]
    asked = office.get(CLASSES + f"{here.code}/move/", {"pupil": stranger}, follow=True)
    assert "先勾选" in asked.content.decode()
    form_teacher = signed_in("dt-lilan")
    assert form_teacher.get(CLASSES + f"{here.code}/move/").status_code == 403
    assert 'type="checkbox"' not in text(form_teacher, CLASSES + f"{here.code}/")
    for path in ("new/", "first-grade/", f"{here.code}/edit/", f"{here.code}/close/"):
        text(form_teacher, CLASSES + path, 403)


def test_the_next_first_grade_follows_this_one(office: Client) -> None:
    page = text(office, CLASSES + "first-grade/")
    assert "2027 年秋季建 <b>3 个班</b>" in page
    assert "一（1）班" in page
    done = office.post(CLASSES + "first-grade/", {"class": ["junior-1", "primary-1"]}, follow=True)
    assert "已建 2 个班：一（1）班、七（1）班" in done.content.decode()
    assert "还没到日子的班" in done.content.decode()
    assert "初中 · 4 个班" in done.content.decode(), "they begin in September"
    rest = text(office, CLASSES + "first-grade/")
    assert "<b>1 个班</b>" in rest
    assert "没有选班" in office.post(CLASSES + "first-grade/", {}, follow=True).content.decode()
    undo(office, done.content.decode())
    assert "<b>3 个班</b>" in text(office, CLASSES + "first-grade/")


def test_combined_classes_are_no_model(district: None) -> None:
    village = signed_in("dt-zhouming")
    assert village.get(f"/schools/{VILLAGE}/classes/first-grade/").status_code == 404


def test_the_printed_list_names_the_class(office: Client) -> None:
    one = of_class("七（2）班")
    answer = office.get(CLASSES + f"{one.code}/list.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert signed_in("dt-lilan").get(CLASSES + f"{one.code}/list.pdf").status_code == 200
    assert signed_in("dt-sunyue").get(CLASSES + f"{one.code}/list.pdf").status_code == 404


@pytest.mark.parametrize(("path", "queries"), [("first-grade/", 8), ("new/", 6), ("{own}/edit/", 7)])
def test_queries_are_pinned(
    office: Client, path: str, queries: int, django_assert_num_queries: Callable[[int], object]
) -> None:
    address = CLASSES + path.format(own=of_class("七（2）班").code)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]
        office.get(address)


def test_grouped_by_grade_where_grades_have_several_classes() -> None:
    def row(grade: int, number: int) -> class_pages.ClassRow:
        one = ClassInfo(0, "", 0, "primary", 2026, number, "10", (grade,), "")
        return class_pages.ClassRow(one, 30, None, "")

    groups = class_pages.grouped([row(1, 1), row(1, 2), row(2, 1), row(2, 2)])
    assert [(group.name, group.pupils) for group in groups] == [("一年级", 60), ("二年级", 60)]
