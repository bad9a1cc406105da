"""Exams are created under the regulation; the district's approval covers what was asked and nothing else."""

from datetime import date

import pytest

from smartschool.contexts.assessment.commands.exams import answer_request, ask_for_exam, create_exam
from smartschool.contexts.assessment.errors import ExamRefused
from smartschool.contexts.assessment.models import Exam, Paper, RegulationApproval, RegulationRequest
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.regulation import Proposal
from smartschool.contexts.assessment.tests.world import World, build
from smartschool.contexts.directory.public.contracts import TermInfo
from smartschool.contexts.directory.public.doors import terms
from smartschool.kernel.actor import Actor
from smartschool.kernel.errors import DomainError
from smartschool.kernel.models import AuditRecord, Event
from smartschool.kernel.scope import Scope

pytestmark = pytest.mark.django_db
OFFICER = Actor(account_id=9, role="district_admin")


@pytest.fixture
def world() -> World:
    return build(classes=1, pupils=1)


@pytest.fixture
def term(world: World) -> TermInfo:
    return next(one for one in terms() if one.id == world.term.pk)


def create(
    world: World, term: TermInfo, *, grade: int = 7, nature: Nature = Nature.FINAL, **more: object
) -> Exam:
    proposal = Proposal("期末", nature, grade, (term.school_year, term.number), str(more.pop("joint", "")))
    return create_exam(
        actor=world.actor,
        organisation_id=world.school.pk,
        term=term,
        proposal=proposal,
        held_on=date(2027, 1, 18),
        subjects={"14": 100, "13": 120},
        **more,  # type: ignore[arg-type]
    )


def school_scope(world: World) -> Scope:
    ids = frozenset({world.school.pk})
    return Scope(read=ids, write=ids, shared=frozenset({world.bureau.pk}))


def bureau_scope(world: World) -> Scope:
    ids = frozenset({world.bureau.pk})
    return Scope(read=ids, write=ids, aggregate=frozenset({world.school.pk, world.other.pk}))


def test_an_exam_has_its_papers_an_audit_record_and_an_event(world: World, term: TermInfo) -> None:
    with world.scope():
        exam = create(world, term)
        papers = {paper.subject: paper for paper in Paper.objects.filter(exam=exam)}
    assert {subject: paper.full_score for subject, paper in papers.items()} == {"14": 100, "13": 120}
    assert {(p.stage, p.entry_year) for p in papers.values()} == {("junior", 2026)}
    assert AuditRecord.objects.get(verb="assessment.create_exam", subject_id=str(exam.pk)).data["grade"] == 7
    assert Event.objects.get(type="assessment.exam_created", subject_id=str(exam.pk)).ids == {"exam": exam.pk}


def test_the_second_final_of_a_term_is_refused_in_chinese_with_its_clause(
    world: World, term: TermInfo
) -> None:
    with world.scope():
        create(world, term)
        create(world, term, nature=Nature.MIDTERM)
        with pytest.raises(ExamRefused, match="七年级这个学期已经有期末考试") as refused:
            create(world, term)
        assert Exam.objects.count() == 2
    assert refused.value.data["rules"][0][0] == "junior_final"


def test_an_approval_of_the_district_covers_one_exam(world: World, term: TermInfo) -> None:
    proposal = Proposal("期末", Nature.FINAL, 2, (term.school_year, term.number))
    with school_scope(world):
        with pytest.raises(ExamRefused, match="二年级不进行纸笔考试"):
            create(world, term, grade=2)
        with pytest.raises(DomainError, match="至少 10 个字"):
            ask_for_exam(
                actor=world.actor,
                organisation_id=world.school.pk,
                term=term,
                proposal=proposal,
                reason="想考",
            )
        asked = ask_for_exam(
            actor=world.actor,
            organisation_id=world.school.pk,
            term=term,
            proposal=proposal,
            reason="省级课题抽样，已报市教育局备案",
        )
    with bureau_scope(world):
        seen = RegulationRequest.objects.get(pk=asked.pk)
        granted = answer_request(
            actor=OFFICER, organisation_id=world.bureau.pk, asked=seen, granted=True, reason="同意，仅此一次"
        )
        with pytest.raises(DomainError, match="已经答复过"):
            answer_request(
                actor=OFFICER, organisation_id=world.bureau.pk, asked=seen, granted=False, reason="改主意了吗"
            )
    with school_scope(world):
        approval = RegulationApproval.objects.get(pk=granted.pk)
        with pytest.raises(ExamRefused):
            create(world, term, grade=1, approval=approval)
        create(world, term, grade=2, approval=approval)
        with pytest.raises(ExamRefused):
            create(world, term, grade=2, approval=approval)
    records = AuditRecord.objects.filter(
        verb__startswith="assessment.", organisation_id__in=(world.bureau.pk, world.school.pk)
    ).order_by("id")
    assert [record.verb for record in records] == [
        "assessment.ask_for_exam",
        "assessment.answer_request",
        "assessment.create_exam",
    ]
    assert records[1].data["reason"] == "同意，仅此一次"


def test_a_refusing_answer_opens_nothing(world: World, term: TermInfo) -> None:
    proposal = Proposal("期末", Nature.FINAL, 2, (term.school_year, term.number))
    with school_scope(world):
        asked = ask_for_exam(
            actor=world.actor,
            organisation_id=world.school.pk,
            term=term,
            proposal=proposal,
            reason="家长希望有一次期末考试",
        )
    with bureau_scope(world):
        answer = answer_request(
            actor=OFFICER, organisation_id=world.bureau.pk, asked=asked, granted=False, reason="不符合规定"
        )
    with school_scope(world), pytest.raises(ExamRefused):
        create(world, term, grade=2, approval=answer)


def test_nothing_to_ask_where_the_exam_is_allowed(world: World, term: TermInfo) -> None:
    proposal = Proposal("期末", Nature.FINAL, 8, (term.school_year, term.number))
    with world.scope(), pytest.raises(DomainError, match="直接建"):
        ask_for_exam(
            actor=world.actor,
            organisation_id=world.school.pk,
            term=term,
            proposal=proposal,
            reason="我们想请区里先看一眼再考",
        )
