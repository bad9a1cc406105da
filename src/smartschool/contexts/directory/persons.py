"""Finds or makes the thin persons behind records; many in three statements."""

from collections.abc import Sequence

from smartschool.contexts.directory.models import Person
from smartschool.kernel import bulk


def ensure_persons(id_hashes: Sequence[bytes | None]) -> list[int]:
    """Person id for each hash, in order. A hash that is known anywhere in the district gives that person;
    `None` (no document) always gives a new person: two children without numbers are never merged here."""
    wanted = {digest for digest in id_hashes if digest is not None}
    found = _known(wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        bulk.insert(
            Person,
            {"id_hash": missing, "merged_into_id": [None] * len(missing)},
            ignore_conflicts=True,  # another school may be writing the same child at this moment
        )
        found |= _known(set(missing))
    anonymous = sum(digest is None for digest in id_hashes)
    fresh = bulk.allocate_ids(Person, anonymous) if anonymous else []
    if fresh:
        bulk.insert(
            Person,
            {"id": fresh, "id_hash": [None] * anonymous, "merged_into_id": [None] * anonymous},
        )
    spare = iter(fresh)
    return [next(spare) if digest is None else found[digest] for digest in id_hashes]


def _known(hashes: set[bytes]) -> dict[bytes, int]:
    if not hashes:
        return {}
    rows = Person.objects.filter(id_hash__in=list(hashes)).values_list("id_hash", "pk")
    return {bytes(digest): pk for digest, pk in rows if digest is not None}
