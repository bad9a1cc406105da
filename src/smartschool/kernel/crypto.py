"""Encryption of personal values (AES-256-GCM, key id per value) and keyed hashes for look-up."""

import hmac
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class KeyRing:
    """The keys of one installation; the last one encrypts, all of them decrypt."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise ValueError("no field key")
        for key_id, key in keys.items():
            if len(key) != 32 or not key_id.isascii() or not 1 <= len(key_id) <= 20:
                raise ValueError(f"field key {key_id!r} is not 32 bytes")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = next(reversed(keys))
        # The hash key must outlive key rotation, so it comes from the first key.
        key = hmac.digest(next(iter(keys.values())), b"keyed-hash", sha256)
        # HMAC (RFC 2104) with both padded keys hashed once: copying the two states takes a third of the time
        # of `hmac.digest`, and an import hashes tens of thousands of numbers.
        padded = key.ljust(sha256().block_size, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in padded))

    def encrypt(self, plain: bytes, *, purpose: str) -> bytes:
        """``len(id) id nonce ciphertext``; `purpose` is authenticated, so a value cannot be moved."""
        return self.encrypt_all([plain], purpose=purpose)[0]

    def encrypt_all(self, plains: Sequence[bytes], *, purpose: str) -> list[bytes]:
        """The same for a column of values: the nonces come from one draw of randomness."""
        key_id, bound = self._current.encode(), purpose.encode()
        head = bytes([len(key_id)]) + key_id
        seal = self._ciphers[self._current].encrypt
        drawn = os.urandom(_NONCE * len(plains))
        nonces = [drawn[place : place + _NONCE] for place in range(0, len(drawn), _NONCE)]
        return [head + nonce + seal(nonce, plain, bound) for nonce, plain in zip(nonces, plains, strict=True)]

    def decrypt(self, token: bytes, *, purpose: str) -> bytes:
        """Raises `cryptography.exceptions.InvalidTag` when altered or moved, KeyError for a lost key."""
        size = token[0]
        key_id = token[1 : 1 + size].decode()
        nonce = token[1 + size : 1 + size + _NONCE]
        return self._ciphers[key_id].decrypt(nonce, token[1 + size + _NONCE :], purpose.encode())

    def keyed_hash(self, value: str, *, purpose: str) -> bytes:
        """32 bytes: equal for equal values, useless without the key."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"{purpose}\0{value}".encode())
        outer.update(inner.digest())
        return outer.digest()


@lru_cache(maxsize=1)
def key_ring() -> KeyRing:
    """The ring of this installation: `settings.FIELD_KEYS` or the 0600 file of FIELD_KEYS_FILE."""
    keys = getattr(settings, "FIELD_KEYS", None)
    if keys is None:
        keys = json.loads(Path(settings.FIELD_KEYS_FILE).read_text(encoding="utf-8"))
    return KeyRing({key_id: bytes.fromhex(value) for key_id, value in keys.items()})


def encrypt(plain: bytes, *, purpose: str) -> bytes:
    """Seal `plain` with the current key."""
    return key_ring().encrypt(plain, purpose=purpose)


def decrypt(token: bytes, *, purpose: str) -> bytes:
    """Open what `encrypt` sealed for the same purpose."""
    return key_ring().decrypt(token, purpose=purpose)


def keyed_hash(value: str, *, purpose: str) -> bytes:
    """Look-up hash of an identifier; `purpose` names the kind of identifier."""
    return key_ring().keyed_hash(value, purpose=purpose)
