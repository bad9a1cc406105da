"""The cluster runner on real worker processes, one of which is killed in the middle of a pass."""

from __future__ import annotations

import os
import signal

import numpy as np
import polars as pl
import pytest

from edumetrics.irt import em
from edumetrics.runners.cluster import DaskRunner, ParquetPart
from edumetrics.runners.local import ThreadRunner
from edumetrics.runners.packing import make_layout, pack

distributed = pytest.importorskip("distributed", reason="the cluster runner is an optional extra")

N, J, PARTS = 2000, 8, 4


class Interrupted(DaskRunner):
    """Kills a worker between starting the third pass and collecting it."""

    passes = 0
    killed = 0

    def submit(self, model):
        self.passes += 1
        started = super().submit(model)
        if self.passes == 3:
            victim = next(iter(self._client.run(os.getpid).values()))
            os.kill(victim, signal.SIGKILL)
            self.killed = victim
        return started


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_calibration_survives_the_death_of_a_worker(tmp_path):
    rng = np.random.default_rng(1)
    theta = rng.normal(size=(N, 1))
    cats = (rng.random((N, J)) < 1 / (1 + np.exp(-theta - np.linspace(-1, 1, J)))).astype(int)
    names = tuple(f"i{j}" for j in range(J))
    pl.DataFrame(cats, schema=names).write_parquet(tmp_path / "answers.parquet")
    layout = make_layout([2] * J, [True] * J)
    rows = N // PARTS
    parts = [
        ParquetPart(str(tmp_path / "answers.parquet"), names, layout, k * rows, rows) for k in range(PARTS)
    ]
    problem = em.Problem(
        np.zeros(J, int), np.full(J, 2), np.zeros((J, 5)), np.zeros((J, 3), bool), False, np.zeros(1, bool),
        em.grid(),
    )  # fmt: skip
    with ThreadRunner(pack(cats, layout).split(PARTS)) as runner:
        here = em.fit(problem, runner, tolerance=1e-6)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        there = Interrupted(client, parts, layout, N)
        found = em.fit(problem, there, tolerance=1e-6)
        assert there.killed not in set(client.run(os.getpid).values())
        with pytest.raises(ValueError, match="hold 1500 persons, not 2000"):
            DaskRunner(client, parts[:3], layout, N).total(em.node_model(problem, here.parameters))
    assert there.passes > 3
    np.testing.assert_allclose(found.parameters.par, here.parameters.par, atol=1e-9)
    assert found.loglik == pytest.approx(here.loglik, abs=1e-9)
