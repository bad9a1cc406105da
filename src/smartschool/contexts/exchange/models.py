"""Tables of exchange: one run an import, with its file, preview and undo image; and saved mappings."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from smartschool.kernel.fields import DataClass, EncryptedTextField, personal
from smartschool.kernel.ids import short_code
from smartschool.kernel.owned import Owned


class ImportRun(Owned):
    """One file on its way in. The landed file never changes; `report` is what the last check found.

    ``report`` (JSON, encrypted): ``faults`` and ``warnings`` as [sheet, row, column, code, message],
    ``headings``, ``changes``, ``leaving``, ``brake``; see `report.build`.
    """

    class Status(models.TextChoices):
        LANDED = "landed", "已放好"
        CHECKED = "checked", "已检查"
        QUEUED = "queued", "排队中"
        RUNNING = "running", "正在导入"
        APPLIED = "applied", "已导入"
        NOT_APPLIED = "not_applied", "未导入"
        UNDONE = "undone", "已撤销"
        DISCARDED = "discarded", "没有导入"

    code = models.TextField(unique=True, default=short_code)
    importer = models.TextField()
    mode = models.TextField(default="add")
    fixed = models.BooleanField(default=True)  # all rows belong to the organisation of the run
    options = models.JSONField(default=dict)
    file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    file_name = personal(models.TextField(), DataClass.INTERNAL, retention="import")
    file_size = models.BigIntegerField()
    file_digest = models.CharField(max_length=64)  # SHA-256 of the bytes as they came
    status = models.TextField(choices=Status.choices, default=Status.LANDED)
    step = models.SmallIntegerField(default=0)  # 1 reading, 2 comparing and writing, 3 finished
    message = models.TextField(default="")
    accept_partial = models.BooleanField(default=False)
    confirmed = models.BooleanField(default=False)  # somebody looked at the brake and said yes
    n_rows = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    leaving = models.IntegerField(default=0)
    report = personal(EncryptedTextField(null=True), DataClass.SENSITIVE, retention="import")
    undo_file = models.ForeignKey("kernel.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    account_id = models.BigIntegerField(null=True)
    landed_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta(Owned.Meta):
        abstract = False
        indexes: ClassVar = [models.Index(fields=["organisation", "-landed_at"], name="import_run_recent")]


class HeaderMapping(Owned):
    """What a school's own headers mean: comparable header → column key, "" for 不导入."""

    importer = models.TextField()
    words = models.JSONField(default=dict)

    class Meta(Owned.Meta):
        abstract = False
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "importer"], name="header_mapping_once")
        ]
