"""Keyed hashes under which numbers are looked up: equal numbers meet, whichever column they came from."""

from smartschool.kernel.crypto import keyed_hash


def id_hash(number: str) -> bytes:
    """Of a 身份证号 (32 bytes)."""
    return keyed_hash(number, purpose="id_number")


def national_hash(number: str) -> bytes:
    """Of a 学籍号 (32 bytes)."""
    return keyed_hash(number, purpose="national_number")


def phone_hash(number: str) -> bytes:
    """Of a telephone number (32 bytes)."""
    return keyed_hash(number, purpose="phone")
