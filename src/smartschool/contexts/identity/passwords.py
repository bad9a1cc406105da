"""What a password must be, as sentences for the person who chooses it."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.rules import FAMILY_ROLES, rules
from smartschool.kernel import clock


def _classes(raw: str) -> int:
    kinds = set()
    for character in raw:
        category = unicodedata.category(character)
        kinds.add(category if category in ("Lu", "Ll", "Nd") else "other")
    return len(kinds)


def _is_run(raw: str) -> bool:
    """111111, abcdef, 654321: every step the same and at most one."""
    steps = {ord(b) - ord(a) for a, b in pairwise(raw)}
    return len(steps) == 1 and next(iter(steps)) in (-1, 0, 1)


def only_pupil(roles: frozenset[str]) -> bool:
    """Pupils have a rule of their own: a seven-year-old cannot keep capital and symbol apart."""
    return roles == {"student"}


def lapsed(account: Account) -> bool:
    """Whether the password is one of a slip that lay about too long: somebody else has seen it."""
    told = account.must_change_password and account.has_usable_password()
    return told and account.password_changed_at <= clock.now() - rules().once_valid


def faults(raw: str, *, login: str, roles: frozenset[str], former: Iterable[str] = ()) -> list[str]:
    """What is wrong with a new password; empty when it may be taken.

    Parameters
    ----------
    roles
        Of its owner; see `only_pupil`.
    former
        Hashes of the passwords that may not come back.
    """
    limits, found = rules(), []
    pupil = only_pupil(roles)
    shortest = limits.pupil_shortest if pupil else limits.shortest
    if len(raw) < shortest:
        found.append(f"还差 {shortest - len(raw)} 位，至少 {shortest} 位。")
    if not pupil and _classes(raw) < limits.classes:
        found.append("大写字母、小写字母、数字、符号，四类里至少要有三类。")
    if len(raw) > 1 and _is_run(raw):
        found.append("不要用连续或相同的字符，换一个别人猜不到的。")
    if login and (login in raw.casefold() or raw.casefold() in login):
        found.append("密码里不要带账号。")
    elif not found:
        try:
            CommonPasswordValidator().validate(raw)
        except ValidationError:
            found.append("这个密码太常见，换一个别人猜不到的。")
    if not found and any(check_password(raw, digest) for digest in former):
        found.append(f"最近 {limits.history} 次用过的密码不能再用。")
    return found


def expires(roles: frozenset[str]) -> bool:
    """Whether the password of somebody with these roles has to be renewed."""
    return bool(roles - FAMILY_ROLES)
