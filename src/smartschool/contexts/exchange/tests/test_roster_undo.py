"""A roster taken back: all of it, but nothing that was changed or is needed since."""

from datetime import date

import pytest

from smartschool.contexts.directory.models import (
    Enrolment,
    Guardianship,
    Organisation,
    Person,
    Placement,
)
from smartschool.contexts.exchange.commands.applying import apply_run, queue_run, undo_run
from smartschool.contexts.exchange.commands.landing import WAITING
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.public.doors import undo_import
from smartschool.contexts.exchange.tests.rosters import (
    ACTOR,
    HEAD,
    _today,  # noqa: F401 - an autouse fixture
    counts,
    load,
    pupil,
    pupils_of,
)
from smartschool.contexts.exchange.tests.workbooks import xlsx
from smartschool.kernel.errors import DomainError
from smartschool.kernel.scope import scope_of

pytestmark = pytest.mark.django_db


def test_undo_takes_all_back_and_can_be_repeated_by_a_new_import(school: Organisation) -> None:
    persons = Person.objects.count()
    content = xlsx([HEAD, *[pupil(n) for n in range(15)]])
    report = load(content, school)
    undo = undo_import(actor=ACTOR, run_code=report.run)
    assert (undo.done, undo.blocked) == (15, ())
    assert counts(school) == (0, 0, 0, 0)
    assert Person.objects.count() == persons
    assert load(content, school).applied == 15


def test_undo_leaves_what_was_changed_since(school: Organisation) -> None:
    report = load(xlsx([HEAD, *[pupil(n) for n in range(5)]]), school)
    load(xlsx([HEAD, pupil(2, 联系电话="13711113333")]), school)
    undo = undo_import(actor=ACTOR, run_code=report.run)
    assert (undo.done, undo.blocked) == (4, (("学生丙一", "导入后又改过"),))
    assert set(pupils_of(school)) == {"学生丙一"}
    assert counts(school)[3] == 1  # its class stays with it


def test_undo_restores_changed_rows_exactly(school: Organisation) -> None:
    load(xlsx([HEAD, *[pupil(n) for n in range(4)]]), school)
    before = {name: (one.details, one.revision, one.digest) for name, one in pupils_of(school).items()}
    report = load(xlsx([HEAD, *[pupil(n, 班级号="05", 成员1姓名="李某") for n in range(4)]]), school)
    undo_import(actor=ACTOR, run_code=report.run)
    after = {name: (one.details, one.revision, one.digest) for name, one in pupils_of(school).items()}
    assert after == before
    assert counts(school) == (4, 4, 4, 1)


def test_undo_of_a_snapshot_keeps_who_came_back_since(school: Organisation) -> None:
    load(xlsx([HEAD, *[pupil(n) for n in range(20)]]), school)
    left = load(xlsx([HEAD, *[pupil(n) for n in range(10)]]), school, mode="snapshot", confirmed=True)
    assert load(xlsx([HEAD, pupil(12), pupil(17)]), school).applied == 2
    undo = undo_import(actor=ACTOR, run_code=left.run)
    assert undo.done == 8
    taken = "原来的位置已被后来的记录占用"
    assert set(undo.blocked) == {("学生丙二", taken), ("学生辛二", taken)}
    assert len(pupils_of(school)) == 20
    with scope_of([school.pk]):
        assert Placement.objects.filter(valid_to__isnull=True).count() == 20


def test_a_run_is_applied_and_taken_back_once(school: Organisation) -> None:
    """Two windows show the same run, and both are clicked."""
    report = load(xlsx([HEAD, *[pupil(n) for n in range(3)]]), school)
    with scope_of([school.pk]):
        seen = [ImportRun.objects.select_related("file").get(code=report.run) for _ in range(3)]
        for run in seen[:2]:
            run.status = WAITING[0]
        with pytest.raises(DomainError) as refused:
            queue_run(actor=ACTOR, run=seen[0], accept_partial=False, confirmed=False)
        assert refused.value.status == 409
        with pytest.raises(DomainError):
            apply_run(actor=ACTOR, run=seen[1], accept_partial=False, confirmed=False)
    assert counts(school)[0] == 3
    with scope_of([school.pk]):
        again = ImportRun.objects.get(code=report.run)
        assert undo_run(actor=ACTOR, run=seen[2]).done == 3
        with pytest.raises(DomainError) as refused:
            undo_run(actor=ACTOR, run=again)
        assert refused.value.status == 409
    with pytest.raises(DomainError):
        undo_import(actor=ACTOR, run_code="NOSUCHRUN")


def test_undo_leaves_a_child_that_something_else_needs_by_now(school: Organisation) -> None:
    """With all that came with it: the seat and the guardian of the workbook."""
    report = load(xlsx([HEAD, *[pupil(n) for n in range(3)]]), school)
    with scope_of([school.pk]):
        needed = Enrolment.objects.get(name="学生乙一")
        Guardianship.objects.create(
            organisation=school,
            person=Person.objects.create(),
            enrolment=needed,
            relation="61",
            name="奶奶",
            valid_from=date(2026, 11, 25),
        )
    undone = undo_import(actor=ACTOR, run_code=report.run)
    assert (undone.done, list(undone.blocked)) == (2, [("学生乙一", "已有别的记录用到它")])
    with scope_of([school.pk]):
        assert [one.pk for one in Enrolment.objects.all()] == [needed.pk]
        assert Placement.objects.filter(enrolment=needed).count() == 1
        assert Guardianship.objects.filter(enrolment=needed).count() == 2


def test_a_seat_that_was_given_away_is_not_kept(school: Organisation) -> None:
    """乙 takes the number of 甲, who wishes for that of 丙: 甲 cannot stay where it was."""
    load(xlsx([HEAD, *[pupil(n) for n in range(3)]]), school)
    report = load(xlsx([HEAD, pupil(1, 班内学号=1), pupil(0, 班内学号=3), pupil(2)]), school)
    assert [(w.row, w.column, w.code) for w in report.warnings] == [(3, "班内学号", "number_taken")]
    with scope_of([school.pk]):
        seats = Placement.objects.filter(valid_to__isnull=True).values_list("enrolment__name", "class_number")
        assert dict(seats) == {"学生甲一": 4, "学生乙一": 1, "学生丙一": 3}
