"""Identifiers: version and order of UUIDs, one by one and many at once."""

from smartschool.kernel.ids import uuid7, uuid7s


def test_many_are_of_version_7_and_distinct() -> None:
    before = uuid7()
    found = uuid7s(500)
    assert len({before, *found}) == 501
    assert all(one.version == 7 and one.variant == before.variant for one in found)
    assert all(one.int >> 80 >= before.int >> 80 for one in found)
    assert uuid7s(0) == []
