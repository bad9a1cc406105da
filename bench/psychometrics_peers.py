"""Runs one peer on one task in the peers' own environment; prints JSON. Called by psychometrics.py."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
from psychometrics_calls import timed_calls

warnings.simplefilter("ignore")  # a peer's own warnings are not this benchmark's business


def mirt_2pl(data: dict, errors: bool = False) -> dict:
    """PyPI mirt (Rust), EM with 41 nodes, without standard errors unless asked."""
    import mirt

    fit = mirt.fit_mirt(data["x"].astype(int), "2PL", compute_standard_errors=errors, n_quadpts=41)
    p = fit.model.parameters
    found = {"a": list(p["discrimination"]), "d": list(-p["discrimination"] * p["difficulty"])}
    if errors:
        found["mean_se"] = float(np.mean(fit.standard_errors["discrimination"]))
    return found


def mirt_2pl_errors(data: dict) -> dict:
    """The same with standard errors."""
    return mirt_2pl(data, errors=True)


def theta_2pl(data: dict) -> dict:
    """theta-irt (JAX), its own settings."""
    import theta

    fit = theta.fit(data["x"].astype(int), "2PL")
    a, b = np.asarray(fit.a, float), np.asarray(fit.b, float)
    return {"a": list(a), "d": list(-a * b)}


def mirt_gpcm(data: dict, errors: bool = False) -> dict:
    """PyPI mirt (Rust), generalised partial credit with missing answers, 41 nodes."""
    import mirt

    fit = mirt.fit_mirt(data["x"].astype(int), "GPCM", compute_standard_errors=errors, n_quadpts=41)
    p = fit.model.parameters
    a, steps = np.asarray(p["discrimination"]), np.asarray(p["steps"])
    found = {"a": list(a), "d": (-a[:, None] * np.cumsum(steps, axis=1)).tolist()}
    if errors:
        found["mean_se"] = float(np.mean(fit.standard_errors["discrimination"]))
    return found


def mirt_gpcm_errors(data: dict) -> dict:
    """The same with standard errors."""
    return mirt_gpcm(data, errors=True)


def mirt_dina(data: dict) -> dict:
    """PyPI mirt, DINA, until its own convergence."""
    import mirt

    model, _ = mirt.fit_cdm(data["x"].astype(int), data["q"].astype(int), "DINA", max_iter=5000)
    return {"guess": list(map(float, model.guess)), "slip": list(map(float, model.slip))}


def pybkt(data: dict) -> dict:
    """pyBKT on the five largest skills."""
    import pandas as pd
    from pyBKT.models import Model

    train = data["train"]
    skills, size = np.unique(train[:, 2], return_counts=True)
    keep = np.isin(train[:, 2], skills[np.argsort(-size)[:5]])
    frame = pd.DataFrame(train[keep], columns=["user_id", "order_id", "skill_name", "correct"])
    frame["skill_name"] = frame["skill_name"].astype(str)
    Model(seed=1, num_fits=1, parallel=False).fit(data=frame)
    return {"answers": int(keep.sum())}


def main() -> None:
    """Arguments: peer, data file, calls."""
    run = globals()[sys.argv[1]]
    data = dict(np.load(sys.argv[2]))
    seconds, result = timed_calls(lambda: run(data), sys.argv[3])
    json.dump({"seconds": seconds, **result}, sys.stdout)


if __name__ == "__main__":
    main()
