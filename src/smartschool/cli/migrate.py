"""Create or change the tables; the only verb that reads DATABASE_OWNER_URL."""

from __future__ import annotations

import argparse
import os

from psycopg import conninfo

from smartschool.runtime.failure import Failure
from smartschool.runtime.roles import grant_rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="只报告错误")


def run(args: argparse.Namespace) -> int:
    app_url, owner_url = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if not app_url or not owner_url:
        raise Failure(
            "缺少 DATABASE_URL 或 DATABASE_OWNER_URL：请设置后重试，或用 ./smartschool up 使用内置数据库。"
        )
    grant_rows(owner_url, str(conninfo.conninfo_to_dict(app_url)["user"]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "smartschool.settings.owner"
    import django  # the settings are chosen above
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0 if args.quiet else 1, interactive=False)
    return 0
