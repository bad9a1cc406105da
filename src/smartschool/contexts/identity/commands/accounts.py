"""Verbs on accounts: open, change the own password; reset, unlock, close and open again those of others.

Whoever knows a password could sign in as its owner. So a school tells a first or a new password only to who
belongs to nothing but this school and does not run its office (the principal may help the office); the
district helps the others, by the account's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction

from smartschool.contexts.directory.public.relations import roles_at
from smartschool.contexts.directory.public.roles import OFFICE
from smartschool.contexts.identity import passwords, throttle
from smartschool.contexts.identity.actors import ties_of, ties_were_it_open
from smartschool.contexts.identity.errors import (
    just_opened,
    login_taken,
    not_yours_to_help,
    owner_gone,
    password_refused,
    wrong_password,
)
from smartschool.contexts.identity.holders import Holder
from smartschool.contexts.identity.logins import new_logins
from smartschool.contexts.identity.models import Account, FormerPassword, Session, normal_login
from smartschool.contexts.identity.rules import rules
from smartschool.kernel import audit, clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.ids import short_code

ONCE = 10  # letters of a password for one sign-in


@dataclass(frozen=True)
class NewAccount:
    """An account to open, with its first password."""

    login: str
    person_id: int
    password: str


@dataclass(frozen=True)
class Slip:
    """What one person is told: the account, a password for one sign-in; "" where the district tells it."""

    holder: Holder
    login: str
    once: str


class Keeper(Enum):
    """Who resets, closes and opens an account; NOBODY where its owner has left the district."""

    ACTOR = "actor"
    OWNER = "owner"
    DISTRICT = "district"
    NOBODY = "nobody"


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


@command("identity.open_for_people")
def open_for_people(*, actor: Actor, people: Sequence[Holder]) -> list[Slip]:
    """An account for each, with a password for one sign-in where `actor` may know it, else with none yet:
    then the district resets it. One record an account, beside the command's own."""
    logins = new_logins([one.name for one in people])
    rows = [
        Account(login=login, person_id=one.person_id, password=make_password(None), must_change_password=True)
        for one, login in zip(people, logins, strict=True)
    ]
    try:
        with transaction.atomic():
            made = Account.objects.bulk_create(rows)
    except IntegrityError:
        raise just_opened() from None
    ties = ties_of([account.pk for account in made])
    slips = []
    for holder, account in zip(people, made, strict=True):
        once = short_code(ONCE) if _within(actor, ties[account.pk]) else ""
        if once:
            account.password = make_password(once)
        slips.append(Slip(holder, account.login, once))
    Account.objects.bulk_update(made, ["password"])
    place = actor.workspace.id if actor.workspace else None
    for account, slip in zip(made, slips, strict=True):
        audit.record(
            actor=actor,
            verb="identity.open_account",
            subject=account,
            organisation_id=place,
            data={"told": bool(slip.once)},
        )
    done(("identity.account", "many"), organisation_id=place, data={"accounts": len(made)})
    return slips


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
    """A password for one sign-in, to be told in person; the lock is lifted and every session ends."""
    _check(actor, account)
    (once,) = _give([account])
    _done(actor, account)
    return once


@command("identity.renew_slips")
def renew_slips(*, actor: Actor, people: Sequence[Holder]) -> list[Slip]:
    """A new password for one sign-in for each whose slip lapsed; "" where the district tells it.

    Who changed the password meanwhile keeps it. One record an account, beside the command's own.
    """
    holders = {one.login: one for one in people}
    rows = Account.objects.select_for_update().filter(login__in=holders, is_active=True)
    found = {row.login: row for row in rows.order_by("pk") if passwords.lapsed(row)}
    accounts = [found[login] for login in holders if login in found]  # in the order of the page
    ties = ties_of([account.pk for account in accounts])
    renewed = [
        account for account in accounts if account.pk != actor.account_id and _within(actor, ties[account.pk])
    ]
    once = dict(zip([account.pk for account in renewed], _give(renewed), strict=True))
    place = actor.workspace.id if actor.workspace else None
    for account in renewed:
        audit.record(
            actor=actor, verb="identity.reset_password", subject=account, organisation_id=place, data={}
        )
    done(("identity.account", "many"), organisation_id=place, data={"accounts": len(renewed)})
    return [Slip(holders[account.login], account.login, once.get(account.pk, "")) for account in accounts]


def _give(accounts: Sequence[Account]) -> list[str]:
    """Each a password for one sign-in; locks are lifted and every session ends."""
    FormerPassword.objects.bulk_create(
        [FormerPassword(account=account, password=account.password) for account in accounts]
    )
    made = [short_code(ONCE) for _ in accounts]
    for account, once in zip(accounts, made, strict=True):
        account.password, account.must_change_password = make_password(once), True
        account.password_changed_at = clock.now()
    Account.objects.bulk_update(accounts, ["password", "must_change_password", "password_changed_at"])
    Session.objects.filter(account__in=accounts).delete()
    throttle.clear(*(account.login for account in accounts))
    return made


@command("identity.unlock_account")
def unlock_account(*, actor: Actor, account: Account) -> Account:
    """The wrong tries are forgotten; the password stays."""
    _check(actor, account)
    throttle.clear(account.login)
    _done(actor, account)
    return account


@command("identity.close_account")
def close_account(*, actor: Actor, account: Account) -> Account:
    """Nobody signs in with it any more; running sessions end."""
    _check(actor, account)
    account.is_active = False
    account.save(update_fields=["is_active"])
    Session.objects.filter(account=account).delete()
    throttle.clear(account.login)
    _done(actor, account)
    return account


@command("identity.reopen_account")
def reopen_account(*, actor: Actor, account: Account) -> Account:
    """Take a closing back; the password is the one from before."""
    _check(actor, account)
    account.is_active = True
    account.save(update_fields=["is_active"])
    _done(actor, account)
    return account


def keeper_of(actor: Actor, account: Account) -> Keeper:
    """Who keeps an account, open or closed, as seen by `actor` where it stands."""
    if account.pk == actor.account_id:
        return Keeper.OWNER
    ties = ties_were_it_open(account)
    if not ties and actor.system is None:
        return Keeper.NOBODY
    return Keeper.ACTOR if _within(actor, ties) else Keeper.DISTRICT


def may_help(actor: Actor, account: Account) -> bool:
    """Whether `actor`, where it stands, may keep this account and know its password."""
    return keeper_of(actor, account) is Keeper.ACTOR


def _within(actor: Actor, ties: set[tuple[str, int]]) -> bool:
    """Whether somebody with these ties can do nothing that `actor` could not do in its place already."""
    if actor.system is not None:
        return True
    place = actor.workspace
    if place is None or not ties:
        return False
    if place.kind == "bureau":
        return True
    above = {"principal"} if "principal" in roles_at(actor, place.id) else OFFICE
    return all(organisation == place.id and role not in above for role, organisation in ties)


def _check(actor: Actor, account: Account) -> None:
    keeper = keeper_of(actor, account)
    if keeper is not Keeper.ACTOR:
        raise owner_gone() if keeper is Keeper.NOBODY else not_yours_to_help()


def _done(actor: Actor, account: Account) -> None:
    done(account, organisation_id=actor.workspace.id if actor.workspace else None)
