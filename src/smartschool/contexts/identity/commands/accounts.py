"""Verbs on accounts: open, change or reset the password, close."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from smartschool.contexts.identity import passwords, throttle
from smartschool.contexts.identity.actors import actor_of
from smartschool.contexts.identity.errors import (
    login_taken,
    not_yours_to_reset,
    password_refused,
    wrong_password,
)
from smartschool.contexts.identity.models import Account, FormerPassword, Session, normal_login
from smartschool.contexts.identity.rules import OFFICE_ROLES, rules
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.ids import short_code


@dataclass(frozen=True)
class NewAccount:
    """An account to open, with its first password."""

    login: str
    person_id: int
    password: str


@command("identity.open_accounts")
def open_accounts(
    *, actor: Actor, accounts: Sequence[NewAccount], must_change_password: bool = True
) -> list[Account]:
    """Open many; whoever gets one chooses an own password at the first sign-in."""
    rows = [
        Account(
            login=normal_login(one.login),
            person_id=one.person_id,
            password=make_password(one.password),
            must_change_password=must_change_password,
        )
        for one in accounts
    ]
    try:
        with transaction.atomic():
            made = Account.objects.bulk_create(rows)
    except IntegrityError:
        raise login_taken() from None
    done(("identity.account", "many"), organisation_id=None, data={"accounts": len(made)})
    return list(made)


@command("identity.change_password")
def change_password(*, actor: Actor, account: Account, old: str, new: str) -> Account:
    """The owner changes it; every other session of the account ends."""
    if not check_password(old, account.password):
        raise wrong_password()
    _set_password(account, new, actor.roles())
    done(account, organisation_id=None)
    return account


def _set_password(account: Account, new: str, roles: frozenset[str]) -> None:
    former = list(
        FormerPassword.objects.filter(account=account)
        .order_by("-until")
        .values_list("password", flat=True)[: rules().history - 1]
    )
    found = passwords.faults(new, login=account.login, roles=roles, former=[account.password, *former])
    if found:
        raise password_refused(found)
    FormerPassword.objects.create(account=account, password=account.password)
    account.password = make_password(new)
    account.must_change_password = False
    account.password_changed_at = clock.now()
    account.save(update_fields=["password", "must_change_password", "password_changed_at"])
    Session.objects.filter(account=account).delete()


@command("identity.reset_password")
def reset_password(*, actor: Actor, account: Account) -> str:
    """A password for one sign-in, to be told in person; the lock is lifted and every session ends.

    Whoever may reset a password could sign in as its owner: so a school resets only who belongs to nothing
    but this school and does not run its office; the others are the district's.
    """
    if not may_reset(actor, account):
        raise not_yours_to_reset()
    once = short_code(10)
    FormerPassword.objects.create(account=account, password=account.password)
    account.password = make_password(once)
    account.must_change_password = True
    account.password_changed_at = clock.now()
    account.save(update_fields=["password", "must_change_password", "password_changed_at"])
    Session.objects.filter(account=account).delete()
    throttle.clear(account.login)
    done(account, organisation_id=actor.workspace.id if actor.workspace else None)
    return once


def may_reset(actor: Actor, account: Account) -> bool:
    """Whether `actor`, where it stands, may reset this password."""
    target = actor_of(account.pk)
    if target is None or actor.workspace is None or account.pk == actor.account_id:
        return False
    if actor.workspace.kind == "bureau":
        return True
    places = {affiliation.organisation.id for affiliation in target.affiliations}
    return places == {actor.workspace.id} and not target.roles() & OFFICE_ROLES


@command("identity.close_account")
def close_account(*, actor: Actor, account: Account) -> Account:
    """Nobody signs in with it any more; running sessions end."""
    account.is_active = False
    account.save(update_fields=["is_active"])
    Session.objects.filter(account=account).delete()
    throttle.clear(account.login)
    done(account, organisation_id=None)
    return account
