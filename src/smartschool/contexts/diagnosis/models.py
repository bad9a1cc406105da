"""Tables of diagnosis: versions of analyses, figures of groups and items, own reports, releases, raw exports.

A version is written once and never changed (`current` alone moves on); a correction makes the next one.
Figures of classes and of pupils stay in their school. Counts and sums per item travel up, so that a
district can look at shared items; they hold no class and no person.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from smartschool.kernel.fields import DataClass, personal
from smartschool.kernel.ids import short_code
from smartschool.kernel.owned import Owned, Sharing


class RealField(models.FloatField):
    """PostgreSQL `real`: four bytes are enough for what is shown with three digits."""

    def db_type(self, connection: object) -> str:
        return "real"


class AnalysisRun(Owned):
    """One version of the analysis of one paper of one school."""

    sharing: ClassVar[Sharing] = Sharing.UP

    class Trigger(models.TextChoices):
        MARKS = "marks", "录入得分"
        CORRECTION = "correction", "改正答案或得分"
        BLUEPRINT = "blueprint", "改动双向细目表"
        ALGORITHM = "algorithm", "算法更新"
        REQUEST = "request", "重新分析"

    code = models.TextField(unique=True, default=short_code)
    paper = models.ForeignKey("assessment.Paper", on_delete=models.PROTECT, related_name="+")
    paper_code = models.TextField(db_index=True)  # the paper's public code: addresses outlive versions
    number = models.IntegerField()
    current = models.BooleanField(default=True)
    paper_revision = models.IntegerField()
    algorithm = models.TextField()
    settings = models.JSONField()
    trigger = models.TextField(choices=Trigger.choices)
    reason = models.TextField(default="")
    inputs = models.JSONField()  # digests of the two-way table and of each class's answers
    sketch = models.JSONField()  # sketch.PaperSketch as it was
    exam_name = models.TextField()
    held_on = models.DateField(null=True)
    subject = models.TextField()  # 课程代码
    stage = models.TextField()
    grade = models.SmallIntegerField()
    term = models.ForeignKey("directory.Term", on_delete=models.PROTECT, related_name="+")
    nature = models.TextField()
    n_pupils = models.IntegerField()
    n_classes = models.SmallIntegerField()
    changes = models.JSONField(null=True)  # differences.Differences from the version before
    made_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["paper", "number"], name="run_number_once"),
            models.UniqueConstraint(fields=["paper"], condition=Q(current=True), name="run_one_current"),
        ]


class ClassFigure(Owned):
    """Figures of one class on one paper; without a class those of all pupils of the paper (the grade)."""

    run = models.ForeignKey(AnalysisRun, on_delete=models.PROTECT, related_name="figures")
    home_class = models.ForeignKey(
        "directory.HomeClass", on_delete=models.PROTECT, null=True, related_name="+"
    )
    class_code = models.TextField(default="")
    class_name = models.TextField(default="")  # as on the day of the exam: names move up each year
    subject = models.TextField()
    n_present = models.IntegerField()
    # figures.Stored; floats in full, so that what is read is what was computed. The database keeps them as
    # they are: making them smaller by half would cost a tenth of writing a paper's reports.
    numbers = ArrayField(models.FloatField())
    words = models.JSONField()

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "home_class"], name="class_figure_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["home_class", "run"], name="class_figure_of_class")]


class ItemFigure(Owned):
    """Counts and sums of one item over one school's paper, for figures above the school.

    `share_sum` and `share_squares` are Σx and Σx² of marks over full mark; `points` are keys of knowledge
    points, `weights` their shares of the item.
    """

    sharing: ClassVar[Sharing] = Sharing.UP

    run = models.ForeignKey(AnalysisRun, on_delete=models.PROTECT, related_name="items")
    position = models.SmallIntegerField()
    shared_item = models.TextField(default="")
    points = ArrayField(models.BigIntegerField())
    weights = ArrayField(models.FloatField())
    full_score = models.FloatField()
    n = models.IntegerField()
    share_sum = models.FloatField()
    share_squares = models.FloatField()

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "position"], name="item_figure_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["shared_item"], condition=~Q(shared_item=""), name="item_figure_shared"),
        ]


class PaperCalibration(Owned):
    """Item curves of one version, of its school's pupils or of all schools that sat the joint paper.

    Kept with the version it explains; a joint paper gets another one when a further school's marks arrive.
    Item parameters hold no person and no ability.
    """

    run = models.ForeignKey(AnalysisRun, on_delete=models.PROTECT, related_name="calibrations")
    sources = ArrayField(models.BigIntegerField())  # the versions whose marks went in, this one included
    n_pupils = models.IntegerField()
    algorithm = models.TextField()
    model = models.TextField()
    settings = models.JSONField()
    cautions = models.JSONField()
    refusal = models.JSONField(null=True)  # why there is none
    items = models.JSONField()  # calibration_figures.ItemCalibration in the paper's order
    made_at = models.DateTimeField(db_default=Now())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "sources", "algorithm"], name="paper_calibration_once"),
        ]


class PupilReport(Owned):
    """One pupil on one paper: level and mastery, arrays in the order of the run's points."""

    # Row security lets none but a school of the scope stand here: the database need not look it up a row.
    organisation = models.ForeignKey(
        "directory.Organisation", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    # No index of their own where they stand first in one below. Enrolment and class are those of the attempt
    # that the report is derived from: it holds the constraints, which the database need not check twice.
    run = models.ForeignKey(AnalysisRun, on_delete=models.PROTECT, related_name="pupils", db_index=False)
    enrolment = models.ForeignKey(
        "directory.Enrolment", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    home_class = models.ForeignKey(
        "directory.HomeClass", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    class_number = models.SmallIntegerField()
    subject = models.TextField()
    status = models.SmallIntegerField()  # assessment's AttemptStatus
    level = personal(models.SmallIntegerField(null=True), DataClass.SENSITIVE, retention="marks")
    share = personal(RealField(null=True), DataClass.SENSITIVE, retention="marks")
    # -1 where there is not enough evidence
    states = personal(ArrayField(models.SmallIntegerField()), DataClass.SENSITIVE, retention="marks")
    estimates = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    lows = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    highs = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    sure = personal(ArrayField(RealField()), DataClass.SENSITIVE, retention="marks")
    n_items = ArrayField(models.SmallIntegerField())

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrolment", "run"], name="pupil_report_of_run_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "home_class", "class_number"], name="pupil_report_natural"),
        ]


class Release(Owned):
    """Results of one paper were told to pupils and parents; withdrawn, not deleted."""

    class Audience(models.TextChoices):
        GUARDIANS = "guardians", "家长"
        BOTH = "both", "学生和家长"

    code = models.TextField(unique=True, default=short_code)
    paper = models.ForeignKey("assessment.Paper", on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(AnalysisRun, on_delete=models.PROTECT, related_name="+")  # as it was then
    audience = models.TextField(choices=Audience.choices)
    marks = models.BooleanField(default=False)  # junior only: marks may stand behind 看得分
    comment = models.TextField(default="")
    account_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(default="")

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["paper"], condition=Q(withdrawn_at__isnull=True), name="release_one_open"
            ),
        ]


class RawExport(Owned):
    """A request for the marks themselves (成绩册): a reason, another's approval, each fetch counted."""

    code = models.TextField(unique=True, default=short_code)
    paper = models.ForeignKey("assessment.Paper", on_delete=models.PROTECT, related_name="+")
    home_class = models.ForeignKey(
        "directory.HomeClass", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.TextField()
    asked_by = models.BigIntegerField()
    asker = personal(models.TextField(), DataClass.INTERNAL, retention="staff")
    asked_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decider = personal(models.TextField(default=""), DataClass.INTERNAL, retention="staff")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)
    fetched = models.IntegerField(default=0)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="raw_export_four_eyes",
            ),
        ]
