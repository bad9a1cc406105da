"""Items that share a text: which they are, and what a model that knows it says, in JSON."""

from __future__ import annotations

from dataclasses import dataclass

from edumetrics.arrays import ResponseMatrix
from edumetrics.irt.calibration import calibrate
from edumetrics.irt.fit import ExamFit
from edumetrics.irt.results import Calibration
from edumetrics.irt.testlets import FEWEST_PUPILS, MOST_ITEMS, TestletCalibration, calibrate_testlets
from edumetrics.results import Insufficient
from smartschool.analyze.papers import Item
from smartschool.analyze.report_json import Json, notes, outcome


@dataclass(frozen=True, slots=True)
class Testlets:
    """Groups of items with their names from items.csv ("" where found from the answers), and the result."""

    __test__ = False

    names: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    found: TestletCalibration | Insufficient


def run_testlets(
    items: list[Item], matrix: ResponseMatrix, calibration: Calibration, fit: ExamFit
) -> Testlets:
    """Calibrate with the testlets that items.csv names and those that the answers show (Q3)."""
    named: dict[str, list[str]] = {}
    for item in items:
        if item.testlet:
            named.setdefault(item.testlet, []).append(item.code)
    groups = {name: tuple(codes) for name, codes in named.items() if len(codes) > 1}
    told = {code for codes in groups.values() for code in codes}
    order = {item.code: place for place, item in enumerate(items)}
    shown = [
        tuple(sorted(codes, key=order.__getitem__))
        for codes in fit.testlets
        if not told.intersection(codes) and len(codes) <= MOST_ITEMS
    ]
    everything = (*groups.values(), *shown)
    if calibration.problem.shared_slope and calibration.n >= FEWEST_PUPILS:
        free = calibrate(matrix)  # Rasch was asked for; what a text does is measured with slopes
        calibration = free if isinstance(free, Calibration) else calibration
    return Testlets(
        (*groups, *("" for _ in shown)), everything, calibrate_testlets(calibration, matrix, everything)
    )


def testlets_json(testlets: Testlets) -> Json:
    """The part of report.json."""
    found = testlets.found
    if isinstance(found, Insufficient):
        asked = [
            {"name": name, "items": list(codes)}
            for name, codes in zip(testlets.names, testlets.groups, strict=True)
        ]
        return {**outcome(found), "groups": asked}
    name_of = {
        code: name for name, codes in zip(testlets.names, testlets.groups, strict=True) for code in codes
    }
    return {
        "groups": [
            {
                "name": name_of[one.items[0]],
                "items": list(one.items),
                "spread": outcome(one.spread),
                "matters": one.matters,
            }
            for one in found.testlets
        ],
        "items": [
            {
                "id": item.item,
                "slope": outcome(item.slope),
                "difficulties": [outcome(step) for step in item.difficulties],
            }
            for item in found.items
        ],
        "reliability": outcome(found.reliability),
        "reliability_if_independent": outcome(found.independent_reliability),
        "loglik": found.loglik,
        "aic": found.aic,
        "bic": found.bic,
        "n_parameters": found.n_parameters,
        "notes": notes(found.provenance.warnings),
        "version": found.provenance.version,
    }
