"""The stored curve of one item for its page: one query, nothing is computed."""

from django.db.models.fields.json import KeyTransform

from smartschool.contexts.diagnosis.calibration_figures import load_item, load_refusal
from smartschool.contexts.diagnosis.compose.item_curve import (
    LEAST_PUPILS,
    CurveBlock,
    curve_block,
    not_yet,
    refused,
    too_few,
)
from smartschool.contexts.diagnosis.models import PaperCalibration
from smartschool.contexts.diagnosis.queries import ClassPage


def item_curve(page: ClassPage, index: int) -> CurveBlock:
    """What the newest calibration of the shown version says of item `index`, or why there is none."""
    found = (
        PaperCalibration.rows()
        .filter(run=page.run)
        .annotate(item=KeyTransform(str(index), "items"))
        .order_by("-pk")
        .values("refusal", "sources", "item")
        .first()
    )
    if found is None:
        few = page.run.n_pupils < LEAST_PUPILS
        return too_few(page.run.n_pupils) if few else not_yet(page.run.n_pupils)
    refusal = load_refusal(found["refusal"])
    if refusal is not None:
        return refused(refusal)
    numbers = [item.number for item in page.paper.items]
    return curve_block(load_item(found["item"]), numbers, len(found["sources"]))
