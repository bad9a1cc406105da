"""Owns where compiled code of the numeric core is kept: a folder for each state of its sources.

The compiler's own cache knows the file of a function, not the files of the functions that it calls: after
an update of one of those it would go on with the former machine code, and with its numbers.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

_PREFIX = "compiled-"


def compiled_folder(sources: Path, parent: Path) -> Path:
    """The folder in `parent` for the state of the Python files below `sources`; those of other states go.

    What cannot be removed or made is left alone: the compiler then finds a place of its own.
    """
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*.py")):
        digest.update(f"{path.relative_to(sources)}\0".encode() + path.read_bytes() + b"\0")
    folder = parent / f"{_PREFIX}{digest.hexdigest()[:12]}"
    for former in parent.glob(f"{_PREFIX}*"):
        if former != folder:
            shutil.rmtree(former, ignore_errors=True)
    return folder
