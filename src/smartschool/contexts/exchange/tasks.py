"""The job that imports: pure reading outside any transaction, then one transaction for everything."""

from contextlib import suppress

from django.db import transaction
from procrastinate.exceptions import AlreadyEnqueued

from smartschool.contexts.exchange.checkup import read_and_check
from smartschool.contexts.exchange.commands.applying import apply_run, give_up_run, start_run
from smartschool.contexts.exchange.models import ImportRun
from smartschool.contexts.exchange.queries import content_of, importer_named, saved_mapping, target_of
from smartschool.kernel.actor import Actor
from smartschool.kernel.collector import collector_paused
from smartschool.kernel.errors import DomainError
from smartschool.kernel.jobs import job, job_scope

Status = ImportRun.Status
FINISHED = (Status.APPLIED, Status.UNDONE, Status.DISCARDED)


def queue_import(organisation_id: int) -> None:
    """Have the workers carry out what is queued in a school. One job works, one at most waits."""
    name = f"imports-{organisation_id}"
    with suppress(AlreadyEnqueued), transaction.atomic():  # the waiting one will see the new run too
        apply_imports.configure(queueing_lock=name, lock=name).defer(organisation=organisation_id)


@job("exchange.apply_imports", queue="exchange", retries=3)
def apply_imports(organisation: int) -> None:
    """The queued files of one school one by one, in the order they came: the second may rest on the first.

    Each is exactly-once by itself; one that a killed worker left in mid-air is carried out again.
    """
    while (run := _next_run(organisation)) is not None:
        apply_import(run=run.pk, organisation=organisation, account=run.account_id)


def _next_run(organisation: int) -> ImportRun | None:
    with job_scope([organisation], write=False):
        waiting = ImportRun.rows().filter(
            organisation_id=organisation, status__in=(Status.QUEUED, Status.RUNNING)
        )
        return waiting.only("pk", "account_id").order_by("pk").first()


@collector_paused()
def apply_import(*, run: int, organisation: int, account: int | None) -> None:
    """One queued file: a run that is applied stays as it is, a killed one has written nothing."""
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
