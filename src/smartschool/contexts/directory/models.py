"""Tables of directory: organisation tree, terms, classes, and the records that tie people to organisations.

Person is thin on purpose: names and personal fields stand on the organisation's own record (enrolment,
staff record, guardianship), which row security scopes by one indexed column.
Validity is half-open, ``[valid_from, valid_to)``; an open row has ``valid_to`` NULL.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from smartschool.kernel.fields import DataClass, EncryptedTextField, personal
from smartschool.kernel.ids import short_code, uuid7
from smartschool.kernel.owned import Owned, Sharing, TableKind

NATIONAL = "全国学籍"
STAFF_SYSTEM = "教师系统"


class Organisation(models.Model):
    """A node of the tree: bureau, central school, school, campus, teaching point."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    class Kind(models.TextChoices):
        BUREAU = "bureau", "区教育体育局"
        CENTRAL_SCHOOL = "central_school", "中心校"
        SCHOOL = "school", "学校"
        CAMPUS = "campus", "校区"
        TEACHING_POINT = "teaching_point", "教学点"

    code = models.TextField(unique=True)  # 学校标识码 of schools, a short code of others
    name = models.TextField()
    short_name = models.TextField()
    kind = models.TextField(choices=Kind.choices)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    school_type = models.TextField(default="")  # 办学类型, codes/school_type.toml
    urban_rural = models.TextField(default="")  # 所在地城乡类型, codes/urban_rural.toml
    plan_category = models.TextField(default="")  # rural | urban, set by the district for its plan
    town = models.TextField(default="")
    division = models.TextField(default="")  # GB/T 2260, six digits
    credit_code = models.TextField(default="")  # 统一社会信用代码; a 教学点 has none of its own
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="bureau") | Q(parent__isnull=False), name="organisation_has_parent"
            ),
            models.CheckConstraint(
                condition=Q(plan_category__in=["", "rural", "urban"]), name="organisation_plan_category"
            ),
            models.UniqueConstraint(
                fields=["credit_code"], condition=~Q(credit_code=""), name="organisation_credit_code_once"
            ),
        ]


class Headcount(Owned):
    """How many pupils and staff an organisation has: what the levels above may know, without a person.

    Derived; `records.recount` writes it inside every command and import that adds or ends a record.
    """

    sharing: ClassVar[Sharing] = Sharing.UP

    pupils = models.IntegerField(default=0)  # open enrolments
    staff = models.IntegerField(default=0)  # open staff records; a shared teacher counts at each school
    full_time = models.DecimalField(max_digits=7, decimal_places=2, default=0)  # their shares added up

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation"], name="headcount_once")]


class SchoolYear(models.Model):
    """``2026-2027``: autumn and spring term."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    code = models.TextField(unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()


class Term(models.Model):
    """学期: number 1 autumn, 2 spring (code table 学期)."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    school_year = models.ForeignKey(SchoolYear, on_delete=models.PROTECT, related_name="terms")
    number = models.SmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    weeks = models.SmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["school_year", "number"], name="term_once_a_year"),
            models.CheckConstraint(condition=Q(starts_on__lt=F("ends_on")), name="term_runs_forward"),
        ]


class Person(models.Model):
    """One human being in the district; no name here. `id_hash` finds the same person across schools.

    A child that came before its number and turned out to be known points to the known one: `merged_into`.
    """

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    code = models.UUIDField(unique=True, default=uuid7)
    id_hash = models.BinaryField(null=True, unique=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        indexes: ClassVar = [
            # Hardly anybody is merged: an entry for each who is not would cost every import.
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="person_merged")
        ]


class HomeClass(Owned):
    """行政班. The grade is worked out from `entry_year`; the id outlives the name that changes each year."""

    sharing: ClassVar[Sharing] = Sharing.UP

    class Stage(models.TextChoices):
        PRIMARY = "primary", "小学"
        JUNIOR = "junior", "初中"

    code = models.TextField(unique=True, default=short_code)
    stage = models.TextField(choices=Stage.choices)
    entry_year = models.SmallIntegerField()
    number = models.SmallIntegerField()
    class_type = models.TextField(default="10")  # 班级类型; 12 = 复式班
    further_entry_years = ArrayField(models.SmallIntegerField(), default=list)  # the other grades of a 复式班
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "stage", "entry_year", "number"],
                condition=Q(valid_to__isnull=True),
                name="homeclass_once",
            ),
        ]


class Enrolment(Owned):
    """学籍 record of one child at one school: our copy, 全国学籍 is master; also before a number exists."""

    class Status(models.TextChoices):
        PENDING = "00", "待建籍"
        ACTIVE = "01", "在读"
        SUSPENDED = "02", "休学"
        GRADUATED = "07", "毕业"
        TRANSFERRED = "10", "转学（转出）"

    # Found by the indexes below, which begin with it.
    organisation = models.ForeignKey(
        "directory.Organisation", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    code = models.TextField(default=short_code)
    status = models.TextField(choices=Status.choices, default=Status.ACTIVE)
    name = personal(models.TextField(), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL)
    name_key = personal(models.TextField(), DataClass.SENSITIVE, retention="enrolment")  # pinyin, for order
    sex = personal(models.TextField(default="0"), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL)
    birth_date = personal(
        models.DateField(null=True), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL
    )
    ethnicity = personal(
        models.TextField(default=""), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL
    )
    national_number = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL
    )
    national_number_hash = personal(models.BinaryField(null=True), DataClass.SENSITIVE, retention="enrolment")
    id_type = models.TextField(default="1")
    id_number = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="enrolment", master=NATIONAL
    )
    id_hash = personal(models.BinaryField(null=True), DataClass.SENSITIVE, retention="enrolment")
    # The other columns of the 学籍 workbook, one JSON text: addresses, phone, health, family situation.
    details = personal(
        EncryptedTextField(null=True), DataClass.HIGHLY_SENSITIVE, retention="enrolment", master=NATIONAL
    )
    entry_month = models.TextField(default="")  # 入学年月 YYYYMM
    stage = models.TextField(choices=HomeClass.Stage.choices)
    entry_year = models.SmallIntegerField()
    digest = models.BinaryField(null=True)  # of the imported row, so that an unchanged row is recognised
    revision = models.IntegerField(default=1)  # each change counts up; undo refuses a row changed since
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["organisation", "national_number_hash"], name="enrolment_number"),
            models.Index(fields=["organisation", "id_hash"], name="enrolment_id"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code"], name="enrolment_code_once"),
            models.UniqueConstraint(
                fields=["organisation", "person"],
                condition=Q(valid_to__isnull=True),
                name="enrolment_one_open",
            ),
        ]


class Placement(Owned):
    """就读: a child sits in a class, with the class's own number (学号)."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="placements")
    home_class = models.ForeignKey(HomeClass, on_delete=models.PROTECT, related_name="placements")
    class_number = models.SmallIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(valid_to__isnull=True), name="placement_one_open"
            ),
            models.UniqueConstraint(
                fields=["home_class", "class_number"],
                condition=Q(valid_to__isnull=True),
                name="placement_number_once",
            ),
        ]


class Guardianship(Owned):
    """监护人 or 委托照护人 of one child, as the child's school knows them."""

    class Kind(models.TextChoices):
        GUARDIAN = "guardian", "监护人"
        CAREGIVER = "caregiver", "委托照护人"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="guardianships")
    kind = models.TextField(choices=Kind.choices, default=Kind.GUARDIAN)
    relation = models.TextField()
    name = personal(models.TextField(), DataClass.SENSITIVE, retention="guardian", master=NATIONAL)
    phone = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="guardian", master=NATIONAL
    )
    phone_hash = personal(models.BinaryField(null=True), DataClass.SENSITIVE, retention="guardian")
    id_number = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="guardian", master=NATIONAL
    )
    revision = models.IntegerField(default=1)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enrolment", "person"],
                condition=Q(valid_to__isnull=True),
                name="guardianship_one_open",
            ),
        ]


class StaffRecord(Owned):
    """One member of staff at one organisation; shared staff have a record at each, with their share."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    code = models.TextField(unique=True, default=short_code)
    staff_number = models.TextField()  # 工号, unique in the organisation
    name = personal(models.TextField(), DataClass.INTERNAL, retention="staff", master=STAFF_SYSTEM)
    name_key = personal(models.TextField(), DataClass.INTERNAL, retention="staff")
    sex = personal(models.TextField(default="0"), DataClass.INTERNAL, retention="staff", master=STAFF_SYSTEM)
    birth_date = personal(
        models.DateField(null=True), DataClass.SENSITIVE, retention="staff", master=STAFF_SYSTEM
    )
    id_number = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="staff", master=STAFF_SYSTEM
    )
    id_hash = personal(models.BinaryField(null=True), DataClass.SENSITIVE, retention="staff")
    phone = personal(EncryptedTextField(null=True), DataClass.SENSITIVE, retention="staff")
    details = personal(
        EncryptedTextField(null=True), DataClass.SENSITIVE, retention="staff", master=STAFF_SYSTEM
    )
    share = models.DecimalField(max_digits=3, decimal_places=2, default=1)
    digest = models.BinaryField(null=True)
    revision = models.IntegerField(default=1)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "staff_number"],
                condition=Q(valid_to__isnull=True),
                name="staff_number_once",
            ),
            models.UniqueConstraint(
                fields=["organisation", "person"], condition=Q(valid_to__isnull=True), name="staff_one_open"
            ),
        ]


class Appointment(Owned):
    """任职: a member of staff holds a post (a role of roles.toml), if it needs one for a class or a grade."""

    staff = models.ForeignKey(StaffRecord, on_delete=models.PROTECT, related_name="appointments")
    role = models.TextField()
    home_class = models.ForeignKey(HomeClass, on_delete=models.PROTECT, null=True, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["organisation", "role"], name="appointment_role")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["staff", "role", "home_class"],
                condition=Q(valid_to__isnull=True),
                nulls_distinct=False,
                name="appointment_once",
            ),
            models.CheckConstraint(
                condition=~Q(role="form_teacher") | Q(home_class__isnull=False),
                name="form_teacher_has_class",
            ),
        ]


class TeachingAssignment(Owned):
    """任课: a teacher teaches a subject in a class during a term."""

    staff = models.ForeignKey(StaffRecord, on_delete=models.PROTECT, related_name="assignments")
    home_class = models.ForeignKey(HomeClass, on_delete=models.PROTECT, related_name="assignments")
    subject = models.TextField()  # 课程代码, codes/subject.toml
    term = models.ForeignKey(Term, on_delete=models.PROTECT, related_name="+")
    copy = models.TextField(default="", db_default="")  # code of the copying that wrote it, to take it back

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["staff", "home_class", "subject", "term"], name="assignment_once"
            ),
        ]
