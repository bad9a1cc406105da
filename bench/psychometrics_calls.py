"""Owns the calls of a timed task: so many in a row, or one for each line of standard input.

The latter lets a task that is over in milliseconds take turns with a peer's, so that both meet the
same machine. Run by our own environment and by the peers'; needs nothing but Python.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

ASKED = "asked"


def timed_calls(run: Callable[[], dict], calls: str) -> tuple[list[float], dict]:
    """Seconds of each call and what the last one returned; ``calls`` is a number or "asked".

    When asked, the seconds of every call are also printed, a line each.
    """
    seconds, result = [], {}
    for _ in sys.stdin if calls == ASKED else range(int(calls)):
        begin = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - begin)
        if calls == ASKED:
            print(json.dumps(seconds[-1]), flush=True)
    return seconds, result


class Side:
    """A process that runs its task once whenever it is asked."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env=environment,
        )  # fmt: skip

    def call(self) -> float:
        """Seconds of one call."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        while not (line := self.process.stdout.readline()).strip().replace(".", "").isdigit():
            if not line:
                raise SystemExit(f"{self.process.args} ended early")
        return float(line)

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.stdin.close()
        self.process.stdout.read()
        self.process.wait()
