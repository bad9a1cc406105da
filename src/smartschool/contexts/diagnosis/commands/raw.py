"""Commands of the 成绩册: ask with a reason, decided by another person, each fetch counted."""

from smartschool.contexts.diagnosis.models import ClassFigure, RawExport
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import DomainError, NotAllowed

LEAST_REASON = 6


@command("diagnosis.ask_raw_export")
def ask_raw_export(*, actor: Actor, figure: ClassFigure, reason: str) -> RawExport:
    """Ask for the marks of a class on a paper."""
    text = reason.strip()
    if len(text) < LEAST_REASON:
        raise DomainError("diagnosis.no_reason", "写清楚拿得分做什么、给谁看、什么时候销毁，至少 6 个字。")
    made = RawExport.objects.create(
        organisation_id=figure.organisation_id,
        paper_id=figure.run.paper_id,
        home_class_id=figure.home_class_id,
        reason=text,
        asked_by=_account(actor),
        asker=actor.name,
        asked_at=clock.now(),
    )
    done(
        made,
        organisation_id=figure.organisation_id,
        data={"paper": figure.run.paper_code, "class": figure.class_code},
    )
    return made


@command("diagnosis.decide_raw_export")
def decide_raw_export(*, actor: Actor, request: RawExport, granted: bool) -> RawExport:
    """Another person says yes or no; of two at once the first."""
    request = RawExport.rows().select_for_update().get(pk=request.pk)
    if request.decided_at is not None:
        raise DomainError("diagnosis.already_decided", "这份申请已经有人处理了，刷新看结果。", status=409)
    if request.asked_by == _account(actor):
        raise NotAllowed("自己申请的成绩册要由另一个人批准。请校长或另一位教务处理。")
    request.decided_by, request.decider = _account(actor), actor.name
    request.decided_at, request.granted = clock.now(), granted
    request.save(update_fields=["decided_by", "decider", "decided_at", "granted"])
    done(request, organisation_id=request.organisation_id, data={"granted": granted})
    return request


@command("diagnosis.fetch_raw_export")
def fetch_raw_export(*, actor: Actor, request: RawExport, pupils: int) -> RawExport:
    """Count and record one fetch; only the asker's, only after a yes."""
    request = RawExport.rows().select_for_update().get(pk=request.pk)
    if not request.granted or request.asked_by != _account(actor):
        raise NotAllowed("只有申请人能取这份成绩册，而且要先批准。")
    request.fetched += 1
    request.save(update_fields=["fetched"])
    done(
        request,
        organisation_id=request.organisation_id,
        data={"pupils": pupils, "fetched": request.fetched},
    )
    return request


def _account(actor: Actor) -> int:
    if actor.account_id is None:
        raise NotAllowed
    return actor.account_id
