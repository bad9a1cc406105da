"""Runs a season's paper part by part, by us or by peers, in a fresh process; prints JSON.

Called by psychometrics.py with the side (``own`` or ``peer``), the data file, the number of papers in it
and the number of repeats. Both sides start from the same arrays: right/wrong answers, chosen letters, the
key and the two groups. Each part of the peers' side is the work of the package that people use for it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

Part = tuple[str, str, Callable[[], dict]]


def own(x: np.ndarray, letters: np.ndarray, key: np.ndarray, group: np.ndarray) -> list[Part]:
    """Our parts: (part, by what, call)."""
    from edumetrics.arrays import response_matrix
    from edumetrics.dif import logistic_dif, mantel_haenszel
    from edumetrics.exam import analyse_exam
    from edumetrics.irt import calibrate, exam_fit, score
    from edumetrics.options import option_responses

    made: dict = {}

    def classical() -> dict:
        options = option_responses(list(letters.T), key.tolist())
        made["matrix"] = response_matrix(x, 1.0, options=options)
        exam = analyse_exam(made["matrix"])
        first = exam.options[0]
        return {
            "alpha": exam.reliability.alpha.value,
            "rest": exam.rest_correlation.value,
            "d27": exam.discrimination.value,
            "shares": first.shares.value,
            "option_r": first.rest_correlation.value,
        }

    def calibration() -> dict:
        made["fit"] = fit = calibrate(made["matrix"])
        par = fit.parameters.par
        return {"a": par[:, 0], "d": par[:, 1], "se": np.array([item.slope.se for item in fit.items])}

    def abilities() -> dict:
        return {"theta": score(made["fit"], made["matrix"]).ability.value}

    def fit() -> dict:
        found = exam_fit(made["fit"], made["matrix"])
        return {"sx2": np.array([item.s_x2.statistic for item in found.items]), "q3": found.q3[0, 1:]}

    def dif() -> dict:
        sizes = mantel_haenszel(made["matrix"], group, reference="a", focal="b")
        by_regression = logistic_dif(made["matrix"], group, reference="a", focal="b")
        return {
            "delta": np.array([item.effect.value for item in sizes.items]),
            "chi2": np.array([item.chi2 for item in by_regression]),
        }

    return [
        ("classical, distractors", "analyse_exam", classical),
        ("calibration, errors", "calibrate", calibration),
        ("abilities", "score", abilities),
        ("fit, Q3", "exam_fit", fit),
        ("DIF", "mantel_haenszel, logistic_dif", dif),
    ]


def peer(x: np.ndarray, letters: np.ndarray, key: np.ndarray, group: np.ndarray) -> list[Part]:
    """The peers' parts: (part, by what, call)."""
    import mirt
    import pandas as pd
    import pingouin
    import statsmodels.api as sm
    from statsmodels.stats.contingency_tables import StratifiedTable

    made: dict = {}
    x = x.astype(int)
    n_items = x.shape[1]

    def classical() -> dict:
        stats = mirt.traditional(x)
        mirt.itemstats(x)
        alpha, _ = pingouin.cronbach_alpha(data=pd.DataFrame(x))
        total = pd.Series(x.sum(axis=1)).sort_values()
        few = round(0.27 * len(total))
        d27 = x[total.index[-few:]].mean(axis=0) - x[total.index[:few]].mean(axis=0)
        return {"alpha": float(alpha), "rest": stats.discrimination, "d27": d27}

    def distractors() -> dict:
        total = x.sum(axis=1)
        out = {}
        for j in range(n_items):
            rest, chosen = pd.Series(total - x[:, j]), pd.Series(letters[:, j])
            fifth = pd.qcut(rest.rank(method="first"), 5, labels=False)
            shares = chosen.value_counts(normalize=True).sort_index()
            pd.crosstab(chosen, fifth, normalize="columns")
            best = rest >= rest.quantile(0.73)
            chosen[best].value_counts(normalize=True)
            r = pd.get_dummies(chosen).corrwith(rest)
            if j == 0:
                out = {"shares": shares.to_numpy(), "option_r": r.to_numpy()}
        return out

    def calibration() -> dict:
        made["fit"] = fit = mirt.fit_mirt(x, "2PL", compute_standard_errors=True, n_quadpts=41)
        p = fit.model.parameters
        a = np.asarray(p["discrimination"])
        return {"a": a, "d": -a * p["difficulty"], "se": np.asarray(fit.standard_errors["discrimination"])}

    def abilities() -> dict:
        made["theta"] = np.asarray(mirt.fscores(made["fit"], x, method="EAP", n_quadpts=41).theta)
        return {"theta": made["theta"].reshape(-1)}

    def fit() -> dict:
        table = mirt.itemfit(made["fit"], x, statistics=["infit", "outfit", "S_X2"])
        q3 = mirt.Q3(made["fit"].model, x, made["theta"])
        return {"sx2": np.asarray(table["S_X2"], dtype=float), "q3": q3[0, 1:]}

    def mantel_haenszel() -> dict:
        total, focal = x.sum(axis=1), (group == "b").astype(int)
        delta = np.empty(n_items)
        for j in range(n_items):
            table = np.zeros((2, 2, n_items + 1))
            np.add.at(table, (focal, 1 - x[:, j], total), 1)
            whole = StratifiedTable(table[:, :, (table.sum(axis=1) > 0).all(axis=0)])
            _ = whole.logodds_pooled_se, whole.test_null_odds(correction=True).pvalue
            delta[j] = -2.35 * whole.logodds_pooled
        return {"delta": delta}

    def regressions() -> dict:
        total, focal = x.sum(axis=1), (group == "b").astype(float)
        z = (total - total.mean()) / total.std()
        base = sm.add_constant(z)
        uniform, full = np.column_stack([base, focal]), np.column_stack([base, focal, focal * z])
        chi2 = np.empty(n_items)
        for j in range(n_items):
            fits = [sm.Logit(x[:, j], design).fit(disp=0) for design in (base, uniform, full)]
            _ = fits[2].llnull  # for Nagelkerke's R²
            chi2[j] = 2 * (fits[2].llf - fits[0].llf)
        return {"chi2": chi2}

    return [
        ("classical", "mirt, pingouin, pandas", classical),
        ("distractors", "pandas", distractors),
        ("calibration, errors", "mirt", calibration),
        ("abilities", "mirt", abilities),
        ("fit, Q3", "mirt", fit),
        ("DIF", "statsmodels StratifiedTable", mantel_haenszel),
        ("DIF by regression", "statsmodels Logit", regressions),
    ]


def main() -> None:
    """Arguments: side, data file, papers, repeats."""
    side, path, papers, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if side == "peer":
        warnings.simplefilter("ignore")  # a peer's own warnings are not this benchmark's business
    data = np.load(path)
    given = [[data[f"{name}{k}"] for name in ("x", "letters", "key", "group")] for k in range(papers)]
    parts: dict[str, list[float]] = {}
    by: dict[str, str] = {}
    seconds, facts = [], {}
    for _ in range(repeats):
        start = time.perf_counter()
        for paper in given:
            for part, name, call in (own if side == "own" else peer)(*paper):
                begin = time.perf_counter()
                found = call()
                parts.setdefault(part, []).append(time.perf_counter() - begin)
                by[part] = name
                if paper is given[0]:
                    facts |= found
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lists = {name: np.asarray(value).tolist() for name, value in facts.items()}
    json.dump({"seconds": seconds, "parts": parts, "by": by, "facts": lists, "mb": peak}, sys.stdout)


if __name__ == "__main__":
    main()
