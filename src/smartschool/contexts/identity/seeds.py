"""Accounts of the demo: everybody can sign in with one password, and `up` prints one account per role.

All demo accounts share one hash: 24,000 Argon2 runs would take a quarter of an hour. Nothing else in the
product writes one hash to two accounts; a check watches that.
"""

from django.contrib.auth.hashers import make_password

from smartschool.contexts.directory.public import doors, families
from smartschool.contexts.identity.models import Account
from smartschool.kernel import bulk
from smartschool.kernel.actor import Actor, system_actor
from smartschool.kernel.command import command, done
from smartschool.kernel.registry import DemoLogin, demo_logins
from smartschool.kernel.scope import scope_of

PASSWORD = "Huaihe-2026"  # noqa: S105 - printed by `up`, demo only

# role as shown → login, name of the person in the demo district
NAMED = (
    ("区级管理员", "dt-xuheng", "许衡"),
    ("教研员", "dt-dingruoyun", "丁若云"),
    ("督学", "dt-zhaoning", "赵宁"),
    ("校长", "dt-zhouming", "周明"),
    ("教务管理员", "dt-hejing", "何静"),
    ("班主任", "dt-lilan", "李岚"),
    ("任课教师（外校）", "dt-sunyue", "孙越"),
    ("学生", "dt-chenxiaoyu", "陈小雨"),
    ("家长", "dt-wangqiang", "王强"),
)


def run(size: str) -> None:
    """Open the accounts unless there are some; name the printed logins in any case."""
    if not Account.objects.exists():
        _seed_accounts(actor=system_actor("demo"), size=size)
    known = {login.role for login in demo_logins}
    for role, login, _ in NAMED:
        if role not in known and Account.objects.filter(login=login).exists():
            demo_logins.register(DemoLogin(role, login, PASSWORD))


@command("identity.seed_demo")
def _seed_accounts(*, actor: Actor, size: str) -> None:
    logins: dict[int, str] = {}
    for place in doors.organisations():
        with scope_of([place.id]):
            _logins_of(place.id, place.code[-2:], logins)
    named = {login for _, login, _ in NAMED}
    if missing := named - set(logins.values()):
        raise LookupError(f"the demo district lacks {sorted(missing)}")
    shared = make_password(PASSWORD)
    bulk.insert(
        Account,
        {
            "login": list(logins.values()),
            "person_id": list(logins),
            "password": [shared] * len(logins),
        },
    )
    done(("identity.account", "demo"), organisation_id=None, data={"accounts": len(logins)})


def _logins_of(organisation_id: int, tail: str, logins: dict[int, str]) -> None:
    """Adds person id → login: t for staff, s for pupils (grade, class, 学号), p for the adults of a pupil.

    The named people's names are given to nobody else in the demo.
    """
    named = {name: login for _, login, name in NAMED}
    for person in doors.staff_of(organisation_id):
        logins.setdefault(person.person_id, named.get(person.name) or f"t{tail.lower()}{person.staff_number}")
    classes = {one.id: one for one in doors.classes_of([organisation_id])}
    pupils = [pupil for found in doors.pupils_of_classes(classes).values() for pupil in found]
    adults = families.guardians_of(pupil.enrolment_id for pupil in pupils)
    for pupil in pupils:
        one = classes[pupil.home_class_id]
        seat = f"{tail}{one.grade}{one.number:02d}{pupil.class_number:02d}"
        logins.setdefault(pupil.person_id, named.get(pupil.name) or f"s{seat}")
        for number, adult in enumerate(adults.get(pupil.enrolment_id, []), 1):
            logins.setdefault(adult.person_id, named.get(adult.name) or f"p{seat}{number}")
