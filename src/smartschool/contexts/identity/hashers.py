"""Argon2id at the cost that a school's small server bears (OWASP: m = 19 MiB, t = 2, p = 1)."""

from functools import lru_cache

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password


class SchoolArgon2(Argon2PasswordHasher):
    """Django's default asks 100 MiB and 8 threads: 3 sign-ins a second; a whole school signs in at 8:00."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


@lru_cache(maxsize=1)
def _nobody() -> str:
    return make_password("nobody has this password")


def check_nothing(raw: str) -> None:
    """Cost one verification, so that an unknown account answers no faster than a known one."""
    check_password(raw, _nobody())
