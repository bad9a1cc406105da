"""分析一次考试：从成绩表得到试题分析、知识点诊断和报告（不需要数据库）。"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from smartschool.analyze.choices import CALIBRATIONS, DIAGNOSES, BadChoice, parse_models
from smartschool.analyze.out_folder import ADVICE, REPORTS, Unwritable, ensure_writable, why_not
from smartschool.cli.patience import said_after
from smartschool.runtime.compiled import compiled_folder

MOMENT = 6.0  # seconds
STILL_AT_IT = "还在计算，请稍等……"
FIRST_TIME = "还在计算，请稍等……（这台机器第一次用这些模型，要先准备程序，约一分钟，以后就快了）"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `smartschool analyze`."""
    parser.add_argument("path", type=Path, metavar="DIR|RESPONSES.csv", help="考试文件夹，或一张成绩表")
    parser.add_argument("--items", type=Path, help="题目表 items.csv（题号、题型、满分、答案）")
    parser.add_argument("--q", type=Path, help="题目与知识点对照表 q.csv")
    parser.add_argument("--knowledge", type=Path, help="知识点名称表 knowledge.csv")
    parser.add_argument("--out", type=Path, help="报告写到这个文件夹")
    parser.add_argument("--json", action="store_true", help="把 report.json 的内容写到标准输出")
    parser.add_argument("--name", help="报告里考试的名称，默认用文件夹名")
    parser.add_argument(
        "--blank", choices=("missing", "zero"), default="missing", help="空格怎么算：没有数据，或 0 分"
    )
    parser.add_argument(
        "--model", default="", metavar="NAME[,NAME]", help="另外拟合的模型，如 2pl、gdina、dif，或 all"
    )
    parser.add_argument(
        "--subset-share", type=float, default=0.0, help="多选题漏选得满分的几成，0 到 1，默认 0"
    )


def run(args: argparse.Namespace) -> int:
    """0: reports written; 1: the files are not in order, nothing written; 2: wrong use, no place to write."""
    if args.out is None and not args.json:
        return _usage("要用 --out 指定报告文件夹，或用 --json 直接输出。")
    if not 0.0 <= args.subset_share <= 1.0:
        return _usage("--subset-share 要在 0 和 1 之间。")
    for path in (args.path, args.items, args.q, args.knowledge):
        if path is not None and not path.exists():
            return _usage(f"找不到 {path}，请检查路径。")
    try:
        models = parse_models(args.model) if args.model else []
        if args.out is not None:
            ensure_writable(args.out)
    except (BadChoice, Unwritable) as error:
        return _usage(str(error))
    # Threads of the matrix library cost more than they bring at this size, most of all on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    core = Path(__file__).resolve().parents[2] / "edumetrics"
    compiled = os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled_folder(core, core / "__pycache__")))
    waiting = FIRST_TIME if _must_compile(models, Path(compiled)) else STILL_AT_IT
    # Imported late: `--help` and wrong use answer at once.
    from smartschool.analyze.faults import Refused
    from smartschool.analyze.reader import sources
    from smartschool.analyze.report_json import dump
    from smartschool.analyze.run import analyse, write

    try:
        files = sources(args.path, items=args.items, q=args.q, knowledge=args.knowledge)
        with said_after(MOMENT, waiting):
            outcome = analyse(
                files,
                blank_is_zero=args.blank == "zero",
                subset_share=args.subset_share,
                name=args.name,
                models=models,
            )
        if args.out is not None:
            write(outcome, args.out)
    except Refused as refused:
        print(refused.text(), file=sys.stderr)
        if args.json:
            faults = [fault.as_dict() for fault in refused.faults]
            print(json.dumps({"error": "refused", "faults": faults}, ensure_ascii=False))
        return 1
    except OSError as error:
        print(f"报告没有写成（{error.filename}）：{why_not(error)}。{ADVICE}", file=sys.stderr)
        return 1
    if args.json:
        print(dump(outcome.report), end="")
    else:
        exam = outcome.report["exam"]
        print(f"已分析 {exam['n_pupils']} 人、{exam['n_items']} 题，报告在 {args.out}：{'、'.join(REPORTS)}")
    return 0


def _must_compile(models: list[str], compiled: Path) -> bool:
    """Whether code of these models is compiled for the first time on this machine."""
    rooms = {"cdm" for name in models if name in DIAGNOSES} | {
        "irt" for name in models if name in CALIBRATIONS
    }
    return any(not any(compiled.glob(f"{room}_*")) for room in rooms)


def _usage(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
