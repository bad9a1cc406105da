"""Owns the proof that guards are tested: removes each listed guard in turn and expects its tests to go red.

`tests/guards.toml` lists the guards. Each is removed in a private copy of the tree; its tests then run on the
cluster of the calling test run. A guard in a migration gets a template database of its own.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = (
    "src",
    "tests",
    "tools",
    "bench",
    "docs",
    "conftest.py",
    "pyproject.toml",
    ".importlinter",
    "smartschool",
)
PARTS_OF_TEMPLATE = ("/migrations/", "/sql/", "seeds")


@dataclass(frozen=True)
class Guard:
    """One protection: the exact text that makes it, what stands there without it, the tests to notice."""

    name: str
    file: str
    text: str
    replacement: str
    tests: tuple[str, ...]
    rebuild: bool


def read_guards(path: Path) -> list[Guard]:
    """The list; a guard whose text is not found exactly once is an error of the list."""
    guards = []
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["guard"]:
        rebuild = row.get("rebuild", any(part in row["file"] for part in PARTS_OF_TEMPLATE))
        guard = Guard(row["name"], row["file"], row["text"], row["replacement"], tuple(row["tests"]), rebuild)
        count = (ROOT / guard.file).read_text(encoding="utf-8").count(guard.text)
        if count != 1:
            sys.exit(f"guard “{guard.name}”: its text occurs {count} times in {guard.file}, expected once")
        guards.append(guard)
    return guards


def copy_tree(target: Path) -> Path:
    """A private copy without compiled files."""
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif source.exists():
            shutil.copy2(source, target / part)
    for lock in ROOT.glob("*.lock"):
        shutil.copy2(lock, target / lock.name)
    return target


def run_tests(
    tree: Path, tests: tuple[str, ...], *, rebuild: bool = False, stop: bool = True
) -> tuple[int, int, str]:
    """Exit code, number of failed tests (errors of set-up do not count) and pytest's words."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    if rebuild:
        environment["SMARTSCHOOL_TEST_REBUILD"] = "1"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            *(["-x"] if stop else []),
            "--tb=line",
            "-p",
            "no:cacheprovider",
            *tests,
        ],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    failed = re.search(r"(\d+) failed", done.stdout)
    return done.returncode, int(failed[1]) if failed else 0, done.stdout + done.stderr


def try_guard(tree: Path, guard: Guard) -> str | None:
    """None when a test failed without the guard, else what happened instead."""
    path = tree / guard.file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace(guard.text, guard.replacement), encoding="utf-8")
    try:
        code, failed, words = run_tests(tree, guard.tests, rebuild=guard.rebuild)
    finally:
        path.write_text(whole, encoding="utf-8")
    if code == 1 and failed:
        return None
    if code == 0:
        return "its tests stay green"
    return f"its tests did not run (pytest exit code {code}):\n{words[-2000:]}"


def main() -> int:
    """Baseline green, then every guard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only guards whose name contains this")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    guards = [guard for guard in read_guards(ROOT / "tests" / "guards.toml") if args.only in guard.name]
    if not guards:
        print("no guard of that name")
        return 1
    survivors = []
    with tempfile.TemporaryDirectory(prefix="smartschool-guards-") as folder:
        trees: queue.Queue[Path] = queue.Queue()
        for number in range(args.jobs):
            trees.put(copy_tree(Path(folder) / str(number)))
        tests = tuple(dict.fromkeys(test for guard in guards for test in guard.tests))
        code, _, words = run_tests(Path(folder) / "0", tests, stop=False)
        red = re.findall(r"^(?:FAILED|ERROR) (\S+)", words, re.MULTILINE)
        if code:
            print(f"some tests of the guards are not green to begin with:\n{words[-3000:]}")
            if not red:
                return 1

        def attempt(guard: Guard) -> tuple[Guard, str | None, float]:
            began, tree = time.monotonic(), trees.get()
            try:
                if any(one.startswith(test) for one in red for test in guard.tests):
                    return guard, "its tests are not green to begin with", 0.0
                return guard, try_guard(tree, guard), time.monotonic() - began
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(args.jobs) as pool:
            for guard, fault, seconds in pool.map(attempt, guards):
                print(
                    f"  {'caught ' if fault is None else 'MISSED '} {seconds:5.1f} s  {guard.name}",
                    flush=True,
                )
                if fault is not None:
                    print(f"    {fault}")
                    survivors.append(guard)
    print(f"{len(guards) - len(survivors)} of {len(guards)} removed guards were caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
