"""Chores of the kernel: seal the audit chain, delete what is past its time, finished sessions."""

from django.core.management import call_command

from smartschool.kernel import audit, retention
from smartschool.kernel.jobs import periodic


@periodic("* * * * * */5", "kernel.seal_audit", queue="kernel")
def seal_audit(timestamp: int) -> None:
    """Every five seconds."""
    audit.seal()


@periodic("17 3 * * *", "kernel.purge", queue="kernel")
def purge(timestamp: int) -> None:
    """Every night."""
    retention.purge_all()
    call_command("clearsessions")
