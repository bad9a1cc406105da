"""Neither a dump of the database nor its files on disk show a number or a telephone of anybody."""

import mmap
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from tests.harness import cluster

from smartschool.contexts.directory.models import Enrolment, Guardianship, StaffRecord
from smartschool.contexts.directory.public import doors
from smartschool.contexts.directory.seeds_school import PUPIL
from smartschool.kernel.scope import scope_of
from smartschool.runtime.account import child_account
from smartschool.runtime.engine import find_binaries

# Numbers of the demo: areas that were never given out, telephones that nobody has.
NUMBER = re.compile(rb"34049\d{12}[\dX]")
PHONE = re.compile(rb"14000\d{6}")
# The same as a dump writes a binary column: two hexadecimal digits a byte.
HEX_NUMBER = re.compile(rb"3334303439(?:3\d){12}(?:3\d|58)")
HEX_PHONE = re.compile(rb"3134303030(?:3\d){6}")
LATEST_ROWS = re.compile("陈小雨".encode())


def seeded() -> tuple[set[str], set[str]]:
    """ID numbers and telephones, decrypted."""
    with transaction.atomic(), scope_of([place.id for place in doors.organisations()], write=False):
        numbers = {str(n) for n in Enrolment.objects.values_list("id_number", flat=True) if n}
        numbers |= {str(n) for n in StaffRecord.objects.values_list("id_number", flat=True) if n}
        phones = {str(p) for p in Guardianship.objects.values_list("phone", flat=True) if p}
        phones |= {str(p) for p in StaffRecord.objects.values_list("phone", flat=True) if p}
    return numbers, phones


def test_the_patterns_find_the_demo_s_numbers(fresh_database: str) -> None:
    numbers, phones = seeded()
    assert len(numbers) > 300
    assert len(phones) > 300
    assert all(NUMBER.fullmatch(number.encode()) for number in numbers)
    assert all(PHONE.fullmatch(phone.encode()) for phone in phones)
    assert all(HEX_NUMBER.fullmatch(number.encode().hex().encode()) for number in numbers)
    assert all(HEX_PHONE.fullmatch(phone.encode().hex().encode()) for phone in phones)
    assert PUPIL.encode() == LATEST_ROWS.pattern


def _alone(pattern: re.Pattern[bytes]) -> re.Pattern[bytes]:
    """Not inside a longer number: a dump writes thousands of shares with sixteen digits, some of which hold
    eleven that look like a telephone."""
    return re.compile(rb"(?<![\d.])" + pattern.pattern + rb"(?!\d)")


def test_a_dump_shows_no_number(fresh_database: str) -> None:
    handle = cluster.CLUSTER.handle()
    home = Path(handle.home)
    account = child_account(home)
    dump = subprocess.run(
        [find_binaries(account, home / "engine") / "pg_dump", "--inserts", handle.owner_url(fresh_database)],
        capture_output=True,
        check=True,
        cwd="/",
        **account.switch,
    ).stdout
    assert LATEST_ROWS.search(dump), "the dump holds the rows"
    for pattern in (_alone(NUMBER), _alone(PHONE), HEX_NUMBER, HEX_PHONE):
        found = pattern.search(dump)
        assert found is None, dump[found.start() - 80 : found.end() + 30]


@pytest.mark.serial
def test_the_data_folder_shows_no_number(fresh_database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        (oid,) = cursor.fetchone()
    data = Path(cluster.CLUSTER.handle().home)
    folders = [folder for folder in data.rglob(f"base/{oid}") if folder.is_dir()]
    assert len(folders) == 1
    searched = found_rows = 0
    for path in [*folders[0].iterdir(), *data.rglob("pg_wal/0*"), *Path(settings.FILES_DIR).rglob("*")]:
        if not path.is_file() or path.stat().st_size == 0:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            searched += 1
            found_rows += LATEST_ROWS.search(content) is not None
            assert NUMBER.search(content) is None, path
            assert PHONE.search(content) is None, path
    assert searched > 100
    assert found_rows, "the folder holds the rows"


@pytest.mark.django_db
def test_a_single_row_is_sealed_too() -> None:
    (school,) = [place for place in doors.organisations() if place.code == "2134040201"]
    with transaction.atomic(), scope_of([school.id]):
        row = Guardianship.objects.get(name="王强")
        row.phone = phone = "13800000017"  # type: ignore[assignment]
        row.save()
        with connection.cursor() as cursor:
            cursor.execute("SELECT phone FROM directory_guardianship WHERE id = %s", [row.pk])
            stored = bytes(cursor.fetchone()[0])
        assert phone.encode() not in stored
        assert len(stored) > len(phone) + 28, "key id, nonce and tag"
        assert str(Guardianship.objects.get(pk=row.pk).phone) == phone
