"""Owns the command line `python -m smartschool.cli VERB`: one module of this package per verb.

A verb is a file `cli/<verb>.py` whose docstring's first line is its help, with
`add_arguments(parser)` and `run(args) -> int` (the exit code). A verb that Python cannot
name ("import") ends in an underscore (`import_.py`).
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

import smartschool.cli as package
from smartschool.runtime.failure import Failure


def verbs() -> dict[str, str]:
    """Verb → module name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name.rstrip("_"): name for name in names if not name.startswith("_")}


def main(argv: list[str]) -> int:
    """Import only the verb that was asked for: `analyze` must start without Django."""
    known = verbs()
    if not argv or argv[0] not in known:
        asked = bool(argv) and argv[0] in ("-h", "--help", "help")
        if argv and not asked:
            print(f"没有“{argv[0]}”这条命令。", file=sys.stderr)
        print(
            f"用法：./smartschool 命令 [选项]（命令 --help 查看选项）\n命令：{'、'.join(known)}",
            file=sys.stdout if asked else sys.stderr,
        )
        return 0 if asked else 2
    verb = importlib.import_module(f"smartschool.cli.{known[argv[0]]}")
    own = argparse.ArgumentParser(prog=f"smartschool {argv[0]}", description=verb.__doc__)
    verb.add_arguments(own)
    try:
        return int(verb.run(own.parse_args(argv[1:])))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
