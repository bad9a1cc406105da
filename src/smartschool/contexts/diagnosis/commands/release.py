"""Commands release_results and withdraw_results: tell pupils and parents, or take it back."""

from collections.abc import Sequence

from smartschool.contexts.diagnosis.models import AnalysisRun, Release
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.errors import Changed, DomainError


@command("diagnosis.release_results")
def release_results(
    *,
    actor: Actor,
    runs: Sequence[AnalysisRun],
    audience: Release.Audience,
    marks: bool = False,
    comment: str = "",
) -> list[Release]:
    """Open the results of some papers to families; levels always, marks only where asked and only in 初中."""
    if not runs:
        raise DomainError("diagnosis.nothing_chosen", "没有选学科。勾选要发布的学科，再发布。")
    organisation = runs[0].organisation_id
    papers = [run.paper_id for run in runs]
    # A correction or another release of the same moment waits here, or this one finds what it did.
    locked = AnalysisRun.rows().select_for_update().filter(pk__in=[run.pk for run in runs], current=True)
    if len(locked.order_by("pk").values_list("pk")) < len(runs):
        raise Changed("没有发布。成绩刚刚更正，报告换了新的一版，看过新的预览再发布。")
    if Release.rows().filter(paper_id__in=papers, withdrawn_at__isnull=True).exists():
        raise DomainError(
            "diagnosis.already_released", "有学科已经发布过了。刷新页面，只选没有发布的。", status=409
        )
    at = clock.now()
    made = [
        Release.objects.create(
            organisation_id=organisation,
            paper_id=run.paper_id,
            run=run,
            audience=audience,
            marks=marks and run.stage == "junior",
            comment=comment.strip(),
            account_id=actor.account_id,
            released_at=at,
        )
        for run in runs
    ]
    done(
        ("diagnosis.release", made[0].pk),
        organisation_id=organisation,
        data={
            "papers": [run.paper_code for run in runs],
            "audience": audience.value,
            "marks": marks,
            "pupils": sum(run.n_pupils for run in runs),
        },
        event="diagnosis.results_released",
        ids={"papers": papers, "releases": [row.pk for row in made]},
    )
    return made


@command("diagnosis.withdraw_results")
def withdraw_results(*, actor: Actor, run: AnalysisRun, reason: str) -> Release:
    """Close the results of a paper again: families get 404 from now on."""
    if not reason.strip():
        raise DomainError("diagnosis.no_reason", "写一句为什么撤回，家长来问时老师好回答。")
    found = (
        Release.rows().select_for_update().filter(paper_id=run.paper_id, withdrawn_at__isnull=True).first()
    )
    if found is None:
        raise DomainError("diagnosis.not_released", "这一科没有发布，不用撤回。", status=409)
    found.withdrawn_at = clock.now()
    found.withdrawn_reason = reason.strip()
    found.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    done(
        found,
        organisation_id=found.organisation_id,
        data={"paper": run.paper_code},
        event="diagnosis.results_withdrawn",
        ids={"paper": run.paper_id, "release": found.pk},
    )
    return found
