"""Owns a word to whoever waits at a terminal: work that takes more than a moment says that it goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def said_after(seconds: float, line: str) -> Iterator[None]:
    """Print ``line`` to standard error if what is done inside takes longer than ``seconds``."""
    timer = threading.Timer(seconds, print, (line,), {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
