"""Owns the start of the compiler, which the first compiled call of a process waits for."""

from __future__ import annotations

import gc
from functools import cache

from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target


@cache
def start_compiler() -> None:
    """Let numba load all that it knows of Python and NumPy, as the first compiled call would, but sooner.

    Fifty thousand objects are made there that stay. The garbage collector would walk through them again and
    again, find nothing, and take a fifth of the time.
    """
    with global_compiler_lock:  # as in a first call: two threads may come at once
        collecting = gc.isenabled()
        gc.disable()
        try:
            cpu_target.target_context.refresh()
        finally:
            if collecting:
                gc.enable()
