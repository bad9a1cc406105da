"""The first step without demo data: write down the bureau and open the account of a 区级管理员."""

from __future__ import annotations

import argparse

from smartschool.runtime.database import open_product


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="区级管理员的姓名")
    parser.add_argument("--staff-number", default="1", help="他在局里的工号（默认 1）")
    parser.add_argument("--bureau", help="区教育体育局的全称；第一次必填，以后不用")
    parser.add_argument("--code", default="BUREAU", help="局的代码，自己定，以后不变（默认 BUREAU）")
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")


def run(args: argparse.Namespace) -> int:
    """Exit code 0: the account and its password for one sign-in are printed, once; 1: nothing was written.

    Run again it opens one for a further 区级管理员: the way back when nobody can sign in any more. Whoever
    can run it owns the machine and the database anyway.
    """
    with open_product(args.data):
        return set_up(args)


def set_up(args: argparse.Namespace) -> int:
    """Write it all and print what the officer is told."""
    from smartschool.contexts.identity.public.founding import found
    from smartschool.kernel.errors import DomainError
    from smartschool.runtime.failure import Failure

    try:
        first = found(
            name=args.name, staff_number=args.staff_number, bureau_name=args.bureau, bureau_code=args.code
        )
    except DomainError as refused:
        raise Failure(refused.message) from None
    print(f"{first.bureau}的区级管理员{args.name}：")
    print(f"  账号 {first.login}")
    print(f"  密码 {first.once}（只显示这一次，{first.lapses_on} 前登录，换成自己的）")
    print("接着在浏览器里：校历定学期；学校与人员添加学校、任命校长，给他开通账号。")
    return 0
