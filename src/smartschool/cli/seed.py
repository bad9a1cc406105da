"""Fill the demo district with invented people (all rooms' seeds, from the ground up)."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path

from smartschool.runtime.database import open_product


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")
    parser.add_argument("--small", action="store_true", help="三所学校、约 300 名学生的小区，供自动检查使用")
    parser.add_argument("--quiet", action="store_true", help="只报告错误")
    parser.add_argument("--logins", type=Path, help="把演示账号写进这个文件（JSON），供 up 显示")


def run(args: argparse.Namespace) -> int:
    """Run what rooms registered in `kernel.registry.seeds`, by their order.

    A seed does nothing when its rows exist; the one that makes accounts registers its `DemoLogin`s
    in `kernel.registry.demo_logins` (also when the accounts existed before).
    """
    if not os.environ.get("DATABASE_URL"):
        with open_product(args.data):
            return _seed(args)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev")
    import django  # the settings are chosen above

    django.setup()
    return _seed(args)


def _seed(args: argparse.Namespace) -> int:
    from smartschool.kernel.registry import demo_logins, seeds

    for seed in sorted(seeds, key=lambda seed: seed.order):
        seed.run("small" if args.small else "district")
        if not args.quiet:
            print(f"已写入演示数据：{seed.name}")
    if args.logins:
        args.logins.touch(mode=0o600)
        logins = [asdict(login) for login in demo_logins]
        args.logins.write_text(json.dumps(logins, ensure_ascii=False), encoding="utf-8")
    return 0
