"""Prints the psychometric benchmark: our times, peers' times in the same run, ratios, likelihoods.

    python bench/psychometrics.py [--tasks 2pl,gpcm,…] [--quick] [--no-peers] [--repeats 3]

Peers are installed into an environment of their own (``--peers DIR``), never into ours. A peer that
cannot be had is named as absent. Both sides' results are put on one yardstick: our marginal
likelihood at 96 nodes. A season's paper is compared part by part with the sum of what peers need.
Noise is the spread of the repeats, (largest − smallest) / median. The first call is that of a fresh process;
that of the very first process, which may have to compile, is printed apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import psychometrics_data as data
from psychometrics_calls import ASKED, Side

HERE = Path(__file__).resolve().parent
SRC = HERE.parent / "src"
PACKAGES = {
    "main": ["mirt==1.2.*", "theta-irt==0.1.*"],
    "bkt": ["pyBKT", "scikit-learn==1.4.*", "numpy<2"],
    "season": ["mirt==1.2.*", "pandas", "pingouin", "statsmodels"],
}
SHORT, MANY = 0.05, 15  # seconds below which a task is repeated so often
PAPERS = 9  # of a district's season
TASKS = ("2pl", "2pl-100k", "2pl-1m", "gpcm", "dina-frcsub", "dina-math1", "dina-16", "bkt", "season")


class Bench:
    """Runs tasks and collects the lines of the table."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.root = Path(args.peers)
        self.folder = Path(tempfile.mkdtemp(prefix="psychometrics-"))
        self.compiled: set[tuple[str, tuple[str, ...]]] = set()

    def save(self, name: str, **arrays: np.ndarray) -> Path:
        """Write the arrays that a task needs."""
        path = self.folder / f"{name}.npz"
        np.savez(path, **arrays)
        return path

    def own(self, task: str, path: Path, repeats: int | None = None) -> dict:
        """Run one of our tasks in a fresh process: one call more than asked, the first apart."""
        return self.own_side("psychometrics_own.py", task, str(path), repeats=repeats)

    def own_side(self, script: str, *arguments: str, repeats: int | None = None, **threads: str) -> dict:
        """Run a script of this folder with our package; the number of calls comes last."""
        command = [sys.executable, str(HERE / script), *arguments]
        environment = self.environment_of_own(**threads)
        if (script, arguments) not in self.compiled:  # what was never compiled is, and is kept
            self.compiled.add((script, arguments))
            cold = self._run(command, 1, environment)["seconds"][0]
            return self._run(command, (repeats or self.args.repeats) + 1, environment) | {"cold": cold}
        return self._run(command, (repeats or self.args.repeats) + 1, environment)

    @staticmethod
    def _run(command: list[str], calls: int, environment: dict[str, str]) -> dict:
        done = subprocess.run(
            [*command, str(calls)], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def environment_of_own(self, **threads: str) -> dict[str, str]:
        """What our side knows of the shell; Python keeps what it compiled, as it does unless told not to."""
        environment = {**os.environ, **threads, "PYTHONPATH": str(SRC)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return environment

    def in_turns(self, which: str, own_task: str, peer_task: str, path: Path) -> tuple[list, list] | None:
        """Seconds of both sides called one after the other; the first call of each is the warm-up."""
        python = None if self.args.no_peers else self._environment(which)
        if python is None:
            return None
        ours = [sys.executable, str(HERE / "psychometrics_own.py"), own_task, str(path), ASKED]
        theirs = [str(python), str(HERE / "psychometrics_peers.py"), peer_task, str(path), ASKED]
        seconds: tuple[list, list] = ([], [])
        with (
            Side(ours, self.environment_of_own()) as own,
            Side(theirs, dict(os.environ)) as peer,
        ):
            for _ in range(max(MANY, self.args.repeats) + 1):
                for side, found in zip((own, peer), seconds, strict=True):
                    found.append(side.call())
        return seconds

    def peer(self, which: str, task: str, path: Path, repeats: int | None = None) -> dict | str:
        """Run a peer; a sentence where there is none."""
        return self.peer_side(which, "psychometrics_peers.py", task, str(path), repeats=repeats)

    def peer_side(
        self, which: str, script: str, *arguments: str, repeats: int | None = None, **threads: str
    ) -> dict | str:
        """Run a script of this folder with the packages of an environment of peers."""
        if self.args.no_peers:
            return "not asked for"
        python = self._environment(which)
        if python is None:
            return "absent: its packages could not be installed"
        command = [str(python), str(HERE / script), *arguments, str(repeats or self.args.repeats)]
        environment = {**os.environ, **threads}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=self.args.limit, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            return f"not finished in {self.args.limit} s"
        if done.returncode:
            return f"failed: {done.stderr.strip().splitlines()[-1][:90] if done.stderr.strip() else '?'}"
        return json.loads(done.stdout[done.stdout.index("{") :])

    def _environment(self, which: str) -> Path | None:
        folder = self.root / which
        python = folder / "bin" / "python"
        if not (folder / "ready").exists():
            steps = [
                [sys.executable, "-m", "venv", str(folder)],
                [str(python), "-m", "pip", "install", "-q", *PACKAGES[which]],
            ]
            for step in steps:
                if subprocess.run(step, capture_output=True, check=False).returncode:
                    return None
            (folder / "ready").touch()
        return python

    def report(self, title: str, own: dict, peers: dict[str, dict | str], note: str = "") -> None:
        """Print one task."""
        first, later = own["seconds"][0], own["seconds"][1:]
        ours = statistics.median(later)
        noise = (max(later) - min(later)) / ours
        print(f"\n{title}" + (f" (median of {len(later)})" if len(later) > self.args.repeats else ""))
        facts = {k: own[k] for k in ("loglik", "mean_se", "auc", "evaluations", "classes") if k in own}
        said = ", ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in facts.items())
        cold = f", of the very first process {own['cold']:.2f} s" if "cold" in own else ""
        print(f"  ours            {ours:9.3f} s  ± {100 * noise:3.0f} %   first call {first:.2f} s{cold}")
        print(f"                  {own['mb']:.0f} MB, {said}")
        for name, peer in peers.items():
            if isinstance(peer, str):
                print(f"  {name:15s} {peer}")
                continue
            runs = peer["seconds"][1:] or peer["seconds"]
            theirs = statistics.median(runs)
            gap = f"   our loglik − theirs {own['loglik'] - peer['loglik']:+.4f}" if "loglik" in peer else ""
            error = f", mean_se {peer['mean_se']:.4f}" if "mean_se" in peer else ""
            ratio = theirs * peer.get("scale", 1) / ours
            print(f"  {name:15s} {theirs:9.3f} s  ratio {ratio:8.1f}{gap}{error}")
        if note:
            print(f"  {note}")


def two_parameter(bench: Bench, n: int, peers: bool) -> None:
    """2PL of n pupils × 60 items."""
    x = data.two_parameter(n)
    path = bench.save(f"2pl-{n}", x=x)
    own = bench.own("two_parameter", path)
    found: dict[str, dict | str] = {}
    if peers:
        for name, task in (("mirt", "mirt_2pl"), ("theta-irt warm", "theta_2pl")):
            found[name] = measured(bench, bench.peer("main", task, path, 2 if n > 50_000 else 3), x)
    else:
        floor = bench.own("memory_pass", path)
        found["one memory pass"] = {"seconds": floor["seconds"]}
    bench.report(f"2PL {n:,} × 60", own, found)
    if n < 50_000:
        with_errors(bench, f"2PL {n:,} × 60 with standard errors, from marks", "mirt_2pl_errors", path, x)


def with_errors(bench: Bench, title: str, task: str, path: Path, x: np.ndarray) -> None:
    """What a user calls: our `calibrate` on marks, the peer with its standard errors (its default)."""
    own = bench.own("calibration", path)
    peer = measured(bench, bench.peer("main", task, path, 1), x)
    bench.report(title, own, {"mirt": peer})


def measured(bench: Bench, peer: dict | str, x: np.ndarray) -> dict | str:
    """Add the likelihood of a peer's parameters on our yardstick."""
    if isinstance(peer, str):
        return peer
    path = bench.save("yardstick", x=x, a=np.array(peer["a"]), d=np.array(peer["d"]))
    return {**peer, "loglik": bench.own("likelihood", path, 1)["loglik"]}


def gpcm(bench: Bench) -> None:
    """GPCM with missing answers."""
    x = data.partial_credit()
    path = bench.save("gpcm", x=x)
    own = bench.own("two_parameter", path)
    peer = measured(bench, bench.peer("main", "mirt_gpcm", path), x)
    title = "GPCM 9,054 × 30 × 5, 10 % missing"
    bench.report(title, own, {"mirt": peer})
    with_errors(bench, f"{title}, with standard errors, from marks", "mirt_gpcm_errors", path, x)


def dina(bench: Bench, title: str, found: tuple | None, peers: bool = False, starts: bool = False) -> None:
    """DINA by maximum likelihood."""
    if found is None:
        print(f"\n{title}\n  this exam is not at hand (SMARTSCHOOL_DATA)")
        return
    x, q = found
    path = bench.save("dina", x=x, q=q)
    own = bench.own("dina", path)
    others: dict[str, dict | str] = {}
    if starts:
        bench.report(f"{title}, best of eight starts", bench.own("dina_of_starts", path), others)
    if peers:
        peer = bench.peer("main", "mirt_dina", path)
        if not isinstance(peer, str):
            yard = bench.save(
                "dina-yard", x=x, q=q, guess=np.array(peer["guess"]), slip=np.array(peer["slip"])
            )
            peer = {"seconds": peer["seconds"], "loglik": bench.own("dina_likelihood", yard, 1)["loglik"]}
            if statistics.median(own["seconds"][1:]) < SHORT:
                own["seconds"], peer["seconds"] = bench.in_turns("main", "dina", "mirt_dina", path)
        others["mirt"] = peer
    bench.report(title, own, others)


def bkt(bench: Bench) -> None:
    """Knowledge tracing; the peer does five skills, its time is scaled by answers."""
    log = data.practice_log()
    if log is None:
        print("\nBKT\n  the practice log is not at hand (SMARTSCHOOL_DATA)")
        return
    path = bench.save("bkt", **log)
    own = bench.own("bkt", path)
    peer = bench.peer("bkt", "pybkt", path, 1)
    if not isinstance(peer, str):
        peer["scale"] = own["answers"] / peer["answers"]
    note = "ratio: the peer's five skills scaled to all answers"
    bench.report(f"BKT {own['answers']:,} answers, fit on train, AUC on test", own, {"pyBKT": peer}, note)
    bench.report(
        "the same answers by performance factors with forgetting and time", bench.own("pfa", path), {}
    )


def season(bench: Bench) -> None:
    """A season's papers by us, one of them part by part by both sides, and whether both found the same."""
    path = bench.save("season", **data.season_papers(PAPERS))
    script = "psychometrics_season.py"
    # As the product's settings do; with more threads small products of matrices wait for each other.
    one = {"OPENBLAS_NUM_THREADS": "1"}
    own = bench.own_side(script, "own", str(path), "1", **one)
    print("\na season's paper, 9,054 × 60 with chosen letters, two groups; each side from the same arrays")
    ours = _parts("ours", own)
    peer = bench.peer_side("season", script, "peer", str(path), "1", repeats=bench.args.repeats + 1, **one)
    if isinstance(peer, str):
        print(f"  peers           {peer}")
    else:
        theirs = _parts("peers", peer)
        print(
            f"  ratio {theirs / ours:.1f} of the sums of the parts; {_agreement(own['facts'], peer['facts'])}"
        )
    if not bench.args.quick:
        whole = bench.own_side(script, "own", str(path), str(PAPERS), repeats=1, **one)
        again = whole["seconds"][-1]
        print(
            f"  ours, {PAPERS} different papers one after the other: {again:.2f} s, peak {whole['mb']:.0f} MB"
        )


def _parts(side: str, found: dict) -> float:
    """Print the median of each part after the first call; the sum."""
    medians = {part: statistics.median(times[1:]) for part, times in found["parts"].items()}
    for part, seconds in medians.items():
        print(f"  {side:6s} {part:24s} {seconds:8.3f} s   {found['by'][part]}")
    runs = found["seconds"][1:]
    noise = (max(runs) - min(runs)) / statistics.median(runs)
    total = sum(medians.values())
    said = f"± {100 * noise:.0f} %, first {found['seconds'][0]:.2f} s, {found['mb']:.0f} MB"
    print(f"  {side:6s} {'sum':24s} {total:8.3f} s {said}")
    return total


def _agreement(own: dict, peer: dict) -> str:
    """Largest differences of what both sides computed."""
    gap = {name: float(np.abs(np.array(own[name]) - np.array(peer[name])).max()) for name in peer}
    error = np.median(np.array(own["se"]) / np.array(peer["se"]))
    return (
        f"at most α {gap['alpha']:.0e}, item–rest r {gap['rest']:.0e}, option r "
        f"{gap['option_r']:.0e}, D27 {gap['d27']:.3f}, a {gap['a']:.4f}, θ {gap['theta']:.4f}, S-X² "
        f"{gap['sx2']:.2f}, Q3 {gap['q3']:.3f}, MH Δ {gap['delta']:.3f}, logistic χ² {gap['chi2']:.0e}; "
        f"our errors of a are {error:.3f} of theirs"
    )


def main() -> None:
    """Run the chosen tasks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--quick", action="store_true", help="leave out the million and the large peers")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, default=1800, help="seconds a peer may take")
    parser.add_argument("--peers", default=str(Path(tempfile.gettempdir()) / "psychometrics-peers"))
    args = parser.parse_args()
    if unknown := set(args.tasks.split(",")) - set(TASKS):
        parser.error(f"no such task: {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    bench = Bench(args)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"medians of {args.repeats} after the first call")
    for task in args.tasks.split(","):
        if task == "2pl":
            two_parameter(bench, 9054, peers=True)
        elif task == "2pl-100k":
            two_parameter(bench, 100_000, peers=not args.quick)
        elif task == "2pl-1m" and not args.quick:
            two_parameter(bench, 1_000_000, peers=False)
        elif task == "gpcm":
            gpcm(bench)
        elif task == "dina-frcsub":
            dina(bench, "DINA frcsub (536 × 20, K = 8)", data.exam("frcsub"), peers=True)
        elif task == "dina-math1":
            dina(bench, "DINA math1 (4,209 × 20, K = 11)", data.exam("math1"), starts=True)
        elif task == "dina-16" and not args.quick:
            dina(bench, "DINA 5,000 × 40, K = 16", data.knowledge_states())
        elif task == "bkt":
            bkt(bench)
        elif task == "season":
            season(bench)


if __name__ == "__main__":
    main()
