"""One stream of a compound file (the container of .xls): [MS-CFB], read only, nothing else of it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER, _ENTRY = 512, 128
_LAST = 0xFFFFFFFA  # at and above it stand marks (end of chain, free), no sectors
_IN_HEADER = 109  # sectors of the table of sectors that the header lists itself


def stream(data: bytes, names: Sequence[str]) -> bytes:
    """Bytes of the first stream with one of these names; empty without one, or in a file cut short."""
    try:
        return _stream(data, names)
    except (struct.error, IndexError):
        return b""


def _stream(data: bytes, names: Sequence[str]) -> bytes:
    size, small = 1 << struct.unpack_from("<H", data, 30)[0], 1 << struct.unpack_from("<H", data, 32)[0]
    directory, _, cutoff, first_small = struct.unpack_from("<IIII", data, 48)
    more = struct.unpack_from("<I", data, 68)[0]
    tables = list(struct.unpack_from(f"<{_IN_HEADER}I", data, 76))
    per_sector = size // 4
    while more < _LAST and len(tables) * size <= len(data):
        *listed, more = struct.unpack_from(f"<{per_sector}I", data, (more + 1) * size)
        tables += listed
    following: list[int] = []
    for sector in tables:
        if sector < _LAST:
            following += struct.unpack_from(f"<{per_sector}I", data, (sector + 1) * size)

    def whole(start: int) -> bytes:
        return b"".join(data[(one + 1) * size : (one + 2) * size] for one in _chain(start, following))

    entries = whole(directory)
    found: dict[str, tuple[int, int]] = {}
    root = 0
    for at in range(0, len(entries), _ENTRY):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, in_bytes = struct.unpack_from("<II", entries, at + 116)
        if at == 0:
            root = start
        found[name] = (start, in_bytes)
    start, in_bytes = next((found[name] for name in names if name in found), (0, 0))
    if in_bytes >= cutoff or not in_bytes:
        return whole(start)[:in_bytes]
    pool, table = whole(root), whole(first_small)
    links = struct.unpack(f"<{len(table) // 4}I", table)
    return b"".join(pool[one * small : (one + 1) * small] for one in _chain(start, links))[:in_bytes]


def _chain(start: int, following: Sequence[int]) -> list[int]:
    """Sectors one after the other; a chain that bites its tail ends."""
    out: list[int] = []
    while start < _LAST and len(out) <= len(following):
        out.append(start)
        start = following[start]
    return out
