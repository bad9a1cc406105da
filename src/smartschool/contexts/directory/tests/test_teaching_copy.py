"""沿用上学期: what goes on and what does not, one batch, taken back as one; cells that were filled stay."""

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from smartschool.contexts.directory.commands import staff as commands
from smartschool.contexts.directory.commands import teaching
from smartschool.contexts.directory.models import Appointment, Organisation, TeachingAssignment
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.public.contracts import NewAssignment, TermInfo
from smartschool.contexts.directory.teaching_copy import copy_plan
from smartschool.contexts.directory.tests.test_organisation_pages import undo
from smartschool.contexts.directory.tests.test_pages import MAIN, looking, of_class, signed_in, text
from smartschool.contexts.directory.tests.test_teaching_pages import MATHS, TEACHING, member
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.models import AuditRecord
from smartschool.kernel.scope import scope_of

COPY = TEACHING + "copy/"
Lesson = tuple[int, str, int]


@pytest.fixture
def office(fresh_database: str) -> Client:
    """The demo has filled the coming term already: here it is still to do."""
    _, spring = terms()
    with looking():
        school = Organisation.objects.get(code=MAIN)
    with transaction.atomic(), scope_of([school.pk]):
        TeachingAssignment.objects.filter(organisation=school, term_id=spring.id).delete()
    return signed_in("dt-hejing")


def terms() -> tuple[TermInfo, TermInfo]:
    """The running one and the one to come."""
    now = doors.current_term()
    return now, next(term for term in doors.terms() if term.starts_on > now.starts_on)


def lessons(term: TermInfo) -> set[Lesson]:
    with looking():
        rows = TeachingAssignment.objects.filter(organisation__code=MAIN, term_id=term.id)
        return set(rows.values_list("home_class_id", "subject", "staff_id"))


def test_a_spring_goes_on_where_the_autumn_stopped(office: Client) -> None:
    now, spring = terms()
    before, own = lessons(now), of_class("七（2）班")
    assert before
    assert not lessons(spring)
    jing = member("何静")
    office.post(TEACHING + f"{own.code}/{MATHS}/", {"staff": jing.code, "term": spring.key})
    assert COPY in text(office, TEACHING + f"?term={spring.key}")
    page = text(office, COPY + f"?term={spring.key}")
    wanted = {row for row in before if row[:2] != (own.pk, MATHS)}
    assert f"沿用 {len(wanted)} 项" in page
    assert "已经排好的 1 门课不动" in page
    assert lessons(spring) == {(own.pk, MATHS, jing.pk)}, "a look writes nothing"
    page = office.post(COPY, {"term": spring.key}, follow=True).content.decode()
    assert lessons(spring) == wanted | {(own.pk, MATHS, jing.pk)}
    record = AuditRecord.objects.get(verb="directory.copy_teaching")
    copy = record.data.pop("copy")
    assert record.data == {"from": now.id, "to": spring.id, "assignments": len(wanted), "appointed": []}
    assert "没有可以沿用的" in text(office, COPY + f"?term={spring.key}")
    undo(office, page)
    assert lessons(spring) == {(own.pk, MATHS, jing.pk)}, "what was there before stays"
    assert lessons(now) == before
    withdrawn = AuditRecord.objects.get(verb="directory.withdraw_teaching")
    assert withdrawn.data["copy"] == copy, "one can be traced to the other"


def test_what_was_changed_since_stays(office: Client) -> None:
    _, spring = terms()
    own, jing = of_class("七（2）班"), member("何静")
    page = office.post(COPY, {"term": spring.key}, follow=True).content.decode()
    office.post(TEACHING + f"{own.code}/{MATHS}/", {"staff": jing.code, "term": spring.key})
    undo(office, page)
    assert lessons(spring) == {(own.pk, MATHS, jing.pk)}


def test_who_stays_in_a_changed_lesson_stays(office: Client) -> None:
    _, spring = terms()
    own, jing, lan = of_class("七（2）班"), member("何静"), member("李岚")
    page = office.post(COPY, {"term": spring.key}, follow=True).content.decode()
    assert (own.pk, MATHS, lan.pk) in lessons(spring)
    both = {"staff": [lan.code, jing.code], "term": spring.key}
    office.post(TEACHING + f"{own.code}/{MATHS}/", both)
    undo(office, page)
    assert lessons(spring) == {(own.pk, MATHS, lan.pk), (own.pk, MATHS, jing.pk)}


def test_a_lesson_that_was_just_assigned_refuses_the_batch(office: Client) -> None:
    """Two of the office copy at once: the second is told, and nothing of its batch is left."""
    now, spring = terms()
    lan = member("李岚")
    with transaction.atomic(), scope_of([lan.organisation_id]):
        plan = copy_plan(lan.organisation_id, spring)
        assert plan is not None
        mine = next(row for row in plan.new if row.staff_id == lan.pk)

        def copied(batch: list[NewAssignment]) -> None:
            teaching.copy_teaching(
                actor=system_actor("checks"),
                organisation=lan.organisation,
                source=now,
                target=spring,
                assignments=batch,
            )

        copied([mine])
        with pytest.raises(DomainError, match="刚刚排上了人"):
            copied(plan.new)
    assert lessons(spring) == {(mine.home_class_id, mine.subject, lan.pk)}


def test_who_has_left_is_named(office: Client) -> None:
    _, spring = terms()
    lan = member("李岚")
    with transaction.atomic(), scope_of([lan.organisation_id]):
        commands.release_staff(actor=system_actor("checks"), staff=lan, on=clock.today())
    page = text(office, COPY + f"?term={spring.key}")
    assert re.search(r"李岚已经离开，[^。]*七（2）班数学[^。]*要另外排人。", page)
    office.post(COPY, {"term": spring.key})
    assert lan.pk not in {staff for *_, staff in lessons(spring)}


def test_in_autumn_classes_have_moved_up(office: Client) -> None:
    """九年级 has left, 八年级 became 九年级 and is not taught 生物 and 地理 any more."""
    _, spring = terms()
    office.post(COPY, {"term": spring.key})
    school = Organisation.objects.get(code=MAIN)
    last = doors.terms()[-1]
    autumn = TermInfo(-1, "2027-2028", 1, last.ends_on.replace(month=9, day=1), last.ends_on, 20)
    with looking():
        plan = copy_plan(school.pk, autumn)
        assert plan is not None
        assert plan.source == last
        classes = {one.id: one for one in doors.classes_of([school.pk], on=autumn.starts_on)}
        grades = {classes[row.home_class_id].grade for row in plan.new}
    assert 1 not in grades, "nobody taught them before"
    assert {9, 8, 2} <= grades
    words = " ".join(plan.concerns)
    assert re.search(r"九（1）班[^。]*已经毕业或撤班", words)
    assert "九（1）班按课程方案不再开生物、地理、信息科技" in words
    assert not {row.subject for row in plan.new if classes[row.home_class_id].grade == 9} & {"18", "20", "61"}


def test_who_lacks_the_post_becomes_a_teacher(office: Client) -> None:
    _, spring = terms()
    lan = member("李岚")
    with transaction.atomic(), scope_of([lan.organisation_id]):
        Appointment.objects.filter(staff=lan, role="teacher").update(valid_to=clock.today())
    office.post(COPY, {"term": spring.key})
    with looking():
        assert Appointment.objects.filter(staff=lan, role="teacher", valid_to__isnull=True).exists()
    assert AuditRecord.objects.get(verb="directory.copy_teaching").data["appointed"] == [lan.pk]


def test_others_keep_away(office: Client) -> None:
    _, spring = terms()
    assert office.get(COPY + "?term=1999-2000-1").status_code == 404
    assert signed_in("dt-lilan").post(COPY, {"term": spring.key}).status_code == 403
    assert office.post(COPY + "withdraw/", {"term": spring.key, "copy": ""}).status_code == 404
    assert office.post(COPY + "withdraw/", {"term": spring.key, "copy": "NOSUCH"}).status_code == 404
    assert not lessons(spring)


def test_queries_are_pinned(office: Client, django_assert_num_queries: Callable[[int], object]) -> None:
    _, spring = terms()
    with django_assert_num_queries(13):  # type: ignore[attr-defined]
        office.get(COPY + f"?term={spring.key}")
