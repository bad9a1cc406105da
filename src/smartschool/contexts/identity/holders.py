"""Reads of the pages of accounts: the people of a place by group, and the account of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from smartschool.contexts.directory.public import codes, doors, families
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.public.holders import (
    described,
    merged_from,
    office_of,
    people_named,
    person_codes,
    unseated,
)
from smartschool.contexts.directory.public.roles import roles
from smartschool.contexts.identity import throttle
from smartschool.contexts.identity.actors import actor_of, ties_of
from smartschool.contexts.identity.models import Account
from smartschool.contexts.identity.passwords import expires, lapsed, only_pupil

UNSEATED = "还没有分班"
# State of an account: key → (tone of the tag, words).
STATES = {
    "none": ("", "未开通"),
    "open": ("ok", "已开通"),
    "lapsed": ("warn", "账号条过期"),
    "locked": ("warn", "锁定"),
    "closed": ("bad", "停用"),
}


@dataclass(slots=True)
class Holder:
    """Somebody who has an account or may get one; `kind` is "staff", "student" or "guardian"."""

    person_id: int
    name: str
    what: str
    kind: str
    login: str = ""
    state: str = "none"
    last_login: datetime | None = None
    code: str = ""  # public code of the person, only of who has no account yet

    @property
    def tone(self) -> str:
        return STATES[self.state][0]

    @property
    def words(self) -> str:
        return STATES[self.state][1]


@dataclass(slots=True)
class Tally:
    """How many of a group have an account; of how many of these the slip lapsed."""

    open: int = 0
    all: int = 0
    lapsed: int = 0

    @property
    def lacking(self) -> int:
        return self.all - self.open

    @property
    def words(self) -> str:
        """What is to be done about the group; nothing where all is well."""
        lacking = f"还差 {self.lacking} 人" if self.lacking else ""
        return "，".join(filter(None, (lacking, f"{self.lapsed} 条过期" if self.lapsed else "")))


@dataclass(slots=True)
class Row:
    """Pupils and their adults of a class, or of those without one: then `code` is empty."""

    name: str
    code: str
    students: Tally
    guardians: Tally


@dataclass(slots=True)
class Overview:
    """A place at one look: staff, then pupils and their adults by class; who needs a hand."""

    staff: Tally
    rows: list[Row]
    locked: list[Holder] = field(default_factory=list)
    closed: list[Holder] = field(default_factory=list)

    @property
    def lacking(self) -> int:
        return sum(group.lacking for group in self._groups())

    @property
    def lapsed(self) -> int:
        return sum(group.lapsed for group in self._groups())

    def _groups(self) -> list[Tally]:
        return [self.staff, *(group for row in self.rows for group in (row.students, row.guardians))]


def staff_of(organisation_id: int) -> list[Holder]:
    """Staff by the sound of the name."""
    return [
        Holder(one.person_id, one.name, f"工号 {one.staff_number}", "staff")
        for one in doors.staff_of(organisation_id)
    ]


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil of a group: `place` says where the pupil is found there, 12 号 or 七年级."""

    enrolment_id: int
    person_id: int
    name: str
    place: str


def children_of(classes: Sequence[ClassInfo]) -> dict[int, list[Child]]:
    """Class id → its pupils by 学号."""
    return {
        home_class: [
            Child(one.enrolment_id, one.person_id, one.name, f"{one.class_number} 号") for one in pupils
        ]
        for home_class, pupils in doors.pupils_of_classes(one.id for one in classes).items()
    }


def unseated_children(organisation_id: int) -> list[Child]:
    """Pupils of a place who sit in no class yet, by grade."""
    return [Child(one.enrolment_id, one.person_id, one.name, one.grade) for one in unseated(organisation_id)]


def students(children: Iterable[Child]) -> list[Holder]:
    """Pupils as holders."""
    return [Holder(one.person_id, one.name, one.place, "student") for one in children]


def guardians(groups: Iterable[Sequence[Child]]) -> list[list[Holder]]:
    """The adults of each group of children in the order of the children; an adult of two stands with the
    first. One round trip."""
    groups = list(groups)
    adults = families.guardians_of(child.enrolment_id for group in groups for child in group)
    kinship = codes.table("kinship")
    found: list[list[Holder]] = []
    for group in groups:
        known: dict[int, Holder] = {}
        for child in group:
            for adult in adults.get(child.enrolment_id, []):
                what = f"{child.place}{child.name}的{kinship.name(adult.relation)}"
                known.setdefault(adult.person_id, Holder(adult.person_id, adult.name, what, "guardian"))
        found.append(list(known.values()))
    return found


def office_holders(organisation_id: int) -> list[Holder]:
    """Who runs the office of a school: all that the district needs to see of its people."""
    found: dict[int, Holder] = {}
    for one in office_of(organisation_id):
        found.setdefault(one.person_id, Holder(one.person_id, one.name, one.zh, "staff"))
    return list(found.values())


def named(organisation_id: int, words: str) -> list[Holder]:
    """People of a place whose name or pinyin begins with `words`."""
    found: dict[int, Holder] = {}
    for hit in people_named(organisation_id, words):
        found.setdefault(hit.person_id, Holder(hit.person_id, hit.name, hit.what, hit.kind))
    return list(found.values())


def found_here(organisation_id: int, person_id: int) -> Holder | None:
    """Somebody of a place, None where nothing ties them to it today."""
    hit = described(organisation_id, person_id)
    return None if hit is None else Holder(hit.person_id, hit.name, hit.what, hit.kind)


def owner_of(account: Account) -> Holder:
    """The owner of any account with every post, as the district sees it; nameless where nothing ties them to
    the district any more, or the account is closed."""
    owner = actor_of(account.pk)
    if owner is None:
        return Holder(account.person_id, "", "", "")
    posts = dict.fromkeys(f"{a.organisation.name}{roles()[a.role].zh}" for a in owner.affiliations)
    kind = "student" if only_pupil(owner.roles()) else "staff" if expires(owner.roles()) else "guardian"
    return Holder(account.person_id, owner.name, "、".join(posts), kind)


def with_accounts(people: Sequence[Holder]) -> list[Holder]:
    """The same people with their accounts filled in; four round trips for any number, one more where a child
    was merged. An account of the former person counts while it opens something, and the own one before it."""
    by_person = {one.person_id: one for one in people}
    former = merged_from(by_person)
    accounts = list(Account.objects.filter(person_id__any_of=[*by_person, *former]).order_by("pk"))
    older = [account for account in accounts if account.person_id in former]
    opening = ties_of([account.pk for account in older]) if older else {}
    own = [account for account in accounts if account.person_id in by_person]
    locked = throttle.locked(account.login for account in accounts)
    for account in [*(one for one in older if opening[one.pk]), *own]:
        holder = by_person[former.get(account.person_id, account.person_id)]
        holder.login, holder.last_login = account.login, account.last_login
        holder.state = _state(account, account.login in locked)
    public = person_codes([one.person_id for one in people if one.state == "none"])
    for one in people:
        one.code = public.get(one.person_id, "")
    return list(people)


def state_of(account: Account) -> str:
    """Key of `STATES`; one round trip."""
    return _state(account, bool(throttle.locked([account.login])))


def _state(account: Account, locked: bool) -> str:
    if not account.is_active:
        return "closed"
    return "locked" if locked else "lapsed" if lapsed(account) else "open"


def _tally(people: Iterable[Holder]) -> Tally:
    states = [one.state for one in people]
    return Tally(len(states) - states.count("none"), len(states), states.count("lapsed"))


def overview(organisation_id: int) -> Overview:
    """The whole place; a dozen round trips for any number of people."""
    classes = [one for one in doors.classes_of([organisation_id]) if one.grades]
    names = [(one.name, one.code) for one in classes]
    seated = children_of(classes)
    children = [seated[one.id] for one in classes]
    if waiting := unseated_children(organisation_id):
        names.append((UNSEATED, ""))
        children.append(waiting)
    staff, pupils, adults = (
        staff_of(organisation_id),
        [students(group) for group in children],
        guardians(children),
    )
    for (name, _), *both in zip(names, pupils, adults, strict=True):
        for holder in (one for group in both for one in group):
            holder.what = f"{name} {holder.what}"
    groups = [staff, *pupils, *adults]
    everybody = {one.person_id: one for group in groups for one in group}
    with_accounts(list(everybody.values()))
    for group in groups:  # an adult with children in two classes is one person with one account
        group[:] = [everybody[one.person_id] for one in group]
    return Overview(
        _tally(staff),
        [
            Row(name, code, _tally(own), _tally(theirs))
            for (name, code), own, theirs in zip(names, pupils, adults, strict=True)
        ],
        [one for one in everybody.values() if one.state == "locked"],
        [one for one in everybody.values() if one.state == "closed"],
    )
