"""Compiled code is never older than any source that it was made from."""

from __future__ import annotations

import os
import subprocess
import sys

from smartschool.runtime.compiled import compiled_folder

CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef callee():\n    return {}\n"
CALLER = (
    "from numba import njit\nfrom core.callee import callee\n\n"
    "@njit(cache=True)\ndef caller():\n    return callee()\n"
)


def answer(root, cache):
    # Python's own cache takes a file of the same size, changed within the same second, for unchanged.
    own = {"PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = {**os.environ, **own}
    code = "from core.caller import caller; print(caller())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return int(done.stdout)


def test_a_changed_function_is_seen_by_the_compiled_ones_that_call_it(tmp_path):
    core = tmp_path / "core"
    core.mkdir()
    (core / "caller.py").write_text(CALLER)
    (core / "callee.py").write_text(CALLEE.format(1))
    first = compiled_folder(core, tmp_path)
    assert answer(tmp_path, first) == 1
    assert compiled_folder(core, tmp_path) == first
    assert any(first.rglob("*.nbi"))
    (core / "callee.py").write_text(CALLEE.format(2))
    second = compiled_folder(core, tmp_path)
    assert answer(tmp_path, second) == 2
    assert [path.name for path in tmp_path.glob("compiled-*")] == [second.name]


def test_without_it_the_former_machine_code_answers(tmp_path):
    """Why the folder is needed; should the compiler learn it one day, this and the folder can go."""
    core = tmp_path / "core"
    core.mkdir()
    (core / "caller.py").write_text(CALLER)
    (core / "callee.py").write_text(CALLEE.format(1))
    assert answer(tmp_path, tmp_path / "kept") == 1
    (core / "callee.py").write_text(CALLEE.format(2))
    assert answer(tmp_path, tmp_path / "kept") == 1
