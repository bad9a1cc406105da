"""What the doors of directory hand out: frozen shapes without Django."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    """A node of the tree; `plan_category` is "rural", "urban" or "" (bureau, central school)."""

    id: int
    code: str
    name: str
    short_name: str
    kind: str
    parent_id: int | None
    school_type: str
    plan_category: str
    town: str


@dataclass(frozen=True, slots=True)
class TermInfo:
    """A term with its school year, ``2026-2027``; `number` 1 autumn, 2 spring."""

    id: int
    school_year: str
    number: int
    starts_on: date
    ends_on: date
    weeks: int

    @property
    def year_name(self) -> str:
        """``2026–2027``, as screens and prints write it."""
        return self.school_year.replace("-", "–")

    @property
    def name(self) -> str:
        return f"{self.year_name} 学年{'秋季' if self.number == 1 else '春季'}学期"

    @property
    def key(self) -> str:
        """``2026-2027-1``, for addresses."""
        return f"{self.school_year}-{self.number}"


@dataclass(frozen=True, slots=True)
class ClassInfo:
    """A 行政班 as of a day. `grades` are 1–9; a 复式班 has several; empty once the class has left."""

    id: int
    code: str
    organisation_id: int
    stage: str
    entry_year: int
    number: int
    class_type: str
    grades: tuple[int, ...]
    name: str

    @property
    def grade(self) -> int | None:
        """The lowest grade, None once the class has left school."""
        return self.grades[0] if self.grades else None

    @property
    def is_combined(self) -> bool:
        return len(self.grades) > 1


@dataclass(frozen=True, slots=True)
class PupilInfo:
    """A pupil who sits in a class; `class_number` is the 学号 inside it."""

    enrolment_id: int
    code: str
    name: str
    name_key: str
    sex: str
    class_number: int
    home_class_id: int
    entry_year: int
    person_id: int


class Seat(NamedTuple):
    """Where a pupil sits; what an import of many rows needs, without names."""

    enrolment_id: int
    home_class_id: int
    class_number: int
    entry_year: int


@dataclass(frozen=True, slots=True)
class StaffInfo:
    """A member of staff of one organisation."""

    id: int
    code: str
    name: str
    name_key: str
    staff_number: str
    person_id: int


@dataclass(frozen=True, slots=True)
class TeachingInfo:
    """Who teaches what where in a term."""

    home_class: ClassInfo
    subject: str
    subject_name: str
    staff_id: int
    staff_name: str


@dataclass(frozen=True, slots=True)
class ChildInfo:
    """A pupil as the own family or the pupil sees it."""

    enrolment_id: int
    code: str
    name: str
    organisation_id: int
    organisation_name: str
    home_class: ClassInfo | None
    class_number: int | None
    grade: int | None


@dataclass(frozen=True, slots=True)
class GuardianInfo:
    """An adult of a child; `kind` is "guardian" or "caregiver", `relation` a code of codes/kinship.toml."""

    person_id: int
    enrolment_id: int
    name: str
    relation: str
    kind: str


@dataclass(frozen=True, slots=True)
class OfficeHolder:
    """A 校长 or 教务管理员 of a school, or somebody of the bureau; `id` is of the appointment."""

    id: int
    person_id: int
    name: str
    staff_number: str
    zh: str
    since: date


@dataclass(frozen=True, slots=True)
class UnseatedPupil:
    """A pupil of a school who sits in no class yet; `grade` in words."""

    enrolment_id: int
    person_id: int
    name: str
    grade: str


@dataclass(frozen=True, slots=True)
class PersonHit:
    """Somebody of a place; `what` tells namesakes apart: ``学生 七（2）班 12 号``. `kind` is "staff",
    "student" or "guardian"."""

    person_id: int
    name: str
    what: str
    kind: str


@dataclass(frozen=True, slots=True)
class NewPupil:
    """What `enrol_pupils` writes of one child. Numbers are checked before; `details` is the JSON text of the
    other columns of the 学籍 workbook. `home_class_id` and `class_number` seat the child at once; `code` is
    made here unless given (the demo's addresses stay the same)."""

    name: str
    stage: str
    entry_year: int
    sex: str = "0"
    birth_date: date | None = None
    ethnicity: str = ""
    national_number: str | None = None
    id_type: str = "1"
    id_number: str | None = None
    details: str | None = None
    entry_month: str = ""
    status: str = "01"
    home_class_id: int | None = None
    class_number: int | None = None
    digest: bytes | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class NewStaff:
    """What `record_staff` writes of one member of staff; `share` is the dated part of a shared post."""

    name: str
    staff_number: str
    sex: str = "0"
    birth_date: date | None = None
    id_number: str | None = None
    phone: str | None = None
    details: str | None = None
    share: float = 1.0
    digest: bytes | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class NewGuardian:
    """What `add_guardians` writes; `relation` is a code of codes/kinship.toml."""

    enrolment_id: int
    name: str
    relation: str
    kind: str = "guardian"
    phone: str | None = None
    id_number: str | None = None


@dataclass(frozen=True, slots=True)
class NewClass:
    """What `open_classes` writes; `further_entry_years` are the other grades of a 复式班."""

    stage: str
    entry_year: int
    number: int
    class_type: str = "10"
    further_entry_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """What `assign_teaching` writes: who teaches which subject in which class."""

    staff_id: int
    home_class_id: int
    subject: str
