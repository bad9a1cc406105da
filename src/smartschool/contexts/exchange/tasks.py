"""The job that imports: pure reading outside any transaction, then one transaction for everything."""

from smartschool.contexts.exchange.checkup import read_and_check
from smartschool.contexts.exchange.commands.applying import apply_run, give_up_run, lock_queue, start_run
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.queries import content_of, importer_named, saved_mapping, target_of
from smartschool.kernel.actor import Actor
from smartschool.kernel.collector import collector_paused
from smartschool.kernel.errors import DomainError
from smartschool.kernel.jobs import job, job_scope, queue_once
from smartschool.kernel.ready import Ready

Status = ImportRun.Status


def queue_import(organisation_id: int) -> None:
    """Have the workers carry out what is queued in a school; in the transaction that queues the run.

    One job of a school works and one at most waits. The lock keeps the waiting one from looking before this
    run is committed: it would not see it, and nothing else would be there to take it.
    """
    name = f"imports-{organisation_id}"
    lock_queue(organisation_id, shared=True)
    queue_once(apply_imports, {name: {"organisation": organisation_id}})


@job("exchange.apply_imports", queue="exchange", retries=3)
def apply_imports(organisation: int) -> None:
    """The queued files of one school one by one, in the order they came: the second may rest on the first.

    Each is exactly-once by itself; one that a killed worker left in mid-air is carried out again.
    """
    while _apply_next(organisation):
        pass


_NEXT = Ready(
    lambda organisation: (
        ImportRun.rows()
        .filter(organisation_id=organisation, status__in=(Status.QUEUED, Status.RUNNING))
        .select_related("file")
        .order_by("pk")[:1]
    )
)


@collector_paused()
def _apply_next(organisation: int) -> bool:
    """One queued file; False where none is left."""
    with job_scope([organisation]):
        lock_queue(organisation, shared=False)
        found = _NEXT.instances(organisation=organisation)
        if not found:
            return False
        run = found[0]
        actor = Actor(account_id=run.account_id, system="import")
        start_run(actor=actor, run=run)
        importer, target = importer_named(run.importer), target_of(run, actor)
        saved = saved_mapping(organisation, run.importer)
    reading = read_and_check(content_of(run), importer, target, saved)
    try:
        with job_scope([organisation]):
            apply_run(
                actor=actor,
                run=run,
                accept_partial=run.accept_partial,
                confirmed=run.confirmed,
                reading=reading,
            )
    except DomainError as problem:
        _give_up(actor, run, f"未导入：{problem.message}")
    except Exception:
        _give_up(actor, run, "未导入：写入时出了意外，数据保持原样。可以再试一次；还不行请联系区管理员。")
        raise
    return True


def _give_up(actor: Actor, run: ImportRun, message: str) -> None:
    with job_scope([run.organisation_id]):
        give_up_run(actor=actor, run=ImportRun.objects.get(pk=run.pk), message=message)
