"""Create or change the tables; the only verb that reads DATABASE_OWNER_URL."""

from __future__ import annotations

import argparse
import os

from psycopg import conninfo

from smartschool.runtime.database import open_product
from smartschool.runtime.failure import Failure
from smartschool.runtime.roles import grant_rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="数据目录（默认为项目下的 data）")
    parser.add_argument("--quiet", action="store_true", help="只报告错误")


def run(args: argparse.Namespace) -> int:
    app_url, owner_url = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if not app_url and not owner_url:
        with open_product(args.data):  # runs this verb again, as the account and with both addresses
            print("数据表与程序一致。")
        return 0
    if not app_url or not owner_url:
        raise Failure("DATABASE_URL 和 DATABASE_OWNER_URL 要同时设置（或同时不设置，使用内置数据库）。")
    grant_rows(owner_url, str(conninfo.conninfo_to_dict(app_url)["user"]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "smartschool.settings.owner"
    import django  # the settings are chosen above
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0 if args.quiet else 1, interactive=False, skip_checks=True)
    return 0
