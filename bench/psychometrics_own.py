"""Runs one of our own tasks in a fresh process; prints JSON. Called by psychometrics.py."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the platform and `analyze` run it

import numpy as np
from psychometrics_calls import timed_calls
from scipy.stats import rankdata


def two_parameter(data: dict) -> Callable[[], dict]:
    """2PL from categories in memory: packing, start, EM; no standard errors."""
    from edumetrics.irt import em
    from edumetrics.irt.calibration import fit_model
    from edumetrics.irt.settings import Settings
    from edumetrics.runners.local import ThreadRunner
    from edumetrics.runners.packing import make_layout, pack

    x = data["x"]
    cats = x.max(axis=0).astype(int) + 1
    width = max(int(cats.max()), 3)
    kinds, none = np.zeros(len(cats), np.int64), np.zeros((len(cats), 5))
    problem = em.Problem(
        kinds, cats, none, np.zeros((len(cats), width), bool), False, np.zeros(1, bool), em.grid()
    )

    def run() -> dict:
        shard = pack(x, make_layout(cats, x.min(axis=0) < 0))
        with ThreadRunner([shard]) as runner:
            _, fit = fit_model(problem, runner, Settings(), None)
        return {"loglik": fit.loglik, "evaluations": fit.evaluations}

    return run


def calibration(data: dict) -> Callable[[], dict]:
    """The one call of a user, from marks to items with standard errors."""
    from edumetrics.arrays import response_matrix
    from edumetrics.irt import calibrate

    x = data["x"]
    full = x.max(axis=0).astype(float)

    def run() -> dict:
        found = calibrate(response_matrix(np.where(x < 0, np.nan, x), full))
        return {"loglik": found.loglik, "mean_se": float(np.mean([item.slope.se for item in found.items]))}

    return run


def memory_pass(data: dict) -> Callable[[], dict]:
    """One read of the packed codes: the floor of any pass over the answers."""
    from edumetrics.runners.packing import make_layout, pack

    codes = pack(data["x"], make_layout([2] * data["x"].shape[1], [False] * data["x"].shape[1])).codes
    return lambda: {"loglik": float(codes.sum())}


def likelihood(data: dict) -> Callable[[], dict]:
    """Our yardstick for everybody: the marginal likelihood of given slopes and intercepts, 96 nodes."""
    from edumetrics.irt import em
    from edumetrics.runners.local import ThreadRunner
    from edumetrics.runners.packing import make_layout, pack

    x, a = data["x"], data["a"]
    d = data["d"].reshape(len(a), -1)
    cats = x.max(axis=0).astype(int) + 1
    par = np.zeros((len(a), max(d.shape[1] + 1, 3)))
    par[:, 0], par[:, 1 : d.shape[1] + 1] = a, d
    problem = em.Problem(
        np.zeros(len(a), np.int64), cats, np.zeros((len(a), 5)), np.zeros(par.shape, bool), False,
        np.zeros(1, bool), em.grid(96),
    )  # fmt: skip

    def run() -> dict:
        with ThreadRunner([pack(x, make_layout(cats, x.min(axis=0) < 0))]) as runner:
            model = em.node_model(problem, em.Parameters(par, np.zeros(1), np.ones(1)))
            return {"loglik": runner.total(model).loglik}

    return run


def dina(data: dict) -> Callable[[], dict]:
    """DINA by maximum likelihood from one start."""
    from edumetrics.cdm import em, sparse

    return _dina(
        data,
        lambda at, shard, share, s: sparse.fit(
            at, shard, em.start(at, share), s.tolerance, s.max_evaluations
        ),
    )


def dina_of_starts(data: dict) -> Callable[[], dict]:
    """The best of as many starts as the package takes unasked."""
    from edumetrics.cdm.estimation import estimate

    return _dina(data, lambda *known: estimate(*known)[0])


def _dina(data: dict, fitted: Callable) -> Callable[[], dict]:
    from edumetrics.cdm import Settings
    from edumetrics.cdm.classes import class_space
    from edumetrics.cdm.preparation import make_problem, pack_for
    from edumetrics.irt.coding import Coding

    x, q = data["x"], data["q"].astype(bool)
    j = x.shape[1]
    two = [np.array([0.0, 1.0])] * j
    coding = Coding(tuple(map(str, range(j))), tuple([np.array([0.5])] * j), tuple(two), tuple(two))
    share = np.column_stack([1 - x.mean(axis=0), x.mean(axis=0)])
    settings = Settings(prior=False, monotone=False)

    def run() -> dict:
        space = class_space(q)
        problem = make_problem(space, coding, "dina", settings, len(x))
        fit = fitted(problem, pack_for(space.n_classes, coding, x.astype(np.int16)), share, settings)
        return {"loglik": fit.loglik, "classes": space.n_classes, "evaluations": fit.evaluations}

    return run


def dina_likelihood(data: dict) -> Callable[[], dict]:
    """The best likelihood that a peer's guesses and slips allow (class weights by EM)."""
    from edumetrics.cdm.classes import class_space
    from edumetrics.cdm.em import NodeModel
    from edumetrics.runners.local import ThreadRunner
    from edumetrics.runners.packing import make_layout, pack

    x, space = data["x"], class_space(data["q"].astype(bool))
    chance = np.clip(np.stack([data["guess"], 1 - data["slip"]], axis=1), 1e-7, 1 - 1e-7)
    right = np.take_along_axis(chance, space.group, axis=1)
    logp = np.log(np.stack([1 - right, right], axis=1))
    weight = np.full(space.n_classes, 1.0 / space.n_classes)
    value = -np.inf
    with ThreadRunner([pack(x, make_layout([2] * len(chance), [False] * len(chance)))]) as runner:
        for _ in range(3000):
            s = runner.total(NodeModel(logp, np.log(np.maximum(weight, 1e-300))[None, :]))
            weight = s.nodes[0] / s.nodes.sum()
            if s.loglik - value < 1e-6:
                break
            value = s.loglik
    return lambda: {"loglik": s.loglik}


def bkt(data: dict) -> Callable[[], dict]:
    """Knowledge tracing with forgetting: fit on the train part, AUC on the test part."""
    from edumetrics.tracing.bkt import fit_bkt, trace_bkt
    from edumetrics.tracing.log import practice_log

    train, test = data["train"].T, data["test"].T

    def run() -> dict:
        model = fit_bkt(practice_log(*train))
        held = practice_log(*test, skills=model.skills)
        return {"auc": _auc(trace_bkt(model, held)[0], test[3]), "answers": len(train[0])}

    return run


def pfa(data: dict) -> Callable[[], dict]:
    """The model that practice uses: performance factors with recency and time between answers."""
    from edumetrics.tracing.log import practice_log
    from edumetrics.tracing.performance import fit_performance, predict_performance

    train, test = data["train"].T, data["test"].T

    def run() -> dict:
        model = fit_performance(practice_log(*train))
        held = practice_log(*test, skills=model.skills)
        return {"auc": _auc(predict_performance(model, held), test[3]), "answers": len(train[0])}

    return run


def _auc(chance: np.ndarray, correct: np.ndarray) -> float:
    right = correct.astype(bool)
    place, n = rankdata(chance), int(right.sum())
    return float((place[right].sum() - n * (n + 1) / 2) / (n * (len(right) - n)))


def main() -> None:
    """Arguments: task, data file, calls."""
    start = time.perf_counter()
    run = globals()[sys.argv[1]](dict(np.load(sys.argv[2])))
    seconds, result = timed_calls(run, sys.argv[3])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"seconds": seconds, "wall": time.perf_counter() - start, "mb": peak, **result}, sys.stdout)


if __name__ == "__main__":
    main()
