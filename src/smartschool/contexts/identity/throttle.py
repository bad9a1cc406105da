"""Lock-out per login name: 5 failures in 15 minutes lock it for 15. Never by address: a school shares one.

All writes go through the connection "facts", which commits at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError
from django.db.models import Case, F, Q, QuerySet, Value, When

from smartschool.contexts.identity.models import SignInThrottle
from smartschool.contexts.identity.rules import rules
from smartschool.kernel import clock
from smartschool.kernel.crypto import keyed_hash

FACTS = "facts"


@dataclass(frozen=True)
class Claim:
    """One try that was counted before the password was looked at, so that parallel tries count too.

    `left` is how many more failures remain after this one; `locked_until` is set when no try is allowed.
    """

    left: int
    locked_until: datetime | None = None

    @property
    def allowed(self) -> bool:
        return self.locked_until is None


def _row(login: str) -> QuerySet[SignInThrottle]:
    return SignInThrottle.objects.using(FACTS).filter(login_hash=login_hash(login))


def login_hash(login: str) -> bytes:
    return keyed_hash(login, purpose="login")


def claim(login: str) -> Claim:
    """Count a try on `login` as a failure until `clear` takes it back."""
    now, limits = clock.now(), rules()
    locked = _row(login).filter(locked_until__gt=now).values_list("locked_until", flat=True).first()
    if locked is not None:
        return Claim(0, locked)
    fresh = Q(window_started_at__lte=now - limits.window) | Q(locked_until__lte=now)
    counted = _row(login).update(
        failures=Case(When(fresh, then=Value(1)), default=F("failures") + 1),
        window_started_at=Case(When(fresh, then=Value(now)), default=F("window_started_at")),
        locked_until=Case(
            When(~fresh & Q(failures__gte=limits.failures), then=Value(now + limits.lock)),
            default=Value(None),
        ),
    )
    if not counted:
        try:
            SignInThrottle.objects.using(FACTS).create(
                login_hash=login_hash(login), failures=1, window_started_at=now
            )
        except IntegrityError:  # a parallel first try was faster
            return claim(login)
        return Claim(limits.failures - 1)
    row = _row(login).get()
    if row.locked_until is not None:
        return Claim(0, row.locked_until)
    return Claim(max(0, limits.failures - row.failures))


def locked(logins: Iterable[str]) -> set[str]:
    """Which of these names are locked now; one round trip for any number."""
    by_hash = {login_hash(login): login for login in logins}
    rows = SignInThrottle.objects.filter(locked_until__gt=clock.now(), login_hash__any_of=list(by_hash))
    return {by_hash[bytes(found)] for found in rows.values_list("login_hash", flat=True)}


def lock(login: str) -> None:
    """The last allowed try failed: lock now, do not wait for the next one."""
    _row(login).update(locked_until=clock.now() + rules().lock)


def clear(*logins: str) -> None:
    """The password was right, or an administrator reset it; one round trip for any number."""
    hashes = [login_hash(login) for login in logins]
    SignInThrottle.objects.using(FACTS).filter(login_hash__any_of=hashes).delete()


def purge(before: datetime) -> int:
    """Forget counters that no longer count; returns how many."""
    return SignInThrottle.objects.using(FACTS).filter(window_started_at__lt=before).delete()[0]
