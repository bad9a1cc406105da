"""Owns the last fallback: facilities alone, where no response model can be estimated."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt.results import Classical
from edumetrics.irt.settings import VERSION, Settings
from edumetrics.results import Caution, Estimate, Insufficient, Provenance, Reason

_Z95 = 1.959963984540054


def classical(matrix: ResponseMatrix, reason: Insufficient, settings: Settings) -> Classical:
    """Facility of each item with a Wilson interval (Agresti–Coull's reading for partial marks).

    A mean of shares between 0 and 1 varies no more than a proportion with the same mean, so the
    interval of the proportion covers at least as often as it says.
    """
    facility: dict[str, Estimate | Insufficient] = {}
    for j, item in enumerate(matrix.items):
        column = matrix.shares[:, j]
        column = column[~np.isnan(column)]
        n = len(column)
        if n == 0:
            facility[item] = Insufficient(Reason.NO_RESPONSES, 0)
            continue
        p, z2 = float(column.mean()), _Z95**2
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z95 / (1 + z2 / n) * float(np.sqrt(p * (1 - p) / n + z2 / (4 * n * n)))
        low, high = min(max(centre - half, 0.0), p), max(min(centre + half, 1.0), p)
        facility[item] = Estimate(p, float(np.sqrt(p * (1 - p) / n)), low, high, n, "mean share/wilson")
    notes = (
        Caution(
            "fell_back_to_classical", data=MappingProxyType({"n": reason.n, "reason": str(reason.reason)})
        ),
    )
    return Classical(
        reason, MappingProxyType(facility), Provenance("classical", VERSION, settings.as_mapping(), notes)
    )
