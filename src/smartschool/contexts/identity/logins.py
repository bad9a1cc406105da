"""Names of new accounts: the initials of the person and five figures, ``cxy40317``.

No number of a document, a telephone or a class stands in it: it is said aloud, stays for years, and tells
nobody who its owner is.
"""

import secrets
from collections.abc import Sequence

from smartschool.contexts.directory.public.holders import initials
from smartschool.contexts.identity.models import Account

FIGURES = 5


def _drawn(name: str) -> str:
    return f"{initials(name)}{secrets.randbelow(10**FIGURES):0{FIGURES}d}"


def new_logins(names: Sequence[str]) -> list[str]:
    """A free account name for each person, in order; drawn again where it is taken. A round trip a draw."""
    found = [_drawn(name) for name in names]
    fresh = list(range(len(found)))
    while fresh:
        taken = set(
            Account.objects.filter(login__in=[found[i] for i in fresh]).values_list("login", flat=True)
        )
        fresh = [i for i in fresh if found[i] in taken or found.index(found[i]) != i]
        for i in fresh:
            found[i] = _drawn(names[i])
    return found
