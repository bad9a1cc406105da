"""The class page of 30 pupils against a bare Django view with the same rows and the same template.

Both are asked through Django's handler in one process on one database and read the same rows by plain
queries. The bare view has Django's own middleware only: no session, no actor, no policy; the frame around the
page is given to it. Prints the ratio of CPU time (limit 1.5).
Usage: PYTHONPATH=src:. python bench/pupil_list.py [--rounds 200]
"""

import argparse
import gzip
import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartschool.settings.test")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

LIMIT = 1.5
SCHOOL = "2134040201"


def cpu_of(act: Callable[[], object], rounds: int) -> float:
    """Median CPU seconds of one call in this process (the database's own time is not in it)."""
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        act()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


@contextmanager
def seeded_database():  # type: ignore[no-untyped-def]
    """A clone of the small demo on a temporary cluster, as the app role."""
    from tests.harness import cluster, django_database

    name = cluster.clone("bench_pupil_list")
    try:
        with django_database.pointed_at(name):
            yield
    finally:
        cluster.CLUSTER.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    import django

    django.setup()
    with seeded_database():
        return compare(rounds)


def compare(rounds: int) -> int:
    """Measure both in turns, so that a busy machine slows both alike."""
    from django.conf import settings
    from django.test import Client, override_settings

    from smartschool.contexts.identity.seeds import PASSWORD

    client = Client(headers={"Accept-Encoding": "gzip"})
    client.post("/login/", {"login": "dt-hejing", "password": PASSWORD})
    address, bare_view = prepare(client)
    plain = [name for name in settings.MIDDLEWARE if name.startswith("django.middleware.")]
    sprite = "smartschool.web.middleware.IconSprite"  # the template's icons come from it
    pages: dict[str, bytes] = {}

    def ask() -> None:
        pages["ours"] = client.get(address).content

    def ask_bare() -> None:
        pages["bare"] = stranger.get("/").content

    ours, theirs = [], []
    for _ in range(5):
        ours.append(cpu_of(ask, rounds // 5))
        with override_settings(ROOT_URLCONF=bare_view, MIDDLEWARE=[*plain, sprite]):
            stranger = Client(headers={"Accept-Encoding": "gzip"})
            theirs.append(cpu_of(ask_bare, rounds // 5))
    rows = [gzip.decompress(page).count(b"<tr>") for page in pages.values()]
    assert rows[0] == rows[1] > 30, rows
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"bare view {statistics.median(theirs) * 1e3:.1f} ms")
    print(f"class page {statistics.median(ours) * 1e3:.1f} ms")
    print(f"ratio {ratio:.2f} (limit {LIMIT})")
    return 0 if ratio <= LIMIT else 1


def prepare(client: "Client") -> tuple[str, type]:
    """Address of our page, and a URL configuration whose root is the bare view of the same rows."""
    from django.db import connection, transaction
    from django.http import HttpRequest, HttpResponse
    from django.shortcuts import render
    from django.urls import path

    from smartschool.contexts.directory.models import (
        Appointment,
        HomeClass,
        Organisation,
        Placement,
        TeachingAssignment,
    )
    from smartschool.contexts.directory.public import codes, doors
    from smartschool.kernel.policy import public
    from smartschool.kernel.scope import scope_of
    from smartschool.web.shell import shell

    school = Organisation.objects.get(code=SCHOOL)
    with transaction.atomic(), scope_of([school.pk], write=False):
        one = next(c for c in doors.classes_of([school.pk]) if c.name == "七（2）班")
        term = doors.current_term().id
    address = f"/schools/{SCHOOL}/classes/{one.code}/"
    frame = shell(client.get(address).wsgi_request)

    @public("只在计时里用")
    def bare(request: HttpRequest) -> HttpResponse:
        """What a tutorial would write: the class, its pupils and teachers, one template."""
        with scope_of([school.pk], write=False):
            home = HomeClass.objects.get(code=one.code)
            rows = Placement.objects.filter(home_class=home, valid_to__isnull=True).order_by("class_number")
            lessons = TeachingAssignment.objects.filter(home_class=home, term_id=term).order_by("subject")
            heads = Appointment.objects.filter(home_class=home, role="form_teacher", valid_to__isnull=True)
            sexes, subjects = codes.table("sex").names, codes.table("subject").names
            columns = ("enrolment__code", "enrolment__name", "class_number", "enrolment__sex")
            context = {
                **frame,
                "school_code": SCHOOL,
                "one": {"name": one.name, "code": home.code},
                "page": {
                    "seats": [
                        {"code": code, "name": name, "class_number": number, "sex": sexes.get(sex, "")}
                        for code, name, number, sex in rows.values_list(*columns)
                    ],
                    "teachers": [
                        (subjects.get(subject, subject), name)
                        for subject, name in lessons.values_list("subject", "staff__name")
                    ],
                    "head": heads.values_list("staff__name")[0],
                },
                "opens_pupils": True,
            }
            return render(request, "directory/class.html", context)

    import smartschool.web.urls as site

    class Urls:
        urlpatterns = [path("", bare), *site.urlpatterns]

    assert connection.settings_dict["ATOMIC_REQUESTS"]
    return address, Urls


if __name__ == "__main__":
    sys.exit(main())
