"""Content-addressed files under the data folder; landed files and undo images are encrypted."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from smartschool.kernel import crypto
from smartschool.kernel.models import StoredFile
from smartschool.kernel.ready import insert_row

_CHUNK = 1 << 20


def _path(digest: str) -> Path:
    return Path(settings.FILES_DIR) / digest[:2] / digest


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def store(source: BinaryIO, *, encrypt: bool) -> StoredFile:
    """Write `source` once under the SHA-256 of its plain content; memory stays below 3 MiB.

    An encrypted file is a sequence of frames ``length(4) sealed``, each bound to the digest's position
    by its counter, so frames cannot be swapped.
    """
    root = Path(settings.FILES_DIR)
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    hasher, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=root, prefix=".landing-")
    try:
        with os.fdopen(handle, "wb") as target:
            for number, chunk in enumerate(_chunks(source)):
                hasher.update(chunk)
                size += len(chunk)
                if encrypt:
                    sealed = crypto.encrypt(chunk, purpose=f"file.{number}")
                    target.write(len(sealed).to_bytes(4, "big") + sealed)
                else:
                    target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        digest = hasher.hexdigest()
        # An encrypted and a plain copy of the same bytes are two different files.
        address = digest if not encrypt else hashlib.sha256(f"encrypted {digest}".encode()).hexdigest()
        final = _path(address)
        if not final.parent.is_dir():
            final.parent.mkdir(exist_ok=True, mode=0o700)
        Path(name).replace(final)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return _row(address, size, encrypt)


def _row(address: str, size: int, encrypted: bool) -> StoredFile:
    """The row of a file, new or not; a twin that is being stored is waited for."""
    row = StoredFile(digest=address, size=size, encrypted=encrypted)
    insert_row(row, once="digest")
    return row


def read(file: StoredFile) -> Iterator[bytes]:
    """Plain content in chunks. Raises FileNotFoundError, InvalidTag when it was altered."""
    with _path(file.digest).open("rb") as source:
        if not file.encrypted:
            yield from _chunks(source)
            return
        number = 0
        while head := source.read(4):
            yield crypto.decrypt(source.read(int.from_bytes(head, "big")), purpose=f"file.{number}")
            number += 1


def remove(file: StoredFile) -> None:
    """Delete content and row, when nothing refers to it any more."""
    _path(file.digest).unlink(missing_ok=True)
    file.delete()
