"""Public identifiers: time-ordered UUIDs and short codes. Integer keys never leave the server."""

import os
import secrets
import time
import uuid

# No 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V: read aloud over a bad phone line, typed by a child.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"


def uuid7() -> uuid.UUID:
    """UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random bits."""
    return uuid7s(1)[0]


def uuid7s(number: int) -> list[uuid.UUID]:
    """Many of one moment from one draw of randomness."""
    fixed = (time.time_ns() // 1_000_000 << 80) | (0x7 << 76) | (0x2 << 62)
    free = (0xFFF << 64) | ((1 << 62) - 1)
    drawn = os.urandom(10 * number)
    return [
        uuid.UUID(int=fixed | (int.from_bytes(drawn[place : place + 10], "big") & free))
        for place in range(0, len(drawn), 10)
    ]


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
