"""Command record_export: files with names leave a trace of who took what, before they are sent."""

from smartschool.contexts.diagnosis.models import ClassFigure
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("diagnosis.record_export")
def record_export(*, actor: Actor, figure: ClassFigure, kind: str, pupils: int) -> None:
    """Write that a file was made; `kind` is "mistakes", "report" or "raw"."""
    done(
        figure,
        organisation_id=figure.organisation_id,
        data={"kind": kind, "class": figure.class_code, "pupils": pupils},
    )


@command("diagnosis.record_table_export")
def record_table_export(*, actor: Actor, table: str, key: str) -> None:
    """Write that a table without persons was taken out."""
    organisation = actor.workspace.id if actor.workspace else None
    done(("diagnosis.table", f"{table}:{key}"), organisation_id=organisation, data={"table": table})
