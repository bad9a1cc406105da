"""Prints how often 95 % intervals hold the truth, on exams drawn from models that no method assumes.

    python bench/interval_coverage.py [--seed 1] [--pupils 30,200,1000] [--replications 100] [--worlds skew,…]

The items of a world follow from the seed, and so do the pupils of each replication. What an interval
ought to hold is the value in the population (400,000 pupils), for a pupil's mastery the mean chance
of a mark over the items of the point, for a slope what the population gives with the same marks merged.
± is a line's own error (95 %), from how replications differ: figures of which a replication has one move by
± 4 with a hundred of them. A line outside 90–98 % is marked <, and << if its error does not explain it.
The last lines take all worlds together.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
from interval_worlds import WORLDS

from edumetrics.arrays import ResponseMatrix, response_matrix
from edumetrics.exam import analyse_exam
from edumetrics.irt import Calibration, Settings, calibrate
from edumetrics.results import Estimate, Estimates, FloatArray, Insufficient

POPULATION, LARGE, TIMES = 400_000, 100_000, 40  # a truth is known 40 times as well as an estimate


@dataclass
class Tally:
    """Intervals seen, those that hold the truth, their widths, refusals: by figure, a row a replication."""

    rows: dict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))
    replication: int = 0

    def _row(self, name: str) -> list[float]:
        rows = self.rows[name]
        rows += [[0.0] * 4 for _ in range(self.replication + 1 - len(rows))]
        return rows[self.replication]

    def many(self, name: str, got: Estimates, truth: np.ndarray) -> None:
        row, known = self._row(name), got.known
        row[0] += known.sum()
        row[1] += ((got.low <= truth + 1e-9) & (truth <= got.high + 1e-9))[known].sum()
        row[2] += (got.high - got.low)[known].sum()
        row[3] += (~known).sum()

    def one(self, name: str, got: Estimate | Insufficient, truth: float) -> None:
        row = self._row(name)
        if isinstance(got, Insufficient):
            row[3] += 1
            return
        row[0] += 1
        row[1] += got.low <= truth <= got.high
        row[2] += got.high - got.low

    def lines(self) -> Iterator[str]:
        """A line a figure: coverage and its error, mean width, refusals."""
        for figure, rows in self.rows.items():
            seen, held, width, _ = np.array(rows).T
            refused = int(sum(row[3] for row in rows))
            if not seen.sum():
                yield f"{figure:17s} refused"
                continue
            share = held.sum() / seen.sum()
            away = float(np.sqrt(np.square(held - share * seen).sum()))
            error = max(1.96 * away, 3.0) / seen.sum()  # rule of three where none or all hold
            mark = marked(share, error)
            wide = width.sum() / seen.sum()
            line = f"{figure:17s} {100 * share:6.1f} % ± {100 * error:4.1f}  width {wide:9.4f}"
            yield f"{line}  of {int(seen.sum())}, {refused} refused{mark}"


def marked(share: float, error: float) -> str:
    """Whether a coverage lies outside 90 to 98 %, and whether by more than its error."""
    away = max(0.90 - share, share - 0.98)
    return "" if away <= 0.0 else "  <<" if away > error else "  <"


def slopes_of(exam: Calibration, large: ResponseMatrix, model: str) -> FloatArray:
    """What the slopes of an exam estimate: those of a very large one with the same marks taken together."""
    categories = exam.coding.encode(large).astype(np.float64)
    again = response_matrix(categories, exam.coding.n_categories - 1.0)
    found = calibrate(again, model, settings=Settings(standard_errors=False))
    assert isinstance(found, Calibration)
    return found.parameters.par[:, 0]


def study(name: str, seed: int, pupils: int, replications: int) -> Tally:
    """Draw exams of one world and print a line per figure."""
    world = WORLDS[name](np.random.default_rng(seed))
    marks, _ = world.draw(POPULATION, np.random.default_rng([seed, 1]))
    truth = analyse_exam(response_matrix(marks, world.full), world.q)
    large = response_matrix(marks[: max(LARGE, TIMES * pupils)], world.full)
    slopes: dict[tuple[int, ...], FloatArray] = {}
    weights = world.q / world.q.sum(axis=1, keepdims=True) * world.full[:, None]
    rng, tally = np.random.default_rng([seed, 2, pupils]), Tally()
    for tally.replication in range(replications):
        marks, chance = world.draw(pupils, rng)
        matrix = response_matrix(marks, world.full)
        got = analyse_exam(matrix, world.q)
        for figure in ("facility", "discrimination", "rest_correlation", "curves", "point_facility"):
            tally.many(figure, getattr(got, figure), getattr(truth, figure).value)
        for figure in ("alpha", "omega", "sem"):
            known = getattr(truth.reliability, figure)
            if isinstance(known, Estimate):
                tally.one(figure, getattr(got.reliability, figure), known.value)
        for figure in ("mean", "deviation"):
            if isinstance(getattr(truth, figure), Estimate):
                tally.one(figure, getattr(got, figure), getattr(truth, figure).value)
        tally.many("mastery", got.mastery.share, chance @ weights / weights.sum(axis=0))
        if world.slopes and pupils >= 200:
            exam = calibrate(matrix, world.slopes)
            assert isinstance(exam, Calibration)
            merged = tuple(int(x) for edges in exam.coding.edges for x in (*edges, -1))
            if merged not in slopes:
                slopes[merged] = slopes_of(exam, large, world.slopes)
            for item, true in zip(exam.items, slopes[merged], strict=True):
                tally.one(f"slope ({world.slopes})", item.slope, true)
    for line in tally.lines():
        print(f"{name:9s} N={pupils:<6d} {line}", flush=True)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pupils", default="30,200,1000")
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--worlds", default=",".join(WORLDS))
    args = parser.parse_args()
    together: dict[str, Tally] = defaultdict(Tally)
    for name in args.worlds.split(","):
        for pupils in args.pupils.split(","):
            for figure, rows in study(name, args.seed, int(pupils), args.replications).rows.items():
                together[pupils].rows[figure] += rows
    for pupils, tally in together.items():
        for line in tally.lines():
            print(f"all       N={pupils:6s} {line}")


if __name__ == "__main__":
    main()
