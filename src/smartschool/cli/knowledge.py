"""Bring in a knowledge tree of one subject from a CSV file (编码, 上级编码, 名称)."""

from __future__ import annotations

import argparse
from pathlib import Path

from smartschool.runtime.database import open_product
from smartschool.runtime.failure import Failure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--subject", required=True, help="课程代码或名称，如 14 或 数学")
    parser.add_argument("--stage", required=True, choices=["primary", "junior"])
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")
    parser.add_argument("--source", required=True, help="这份知识点的出处")


def run(args: argparse.Namespace) -> int:
    with open_product(args.data):
        return _bring(args)


def _bring(args: argparse.Namespace) -> int:
    from smartschool.contexts.curriculum.public.doors import import_points, read_points
    from smartschool.contexts.directory.public import codes
    from smartschool.kernel.actor import system_actor
    from smartschool.kernel.errors import DomainError

    subject = codes.table("subject").find(args.subject)
    if subject is None:
        raise Failure(f"没有“{args.subject}”这门课程：请写课程代码表里的代码或名称。")
    try:
        rows = read_points(args.file.read_text(encoding="utf-8-sig"))
        report = import_points(
            actor=system_actor("cli"), subject=subject, stage=args.stage, source=args.source, rows=rows
        )
    except (OSError, ValueError) as problem:
        raise Failure(f"读不了 {args.file}：{problem}") from problem
    except DomainError as problem:
        raise Failure(problem.message) from problem
    print(f"新增 {report.added}，改动 {report.changed}，没有变化 {report.unchanged}")
    return 0
