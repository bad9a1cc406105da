"""Public identifiers: time-ordered UUIDs and short codes. Integer keys never leave the server."""

import os
import secrets
import time
import uuid

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: read aloud over a bad phone line, typed by a child.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"


def uuid7() -> uuid.UUID:
    """UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits."""
    millis = time.time_ns() // 1_000_000
    value = (millis << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)


def short_code(length: int = 8) -> str:
    """Random code for URLs, 23^length possibilities."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))


def short_codes(number: int, length: int = 8) -> list[str]:
    """Many short codes from one draw of randomness (a draw a letter costs a second per 10⁵ letters)."""
    fair = 256 - 256 % len(CODE_ALPHABET)  # bytes above would favour the first letters
    letters = ""
    table = bytes(ord(CODE_ALPHABET[byte % len(CODE_ALPHABET)]) for byte in range(256))
    above = bytes(range(fair, 256))
    while len(letters) < number * length:
        letters += os.urandom(number * length - len(letters) + 64).translate(table, above).decode("ascii")
    return [letters[place : place + length] for place in range(0, number * length, length)]
