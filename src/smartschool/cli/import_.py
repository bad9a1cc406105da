"""Import a workbook: roster, staff, exam … into a school or, without --school, into the whole district."""

from __future__ import annotations

import argparse
import errno
import json
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from smartschool.runtime.database import open_product

if TYPE_CHECKING:
    from smartschool.contexts.exchange.public.contracts import HeaderRead, ImportReport

APPLIED, NOTHING_APPLIED, USAGE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kind", help="roster 学生、staff 教职工、guardians 监护人、school 学校、teaching 任课、exam 成绩"
    )
    parser.add_argument("file", type=Path, help=".xlsx、.xls 或 .csv 文件")
    parser.add_argument("--school", metavar="CODE", help="学校标识码；不写则按每行的学校导入")
    parser.add_argument("--exam", metavar="CODE", help="考试代码（只用于 exam）")
    parser.add_argument(
        "--mode", choices=["add", "snapshot"], default="add", help="add 补充，snapshot 以文件为准"
    )
    parser.add_argument(
        "--queue", action="store_true", help="交给后台按顺序导入，不等结果（要写 --school，服务要在运行）"
    )
    parser.add_argument("--dry-run", action="store_true", help="只检查，不改动任何数据")
    parser.add_argument("--accept-partial", action="store_true", help="导入没有问题的行，其余留下")
    parser.add_argument("--confirm", action="store_true", help="已看过离开和变更的名单，确认导入")
    parser.add_argument("--json", action="store_true", help="用 JSON 报告结果")
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")


def run(args: argparse.Namespace) -> int:
    """Exit code 0: applied or queued, or a dry run without faults; 1: nothing applied; 2: wrong use."""
    if args.kind == "exam" and not args.exam:
        print("导入成绩要说是哪一场考试：请写 --exam 考试代码或试卷代码（考试页上有）。", file=sys.stderr)
        return USAGE
    try:
        content = read(args.file)
    except OSError as problem:
        print(f"读不了文件 {args.file}：{reason(problem)}。", file=sys.stderr)
        return USAGE
    with open_product(args.data):
        return bring_in(args, content)


def read(path: Path) -> bytes:
    """The bytes of a file, of one that is too large only as many as show it."""
    from smartschool.contexts.exchange.public.reading import MOST_BYTES

    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "")  # a pipe or a device never ends
    with path.open("rb") as source:
        return source.read(MOST_BYTES + 1)


def reason(problem: OSError) -> str:
    """Why a file cannot be read, for whoever typed its name."""
    words = {
        errno.ENOENT: "没有这个文件，请核对路径",
        errno.EISDIR: "这是文件夹，请写里面的文件",
        errno.EACCES: "没有读取权限",
        errno.EINVAL: "这不是普通的文件",
        errno.ENAMETOOLONG: "文件名太长",
        errno.ELOOP: "链接绕回了自己",
    }
    return words.get(problem.errno or 0, problem.strerror or "系统读不出来")


def bring_in(args: argparse.Namespace, content: bytes) -> int:
    """Import and print the report; Django and the database are ready."""
    from smartschool.contexts.exchange.public.doors import import_file, queue_file
    from smartschool.kernel.actor import system_actor
    from smartschool.kernel.errors import DomainError

    options = {"exam": args.exam} if args.exam else {}
    if args.queue and (not args.school or args.dry_run or args.mode != "add"):
        print("--queue 只和 --school 一起用，不能带 --dry-run 或 --mode。", file=sys.stderr)
        return USAGE
    try:
        if args.queue:
            code = queue_file(
                actor=system_actor("import"),
                importer=args.kind,
                content=content,
                file_name=args.file.name,
                school_code=args.school,
                options=options,
            )
            print(json.dumps({"run": code}) if args.json else f"已交给后台，导入编号 {code}。")
            return APPLIED
        report = import_file(
            actor=system_actor("import"),
            importer=args.kind,
            content=content,
            file_name=args.file.name,
            school_code=args.school,
            mode=args.mode,
            options=options,
            accept_partial=args.accept_partial,
            confirmed=args.confirm,
            dry_run=args.dry_run,
        )
    except DomainError as problem:
        print(problem.message, file=sys.stderr)
        return USAGE
    if args.json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        verb = "可以导入" if args.dry_run else "导入"
        counts = f"{verb} {report.applied}，不变 {report.unchanged}，拒绝 {report.refused}"
        print(f"共 {report.rows} 行：{counts}。")
        for one in report.sheets:
            print(
                f"  工作表“{one.sheet}” {one.rows} 行：{verb} {one.applied}，不变 {one.unchanged}，"
                f"拒绝 {one.refused}。"
            )
        for sheet, unread in groupby(report.headers, key=lambda one: one.sheet):
            print(_of_headers(sheet, list(unread)))
        for fault in report.faults:
            place = f"{fault.sheet} 第 {fault.row} 行 {fault.column}：" if fault.row else ""
            print(f"  {place}{fault.message}")
        if report.nothing_applied:
            print(f"没有导入任何一行。{_remedy(report)}")
    return NOTHING_APPLIED if report.nothing_applied else APPLIED


def _of_headers(sheet: str, headers: Sequence[HeaderRead]) -> str:
    """Which columns were not read, and which by a resemblance."""
    unread = "、".join(one.header for one in headers if not one.column)
    guessed = "、".join(f"{one.header}→{one.column}" for one in headers if one.column)
    parts = [f"没有认出、没有导入的列：{unread}。"] if unread else []
    parts += [f"按相近的表头认的列：{guessed}，请核对。"] if guessed else []
    return f"  {f'工作表“{sheet}”' if sheet else ''}{''.join(parts)}"


def _remedy(report: ImportReport) -> str:
    """What helps where nothing was applied."""
    if any(fault.code.startswith("brake_") for fault in report.faults):
        return "看过名单、确实要这样改的，加上 --confirm 再来。"
    if 0 < report.refused < report.rows:
        return "改好文件再来，或用 --accept-partial 导入其余行。"
    return "改好文件再来。"
