"""Fill the demo district with invented people (all rooms' seeds, in the order of the map)."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--small", action="store_true", help="三所学校、约 300 名学生的小区，供自动检查使用")
    parser.add_argument("--quiet", action="store_true", help="只报告错误")


def run(args: argparse.Namespace) -> int:
    """Call `seed(small=…)` of every installed room that has a module `seeds`.

    Rooms are listed in INSTALLED_APPS from the bottom of the map upwards, so each finds what it stands on.
    A room's `seed` does nothing when its rows exist.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev")
    import django  # the settings are chosen above
    from django.apps import apps

    django.setup()
    for room in apps.get_app_configs():
        module = f"{room.name}.seeds"
        if room.name.startswith("smartschool.") and importlib.util.find_spec(module):
            importlib.import_module(module).seed(small=args.small)
            if not args.quiet:
                print(f"已写入演示数据：{room.verbose_name}")
    return 0
