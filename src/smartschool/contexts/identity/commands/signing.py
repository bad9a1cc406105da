"""Signing in and out: count the try, check the password, rotate the session, leave a record of each step."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from smartschool.contexts.identity import hashers, passwords, throttle
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.models import Account, normal_login
from smartschool.contexts.identity.rules import rules
from smartschool.contexts.identity.session_store import ACCOUNT_KEY
from smartschool.kernel import audit, clock
from smartschool.kernel.actor import ANONYMOUS, Actor
from smartschool.kernel.command import command, done

SEEN_KEY, SINCE_KEY, LIMIT_KEY, MUST_CHANGE_KEY = "seen", "since", "limit", "must_change"


@dataclass(frozen=True)
class Refused:
    """Why nobody was signed in: tries left, the instant until which the name is locked, or that the password
    is one of a slip that is out of date (said only to who knows it)."""

    left: int
    locked_until: datetime | None
    lapsed: bool = False


def sign_in(request: HttpRequest, *, login: str, password: str) -> Account | Refused:
    """Sign in, or say how many tries are left. Unknown name, closed account and wrong password look and
    cost the same."""
    name = normal_login(login)
    claim = throttle.claim(name)
    if not claim.allowed:
        _refused(name, None, "locked")
        return Refused(0, claim.locked_until)
    account = Account.objects.filter(login=name, is_active=True).first()
    if account is None:
        hashers.check_nothing(password)
    elif check_password(password, account.password):
        actor = actor_of(account.pk)
        if actor is not None and passwords.lapsed(account):
            _refused(name, account, "lapsed")
            return Refused(claim.left, None, lapsed=True)
        if actor is not None:
            throttle.clear(name)
            _open_session(request, account, actor)
            record_sign_in(actor=actor, account=account)
            return account
    _refused(name, account, "unknown" if account is None else "password")
    if claim.left == 0:
        throttle.lock(name)
        _fact("identity.lock", name, account)
        return Refused(0, clock.now() + rules().lock)
    return Refused(claim.left, None)


@command("identity.sign_in")
def record_sign_in(*, actor: Actor, account: Account) -> None:
    """Leave the record and the time."""
    account.last_login = clock.now()
    account.save(update_fields=["last_login"])
    done(account, organisation_id=None)


def _open_session(request: HttpRequest, account: Account, actor: Actor) -> None:
    """A fresh session under a fresh key: what was in the browser before must not lead into it."""
    request.session.flush()
    now, limits, roles = clock.now(), rules(), actor.roles()
    request.session[ACCOUNT_KEY] = account.pk
    request.session[SEEN_KEY] = request.session[SINCE_KEY] = now.timestamp()
    request.session[LIMIT_KEY] = limits.idle_limit(roles).total_seconds()
    too_old = passwords.expires(roles) and account.password_changed_at <= now - limits.staff_expiry
    if account.must_change_password or too_old:
        request.session[MUST_CHANGE_KEY] = True
    request.actor = actor  # type: ignore[attr-defined]


def renew_session(request: HttpRequest, account: Account, actor: Actor) -> None:
    """After a change of password: the own browser goes on, under a new key."""
    _open_session(request, account, actor)


@command("identity.sign_out")
def record_sign_out(*, actor: Actor) -> None:
    """Leave the record."""
    done(("identity.account", actor.account_id), organisation_id=None)


def sign_out(request: HttpRequest) -> None:
    """Delete the session on the server: its key opens nothing any more."""
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    if actor.is_authenticated:
        record_sign_out(actor=actor)
    request.session.flush()
    request.actor = ANONYMOUS  # type: ignore[attr-defined]


def _refused(name: str, account: Account | None, why: str) -> None:
    _fact("identity.sign_in", name, account, why=why, outcome="refused")


def _fact(verb: str, name: str, account: Account | None, outcome: str = "done", **data: str) -> None:
    """A record that survives the request's rollback. An unknown name is kept as its hash only: people type
    passwords into the wrong field."""
    subject = account.pk if account else throttle.login_hash(name).hex()[:16]
    audit.record(
        actor=ANONYMOUS,
        verb=verb,
        subject=("identity.account", subject),
        organisation_id=None,
        data=data,
        outcome=outcome,
        using=throttle.FACTS,
    )
