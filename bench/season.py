"""A district's exam season against its floor in the same run: calamine read + COPY of the same marks.

25 schools × 9 papers × 40 items for 9,054 pupils, one workbook a school and paper (`season_data`), from bytes
to committed attempts and reports, by the workers as in the running product (`season_runs`); limit 4 × the
floor, peak of all processes below 1.5 GB.
Usage: PYTHONPATH=src:. python bench/season.py [--schools 25] [--one-process] [--no-reports]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the settings do; here NumPy is loaded before them
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.test")

from season_data import ITEMS, SCHOOLS, SUBJECTS, prepare, write_workbooks

LIMIT, PEAK_LIMIT_MB = 4.0, 1536


def child(folder: Path, what: str) -> None:
    """One measurement in a process of its own."""
    from season_runs import floor, season, workers_season

    found = (
        floor(folder) if what == "floor"
        else workers_season(folder) if what == "workers"
        else season(folder, what == "reports")
    )  # fmt: skip
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def measure(folder: Path, what: str, schools: int) -> dict[str, float]:
    """On a fresh clone of the template database."""
    from tests.harness import cluster

    name = cluster.clone(f"season_{os.urandom(4).hex()}")
    environment = {
        **os.environ, "DATABASE_URL": cluster.CLUSTER.handle().app_url(name), "PYTHONPATH": "src:.",
        "SMARTSCHOOL_POOL": "4",
    }  # fmt: skip
    run = [sys.executable, __file__]
    if what != "floor":
        subprocess.run([*run, "--prepare", str(schools)], env=environment, check=True)
    done = subprocess.run(
        [*run, "--child", str(folder), what], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    cluster.drop(name)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--schools", type=int, default=SCHOOLS)
    parser.add_argument("--no-reports", action="store_true", help="imports alone, in one process")
    parser.add_argument("--one-process", action="store_true", help="without the workers")
    parser.add_argument("--prepare", type=int)
    parser.add_argument("--child", nargs=2)
    args = parser.parse_args()
    import django

    django.setup()
    if args.child:
        child(Path(args.child[0]), args.child[1])
        return 0
    if args.prepare:
        prepare(args.prepare)
        return 0
    from tests.harness import cluster

    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_workbooks(folder, args.schools)
            what = "import" if args.no_reports else "reports" if args.one_process else "workers"
            return report(folder, args.schools, what)
    finally:
        cluster.CLUSTER.stop()


def report(folder: Path, schools: int, what: str) -> int:
    floors = [measure(folder, "floor", schools) for _ in range(2)]
    base, least = min(one["seconds"] for one in floors), min(one["busy"] for one in floors)
    found = measure(folder, what, schools)
    ratio = found["seconds"] / base
    print(f"{schools} 所学校 × {len(SUBJECTS)} 份试卷 × {ITEMS} 题，{found['rows']:.0f} 份作答")
    print(f"读 + COPY {base:.2f} s，导入 {found['import']:.2f} s，报告 {found['reports']:.2f} s，"
          f"比值 {ratio:.2f}（上限 {LIMIT}），导入的比值 {found['import'] / base:.2f}")  # fmt: skip
    peak = found["peak_mb"] + found.get("workers_mb", 0)
    if "workers" in found:
        print(f"{found['workers']:.0f} 个工作进程，文件在 {found['queued']:.2f} s 内交完")
    print(f"处理器时间（连数据库）{found['busy']:.2f} s，是读 + COPY 的 {found['busy'] / least:.2f} 倍")
    print(f"内存峰值 {peak:.0f} MB（上限 {PEAK_LIMIT_MB} MB）")
    return 0 if ratio <= LIMIT and peak < PEAK_LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
