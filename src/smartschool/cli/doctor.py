"""Look at everything and say what to do: disk, secrets, versions, role rights, migrations, audit chain."""

from __future__ import annotations

import argparse

from smartschool.runtime import health
from smartschool.runtime.database import open_product
from smartschool.runtime.failure import Failure
from smartschool.runtime.folder import data_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")


def run(args: argparse.Namespace) -> int:
    folder = data_folder(args.data)
    if not (folder.secrets / "database.json").exists():
        raise Failure(f"{folder.home} 还没有数据：请先运行 ./smartschool up。")
    faults = 0
    for finding in [*health.look_at_folder(folder), *health.look_at_program()]:
        faults += _show(finding)
    with open_product(args.data, change=False) as place:
        for finding in health.look_at_database(place):
            faults += _show(finding)
        if not faults:  # tables that are behind the program cannot be asked
            for finding in [*health.look_at_audit(), *health.look_at_jobs()]:
                faults += _show(finding)
    print("一切正常。" if not faults else f"{faults} 处需要处理。")
    return 1 if faults else 0


def _show(finding: health.Finding) -> int:
    print(f"{'✓' if finding.well else '✗'} {finding.name}：{finding.seen}")
    if not finding.well:
        print(f"    {finding.remedy}")
    return 0 if finding.well else 1
