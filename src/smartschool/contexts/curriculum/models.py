"""Tables of curriculum: the tree of knowledge points of a subject and stage, and their prerequisites."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from smartschool.kernel.owned import TableKind


class KnowledgePoint(models.Model):
    """知识点: a node of the tree of one subject and stage. Leaves are what items are tied to."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    subject = models.TextField()  # 课程代码, directory's code table `subject`
    stage = models.TextField()  # primary | junior, as HomeClass.Stage
    code = models.TextField(unique=True)  # JM0004: what stands in a two-way table; never reused
    name = models.TextField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    level = models.SmallIntegerField()  # 1 = root
    position = models.IntegerField()  # order of the source; siblings are shown by it
    source = models.TextField()  # which list the point came from
    reviewed = models.BooleanField(default=False)  # a 教研员 has confirmed it

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "stage", "position"], name="point_tree"),
            models.Index(fields=["subject", "stage", "name"], name="point_name"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stage__in=["primary", "junior"]), name="point_stage"),
            models.CheckConstraint(
                condition=Q(level=1, parent__isnull=True) | Q(level__gt=1, parent__isnull=False),
                name="point_level",
            ),
        ]


class Prerequisite(models.Model):
    """先修关系: `point` cannot be learnt without `requires`."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    point = models.ForeignKey(KnowledgePoint, on_delete=models.PROTECT, related_name="prerequisites")
    requires = models.ForeignKey(KnowledgePoint, on_delete=models.PROTECT, related_name="leads_to")
    source = models.TextField()
    reviewed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["point", "requires"], name="prerequisite_once"),
            models.CheckConstraint(condition=~Q(point=F("requires")), name="prerequisite_of_another"),
        ]
