"""Tables of assessment: exams, papers, items with their knowledge points, attempts, and what was corrected.

Definitions carry no persons and may be read by the district above (`Sharing.UP`); attempts never travel.
An attempt is one row with arrays in the paper's frozen item order: a row per item would be ten times the
size and the time of a season.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from smartschool.contexts.assessment.fields import RealField, unknown
from smartschool.contexts.assessment.public.contracts import AttemptStatus, ItemType, Nature
from smartschool.kernel.fields import DataClass, personal
from smartschool.kernel.ids import short_code
from smartschool.kernel.owned import Owned, Sharing


class Exam(Owned):
    """考试: one exam of one grade of one school. Schools that hold the same one share `joint_code`."""

    sharing: ClassVar[Sharing] = Sharing.UP

    code = models.TextField(unique=True, default=short_code)
    name = models.TextField()
    nature = models.TextField(choices=[(n.value, n.zh) for n in Nature])
    term = models.ForeignKey("directory.Term", on_delete=models.PROTECT, related_name="+")
    grade = models.SmallIntegerField()  # 1–9 in the exam's school year
    held_on = models.DateField(null=True)
    joint_code = models.TextField(default="")
    document_number = models.TextField(default="")  # 质量监测: the document that orders it
    sampling_plan = models.TextField(default="")
    approval_id = models.BigIntegerField(null=True)  # RegulationApproval, when the regulation refused
    created_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["organisation", "term", "grade"], name="exam_of_term")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(grade__range=(1, 9)), name="exam_grade"),
            # Two people who create the same exam at once: the second one waits and is refused.
            models.UniqueConstraint(
                fields=["organisation", "term", "grade", "nature"],
                condition=Q(nature__in=["midterm", "final"], approval_id__isnull=True),
                name="exam_once_a_term",
            ),
        ]


class RegulationRequest(Owned):
    """A school asks the district for an exam that the regulation refuses."""

    sharing: ClassVar[Sharing] = Sharing.UP

    nature = models.TextField(choices=[(n.value, n.zh) for n in Nature])
    name = models.TextField()
    term = models.ForeignKey("directory.Term", on_delete=models.PROTECT, related_name="+")
    grade = models.SmallIntegerField()
    joint_code = models.TextField(default="")
    rules = ArrayField(models.TextField())  # keys of the refusing rules
    reason = models.TextField()
    account_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False


class RegulationApproval(Owned):
    """The district's answer; owned by the district, read by the school below."""

    sharing: ClassVar[Sharing] = Sharing.DOWN

    request_id = models.BigIntegerField(unique=True)
    granted = models.BooleanField()
    reason = models.TextField()
    account_id = models.BigIntegerField(null=True)
    answered_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False


class Paper(Owned):
    """试卷: one subject of an exam. `revision` counts changes made after marks were there."""

    sharing: ClassVar[Sharing] = Sharing.UP

    exam = models.ForeignKey(Exam, on_delete=models.PROTECT, related_name="papers")
    code = models.TextField(unique=True, default=short_code)
    subject = models.TextField()  # 课程代码
    stage = models.TextField()
    entry_year = models.SmallIntegerField()
    full_score = models.FloatField()
    revision = models.IntegerField(default=1)
    item_marks = models.BooleanField(default=True)  # False: only totals are known
    marks_at = models.DateTimeField(null=True)  # of the last marks; from the first on items are frozen

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["exam", "subject"], name="paper_once"),
            models.CheckConstraint(condition=Q(full_score__gt=0), name="paper_full_score"),
        ]


class Item(Owned):
    """试题 of one paper. `shared_item` names the same item in the district's bank, so that schools' own
    finals are linked by what they have in common."""

    sharing: ClassVar[Sharing] = Sharing.UP

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="items")
    position = models.SmallIntegerField()  # 0-based place in the arrays of attempts
    label = models.TextField()  # 13(1)
    type = models.TextField(choices=[(t.value, t.zh) for t in ItemType])
    full_score = models.FloatField()
    key = models.TextField(default="")
    options = models.TextField(default="")  # letters on the paper: ABCD
    partial_score = models.FloatField(default=0)  # 多选题: marks for a choice that is right but incomplete
    shared_item = models.TextField(default="")

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["shared_item"], condition=~Q(shared_item=""), name="item_shared"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["paper", "position"], name="item_position_once"),
            models.UniqueConstraint(fields=["paper", "label"], name="item_label_once"),
            models.CheckConstraint(condition=Q(full_score__gt=0), name="item_full_score"),
        ]


class ItemPoint(Owned):
    """One line of the two-way table (双向细目表): an item examines a knowledge point with a weight."""

    sharing: ClassVar[Sharing] = Sharing.UP

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="points")
    point = models.ForeignKey("curriculum.KnowledgePoint", on_delete=models.PROTECT, related_name="+")
    weight = RealField(default=1)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "point"], name="item_point_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="item_point_weight"),
        ]


class PaperRevision(Owned):
    """The two-way table as it was before a change that came after marks; insert-only."""

    sharing: ClassVar[Sharing] = Sharing.UP

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="revisions")
    revision = models.IntegerField()  # the number that this state had
    blueprint = models.JSONField()  # the items and points, as commands.blueprint writes them
    touched = ArrayField(models.SmallIntegerField())  # positions that the change touched
    reason = models.TextField()
    account_id = models.BigIntegerField(null=True)
    replaced_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["paper", "revision"], name="paper_revision_once"),
        ]


class Attempt(Owned):
    """一份作答: one pupil's answers to one paper, whatever way they came in."""

    class Source(models.TextChoices):
        IMPORT = "import", "表格导入"
        TAP = "tap", "点按录分"
        CORRECTION = "correction", "更正"
        SEED = "seed", "演示数据"

    # Row security lets none but a school of the scope stand here: the database need not look it up a row.
    organisation = models.ForeignKey(
        "directory.Organisation", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    # No index of their own: each stands first in one below, and every index is paid for by each attempt.
    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="attempts", db_index=False)
    enrolment = models.ForeignKey(
        "directory.Enrolment", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    home_class = models.ForeignKey(
        "directory.HomeClass", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    class_number = models.SmallIntegerField()
    status = models.SmallIntegerField(choices=[(s.value, s.zh) for s in AttemptStatus], default=0)
    # NaN, never NULL, where there is no mark: the rows of a paper then form one dense block of fixed width.
    marks = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    states = personal(ArrayField(models.SmallIntegerField()), DataClass.SENSITIVE, retention="marks")
    choices = personal(ArrayField(models.TextField(), default=list), DataClass.SENSITIVE, retention="marks")
    stated_total = personal(RealField(default=unknown), DataClass.SENSITIVE, retention="marks")
    source = models.TextField(choices=Source.choices)
    revision = models.IntegerField(default=1)  # each correction counts up

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [
            models.Index(fields=["paper", "home_class", "class_number"], name="attempt_natural_order"),
            models.Index(fields=["home_class", "paper"], name="attempt_class"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "paper"], name="attempt_of_pupil_once"),
        ]


class MarkCorrection(Owned):
    """An attempt as it was before a correction; insert-only. `reason` says why it was changed."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="corrections")
    revision = models.IntegerField()  # the number that this state had
    status = models.SmallIntegerField()
    marks = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    states = personal(ArrayField(models.SmallIntegerField()), DataClass.SENSITIVE, retention="marks")
    choices = personal(ArrayField(models.TextField(), default=list), DataClass.SENSITIVE, retention="marks")
    stated_total = personal(RealField(default=unknown), DataClass.SENSITIVE, retention="marks")
    reason = models.TextField()
    account_id = models.BigIntegerField(null=True)
    replaced_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attempt", "revision"], name="mark_correction_once"),
        ]


class EntryDraft(Owned):
    """点按录分 in progress: what one class lost on each item, item by item, until it is handed in."""

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="+")
    home_class = models.ForeignKey("directory.HomeClass", on_delete=models.PROTECT, related_name="+")
    key_items_only = models.BooleanField(default=False)  # only the items in `lost` were looked at
    # position → 学号 → marks lost; an item that was finished with nobody losing marks is an empty object.
    # totals: 学号 → total written on the paper. statuses: 学号 → AttemptStatus of those who were not there.
    lost = personal(models.JSONField(default=dict), DataClass.SENSITIVE, retention="marks")
    totals = personal(
        models.JSONField(default=dict), DataClass.SENSITIVE, retention="marks"
    )  # 学号 → on paper
    statuses = personal(
        models.JSONField(default=dict), DataClass.SENSITIVE, retention="marks"
    )  # 学号 → status
    saved_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["paper", "home_class"], name="entry_draft_once"),
        ]
