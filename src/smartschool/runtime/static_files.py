"""Owns the collected static files: hashed names beside their gzip, made again only when a source changed."""

from __future__ import annotations

import hashlib

from smartschool.runtime.children import run_to_end
from smartschool.runtime.folder import DataFolder
from smartschool.runtime.program import ROOT


def _stamp() -> str:
    """Changes when a source of ours, a package or the way of collecting changes."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    sources = [*(ROOT / "src").glob("**/static/**/*"), ROOT / "src" / "smartschool" / "web" / "storage.py"]
    for path in sorted(path for path in sources if path.is_file()):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def collect(folder: DataFolder, app_url: str) -> None:
    """Collect into the data folder's `static`, as the account."""
    done, stamp = folder.run / "static-collected", _stamp()
    if done.exists() and done.read_text() == stamp and (folder.home / "static").exists():
        return
    words = ["django", "collectstatic", "--noinput", "--clear", "--verbosity", "0"]
    run_to_end(folder, "collectstatic", words, folder.environment(app_url))
    folder.account.private_file(done)
    done.write_text(stamp)
