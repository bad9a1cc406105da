"""Creates exams with their papers; what the regulation refuses goes to the district for approval."""

from collections.abc import Mapping
from datetime import date

from django.db import IntegrityError, transaction

from smartschool.contexts.assessment.errors import ExamRefused
from smartschool.contexts.assessment.models import Exam, Paper, RegulationApproval, RegulationRequest
from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.regulation import Held, Proposal, Refusal, in_force, refusals
from smartschool.contexts.directory.public.contracts import TermInfo
from smartschool.contexts.directory.public.doors import terms
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import DomainError

LAST_PRIMARY_GRADE = 6


def stage_and_entry_year(grade: int, term: TermInfo) -> tuple[str, int]:
    """Who sits in `grade` during a term."""
    first = 1 if grade <= LAST_PRIMARY_GRADE else LAST_PRIMARY_GRADE + 1
    return ("primary" if first == 1 else "junior"), int(term.school_year[:4]) - (grade - first)


def judge(organisation_id: int, proposal: Proposal, term: TermInfo) -> list[Refusal]:
    """What the regulation in force at the term's end says of a proposal, counting the exams that exist."""
    by_id = {one.id: (one.school_year, one.number) for one in terms()}
    held = [
        Held(Nature(nature), by_id[term_id])
        for nature, term_id in Exam.rows()
        .filter(organisation_id=organisation_id, grade=proposal.grade, approval_id__isnull=True)
        .values_list("nature", "term_id")
    ]
    return refusals(in_force(term.ends_on), proposal, held)


@command("assessment.create_exam")
def create_exam(
    *,
    actor: Actor,
    organisation_id: int,
    term: TermInfo,
    proposal: Proposal,
    held_on: date | None,
    subjects: Mapping[str, float],
    approval: RegulationApproval | None = None,
) -> Exam:
    """An exam with one paper a subject (课程代码 → full score).

    `approval` is the district's answer to this school's request for the same exam; it stands in for the
    rules it was asked about and no others.

    Raises
    ------
    ExamRefused
        The regulation says no and the district has not approved.
    """
    if not subjects:
        raise DomainError("assessment.no_subject", "没有建考试。请至少选一门学科。")
    against = judge(organisation_id, proposal, term)
    if against and approval is not None:
        against = _not_covered(against, organisation_id, proposal, term, approval)
    if against:
        raise ExamRefused(against)
    stage, entry_year = stage_and_entry_year(proposal.grade, term)
    try:
        with transaction.atomic():
            exam = Exam.objects.create(
                organisation_id=organisation_id,
                name=proposal.name,
                nature=proposal.nature,
                term_id=term.id,
                grade=proposal.grade,
                held_on=held_on,
                joint_code=proposal.joint_code,
                document_number=proposal.document_number,
                sampling_plan=proposal.sampling_plan,
                approval_id=approval.pk if approval else None,
            )
    except IntegrityError:  # the same exam was created a moment ago
        raise ExamRefused(judge(organisation_id, proposal, term)) from None
    Paper.objects.bulk_create(
        Paper(
            organisation_id=organisation_id,
            exam=exam,
            subject=subject,
            stage=stage,
            entry_year=entry_year,
            full_score=full,
        )
        for subject, full in subjects.items()
    )
    done(
        exam,
        organisation_id=organisation_id,
        data={
            "nature": str(proposal.nature),
            "grade": proposal.grade,
            "subjects": sorted(subjects),
            "approval": approval.pk if approval else None,
        },
        event="assessment.exam_created",
        ids={"exam": exam.pk},
    )
    return exam


def _not_covered(
    against: list[Refusal],
    organisation_id: int,
    proposal: Proposal,
    term: TermInfo,
    approval: RegulationApproval,
) -> list[Refusal]:
    """The refusals that the approval does not answer."""
    asked = RegulationRequest.rows().filter(pk=approval.request_id).first()
    same = (
        asked is not None
        and approval.granted
        and (asked.organisation_id, asked.nature, asked.grade, asked.term_id, asked.joint_code)
        == (organisation_id, proposal.nature, proposal.grade, term.id, proposal.joint_code)
        and not Exam.rows().filter(approval_id=approval.pk).exists()  # one approval, one exam
    )
    if asked is None or not same:
        return against
    return [refusal for refusal in against if refusal.rule not in asked.rules]


@command("assessment.ask_for_exam")
def ask_for_exam(
    *, actor: Actor, organisation_id: int, term: TermInfo, proposal: Proposal, reason: str
) -> RegulationRequest:
    """Ask the district for an exam that the regulation refuses."""
    against = judge(organisation_id, proposal, term)
    if not against:
        raise DomainError("assessment.nothing_to_ask", "这场考试符合规定，直接建就可以。")
    if len(reason.strip()) < 10:
        raise DomainError("assessment.reason_missing", "没有提交。请写清楚为什么要考，至少 10 个字。")
    asked = RegulationRequest.objects.create(
        organisation_id=organisation_id,
        nature=proposal.nature,
        name=proposal.name,
        term_id=term.id,
        grade=proposal.grade,
        joint_code=proposal.joint_code,
        rules=[refusal.rule for refusal in against],
        reason=reason.strip(),
        account_id=actor.account_id,
    )
    done(asked, organisation_id=organisation_id, data={"rules": asked.rules, "reason": asked.reason})
    return asked


@command("assessment.answer_request")
def answer_request(
    *, actor: Actor, organisation_id: int, asked: RegulationRequest, granted: bool, reason: str
) -> RegulationApproval:
    """The district's answer, with its reason; `organisation_id` is the bureau. Given once, never changed."""
    if len(reason.strip()) < 5:
        raise DomainError("assessment.reason_missing", "没有保存。请写审批意见，至少 5 个字。")
    if RegulationApproval.rows().filter(request_id=asked.pk).exists():
        raise DomainError("assessment.answered", "这个申请已经答复过，答复不能再改。", status=409)
    answer = RegulationApproval.objects.create(
        organisation_id=organisation_id,
        request_id=asked.pk,
        granted=granted,
        reason=reason.strip(),
        account_id=actor.account_id,
    )
    done(
        answer,
        organisation_id=organisation_id,
        data={
            "granted": granted,
            "rules": asked.rules,
            "reason": answer.reason,
            "school": asked.organisation_id,
        },
        event="assessment.request_answered",
        ids={"request": asked.pk},
    )
    return answer
