"""What exchange deletes when its time is over: landed files, previews, undo images. Counts stay."""

from datetime import datetime

from django.db import transaction

from smartschool.contexts.directory.public.doors import organisations
from smartschool.contexts.exchange.models import ImportRun
from smartschool.kernel import files
from smartschool.kernel.models import StoredFile
from smartschool.kernel.retention import Expiry, expiries
from smartschool.kernel.scope import scope_of


def register() -> None:
    """Tell the kernel's nightly job."""
    expiries.register(Expiry("exchange.runs", "import", expire))


def expire(before: datetime) -> int:
    """Runs landed before an instant lose file, preview and undo image; returns how many."""
    with transaction.atomic(), scope_of(one.id for one in organisations()):
        old = list(ImportRun.objects.filter(landed_at__lt=before, file__isnull=False))
        stored = {pk for run in old for pk in (run.file_id, run.undo_file_id) if pk is not None}
        ids = [run.pk for run in old]
        ImportRun.objects.filter(pk__in=ids).update(file=None, undo_file=None, report=None)
        for row in StoredFile.objects.filter(pk__in=stored):
            in_use = (
                ImportRun.objects.filter(file=row).exists()
                or ImportRun.objects.filter(undo_file=row).exists()
            )
            if not in_use:  # the same file may have been landed twice
                files.remove(row)
    return len(ids)
