"""Builds the Actor from the one cross-scope read of the request path, `actor_affiliations`."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.identity.models import Account
from smartschool.kernel import clock
from smartschool.kernel.actor import Actor, Affiliation, OrganisationRef


def _refs(text: str) -> tuple[OrganisationRef, ...]:
    return tuple(_ref(one) for one in json.loads(text))


def _ref(one: dict[str, Any]) -> OrganisationRef:
    return OrganisationRef(one["id"], one["code"], one["name"], one["kind"])


def actor_of(account_id: int) -> Actor | None:
    """The person behind an account with every affiliation that holds today; None when the account is closed
    or nothing ties the person to the district any more (who has left cannot sign in)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, name, role, record_id, organisation::text, ancestors::text, descendants::text"
            " FROM actor_affiliations(%s, %s)",
            [account_id, clock.today()],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    return Actor(
        account_id=account_id,
        person_id=rows[0][0],
        name=rows[0][1],
        affiliations=tuple(
            Affiliation(role, _ref(json.loads(place)), _refs(above), _refs(below), record_id)
            for _, _, role, record_id, place, above, below in rows
        ),
    )


def ties_of(account_ids: Collection[int]) -> dict[int, set[tuple[str, int]]]:
    """Account id → (role, organisation id) of every tie that holds today, anywhere in the district; one round
    trip. A closed account has none."""
    found: dict[int, set[tuple[str, int]]] = {pk: set() for pk in account_ids}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, f.role, (f.organisation->>'id')::bigint FROM unnest(%s::bigint[]) AS a(id)"
            " CROSS JOIN LATERAL actor_affiliations(a.id, %s) AS f",
            [list(account_ids), clock.today()],
        )
        for account, role, organisation in cursor.fetchall():
            found[account].add((role, organisation))
    return found


def ties_were_it_open(account: Account) -> set[tuple[str, int]]:
    """Ties that an account would have if it were open: who may open it again is asked before it is opened.

    The database tells the ties of an open account only, so it is opened for the question and nothing remains.
    """
    if account.is_active:
        return ties_of([account.pk])[account.pk]
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_active=True)
        found = ties_of([account.pk])[account.pk]
        transaction.set_rollback(True)
    return found


def preferring(actor: Actor, place: str | None) -> Actor:
    """The affiliations of the place ``role@code`` first, the others in the order of roles.toml.

    Where a policy admits several roles of one person, the first of them acts: so a page shows what the
    role in its corner may do, not what another post of the same person may.
    """
    order = {name: index for index, name in enumerate(roles())}

    def precedence(one: Affiliation) -> tuple[bool, int]:
        return (f"{one.role}@{one.organisation.code}" != place, order[one.role])

    return replace(actor, affiliations=tuple(sorted(actor.affiliations, key=precedence)))
