"""Finds or makes the thin persons behind records; many in three statements."""

from collections.abc import Iterable, Sequence

from smartschool.contexts.directory.models import Person
from smartschool.kernel import bulk
from smartschool.kernel.ids import uuid7s


def ensure_persons(id_hashes: Sequence[bytes | None]) -> list[int]:
    """Person id for each hash, in order. A hash that is known anywhere in the district gives that person;
    `None` (no document) always gives a new person: two children without numbers are never merged here."""
    wanted = {digest for digest in id_hashes if digest is not None}
    found = known_persons(wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        ids = bulk.allocate_ids(Person, len(missing))
        written = bulk.insert(
            Person,
            {
                "id": ids,
                "code": uuid7s(len(missing)),
                "id_hash": missing,
                "merged_into_id": [None] * len(missing),
            },
            ignore_conflicts=True,  # another school may be writing the same child at this moment
        )
        found |= dict(zip(missing, ids, strict=True)) if written == len(missing) else known_persons(missing)
    anonymous = sum(digest is None for digest in id_hashes)
    fresh = bulk.allocate_ids(Person, anonymous) if anonymous else []
    if fresh:
        bulk.insert(
            Person,
            {
                "id": fresh,
                "code": uuid7s(anonymous),
                "id_hash": [None] * anonymous,
                "merged_into_id": [None] * anonymous,
            },
        )
    spare = iter(fresh)
    return [next(spare) if digest is None else found[digest] for digest in id_hashes]


def known_persons(hashes: Iterable[bytes]) -> dict[bytes, int]:
    """Hash → person id, anywhere in the district."""
    rows = bulk.matching(Person, "id_hash", list(hashes), ("id_hash", "id"))
    return {bytes(digest): pk for digest, pk in rows}
