"""The job that imports: pure reading outside any transaction, then one transaction for everything."""

from smartschool.contexts.exchange.checkup import read_and_check
from smartschool.contexts.exchange.commands.applying import apply_run, give_up_run, start_run
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.queries import content_of, importer_named, saved_mapping, target_of
from smartschool.kernel.actor import Actor
from smartschool.kernel.collector import collector_paused
from smartschool.kernel.errors import DomainError
from smartschool.kernel.jobs import job, job_scope

FINISHED = (ImportRun.Status.APPLIED, ImportRun.Status.UNDONE, ImportRun.Status.DISCARDED)


@job("exchange.apply_import", queue="exchange", retries=3)
@collector_paused()
def apply_import(run: int, organisation: int, account: int) -> None:
    """Exactly-once by itself: a run that is applied stays as it is, a killed one has written nothing."""
    actor = Actor(account_id=account, system="import")
    with job_scope([organisation]):
        row = ImportRun.objects.get(pk=run)
        if row.status in FINISHED:
            return
        start_run(actor=actor, run=row)
        importer, target = importer_named(row.importer), target_of(row, actor)
        saved = saved_mapping(organisation, row.importer)
        content = content_of(row)
    reading = read_and_check(content, importer, target, saved)
    try:
        with job_scope([organisation]):
            row = ImportRun.objects.get(pk=run)
            apply_run(
                actor=actor,
                run=row,
                accept_partial=row.accept_partial,
                confirmed=row.confirmed,
                reading=reading,
            )
    except DomainError as problem:
        with job_scope([organisation]):
            give_up_run(actor=actor, run=ImportRun.objects.get(pk=run), message=f"未导入：{problem.message}")
    except Exception:
        with job_scope([organisation]):
            give_up_run(
                actor=actor,
                run=ImportRun.objects.get(pk=run),
                message="未导入：写入时出了意外，数据保持原样。可以再试一次；还不行请联系区管理员。",
            )
        raise
