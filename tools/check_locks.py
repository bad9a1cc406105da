"""Owns one rule: lock files carry a hash for every package and name no host."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def faults(path: Path) -> list[str]:
    """What is wrong with one lock."""
    text = path.read_text(encoding="utf-8")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r'https?://|git\+|file:|^--|"resolved"', line.strip().removeprefix("--hash=")):
            found.append(f"{path.name}:{number}: names a host: {line.strip()[:60]}")
    if path.suffix == ".lock":
        for entry in re.split(r"\n(?=[a-z0-9])", text.strip()):
            if "--hash=sha256:" not in entry:
                found.append(f"{path.name}: no hash: {entry.splitlines()[0]}")
    return found


def main() -> int:
    """Check every lock that the project keeps."""
    locks = [*ROOT.glob("*.lock"), *ROOT.glob("package-lock.json")]
    if not locks:
        print("no lock file found")
        return 1
    found = [fault for lock in locks for fault in faults(lock)]
    print("\n".join(found) or f"{len(locks)} locks name no host")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
