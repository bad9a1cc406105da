"""Check everything on a temporary database: rules, types, map, pages in a browser; pytest comes last."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from smartschool.runtime.program import ROOT

CHROMIUM = Path("/usr/bin/chromium")
PACKAGES = ("chromium", "fonts-noto-cjk")


@dataclass(frozen=True)
class Step:
    """One named check: a command line, and what it needs in its environment.

    `spoils` says that the step leaves the temporary cluster unfit for the next one: a removed guard may have
    written to its log what must not stand there.
    """

    name: str
    words: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    spoils: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-k", dest="expression", help="只运行名称匹配的用例（不做其他检查）")
    parser.add_argument("--mutate-guards", action="store_true", help="逐一拆除防护，确认每一处都有用例发现")


def run(args: argparse.Namespace) -> int:
    browser = _browser()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "DJANGO_SETTINGS_MODULE": "smartschool.settings.test",
    }
    failed = []
    cluster = _cluster()
    try:
        steps = [] if args.expression else _rules()
        if args.mutate_guards:
            steps.append(Step("guards", [sys.executable, "tools/mutate_guards.py"], spoils=True))
        steps.append(_pytest(args.expression))
        for step in steps:
            print(f"▶ {step.name}", flush=True)
            began = time.monotonic()
            joined = {name: value for name, value in os.environ.items() if name.startswith("SMARTSCHOOL_")}
            done = subprocess.run(
                step.words, cwd=ROOT, env=environment | joined | step.environment, check=False
            )
            if done.returncode:
                failed.append(step.name)
            print(
                f"{'✗' if done.returncode else '✓'} {step.name} {time.monotonic() - began:.1f} s", flush=True
            )
            if step.spoils:
                cluster.stop()  # type: ignore[attr-defined]
                cluster = _cluster()
    finally:
        cluster.stop()  # type: ignore[attr-defined]
    if not browser:
        print(f"没有浏览器，页面流程已跳过：请先运行 apt install {' '.join(PACKAGES)}（需要管理员权限）。")
    print(f"没有通过：{'、'.join(failed)}" if failed else f"{len(steps)} 项全部通过")
    return 1 if failed else 0


def _browser() -> bool:
    """Debian's Chromium and Chinese fonts; installed when root may and they are missing."""
    fonts = (
        shutil.which("fc-list")
        and subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip()
    )
    if CHROMIUM.exists() and fonts:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *PACKAGES]):
            subprocess.run(["apt-get", *words], env=quiet, stdout=subprocess.DEVNULL, check=False)
    return CHROMIUM.exists()


def _cluster() -> object:
    """Start the temporary cluster that all steps share (they find it through the environment)."""
    sys.path.insert(0, str(ROOT))
    temporary = importlib.import_module("tests.harness.cluster").CLUSTER
    print("▶ temporary database", flush=True)
    began = time.monotonic()
    temporary.handle()
    print(f"✓ temporary database {time.monotonic() - began:.1f} s", flush=True)
    return temporary


def _rules() -> list[Step]:
    """Fast checks first."""
    tools = Path(sys.executable).parent
    django = [sys.executable, "-W", "ignore::RuntimeWarning", "-m", "django"]  # no database, no complaint
    production = {
        "DJANGO_SETTINGS_MODULE": "smartschool.settings.prod",
        "SMARTSCHOOL_SECRET_KEY": "only-for-this-check-" + "0123456789abcdefghij" * 3,
    }
    return [
        Step("ruff check", [str(tools / "ruff"), "check", "."]),
        Step("ruff format", [str(tools / "ruff"), "format", "--check", "."]),
        Step("locks name no host", [sys.executable, "tools/check_locks.py"]),
        Step("import map", [str(tools / "lint-imports"), "--no-cache"]),
        Step("types", [str(tools / "mypy")]),
        Step("deploy check", [*django, "check", "--deploy", "--fail-level", "WARNING"], production),
        Step("migrations are written", [*django, "makemigrations", "--check", "--dry-run"]),
    ]


def _pytest(expression: str | None) -> Step:
    workers = str(max(2, min(os.cpu_count() or 2, 4)))
    words = [sys.executable, "-m", "pytest", "-q", "-n", workers, "--dist", "worksteal", "--durations", "10"]
    # One thread of linear algebra per worker: two workers with two threads each only wait for each other.
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return Step("pytest", [*words, *(["-k", expression] if expression else [])], quiet)
