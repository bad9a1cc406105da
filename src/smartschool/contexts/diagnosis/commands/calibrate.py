"""Command keep_calibration: the item curves of a paper, stored with the version that they explain."""

from collections.abc import Sequence

from smartschool.contexts.diagnosis.calibration_figures import (
    PaperCalibration as Found,
)
from smartschool.contexts.diagnosis.calibration_figures import (
    dump_item,
    dump_refusal,
)
from smartschool.contexts.diagnosis.models import AnalysisRun, PaperCalibration
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done


@command("diagnosis.keep_calibration")
def keep_calibration(*, actor: Actor, run: AnalysisRun, sources: Sequence[int], found: Found) -> bool:
    """Store a calibration with `run`; `sources` are the versions that went in. False if it is there."""
    kept, fresh = PaperCalibration.rows().get_or_create(
        run=run,
        sources=sorted(sources),
        algorithm=found.algorithm,
        defaults={
            "organisation_id": run.organisation_id,
            "n_pupils": found.n,
            "model": found.model,
            "settings": found.settings,
            "cautions": found.cautions,
            "refusal": dump_refusal(found.refusal),
            "items": [dump_item(item) for item in found.items],
        },
    )
    done(
        kept,
        organisation_id=run.organisation_id,
        data={"paper": run.paper_code, "version": run.number, "schools": len(sources), "fresh": fresh},
    )
    return fresh
