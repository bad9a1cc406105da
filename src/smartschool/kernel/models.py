"""Tables of the kernel: audit records and seals, events and cursors, command receipts, stored files."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from smartschool.kernel.fields import DataClass, TransactionIdField, personal
from smartschool.kernel.owned import TableKind


class AuditRecord(models.Model):
    """Who did what to which object, written in the command's own transaction; insert-only.

    `data` holds masked values: what is stored here must be readable by the audit administrator.
    """

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    xid = TransactionIdField()
    at = models.DateTimeField(db_default=Now())
    request_id = models.UUIDField()
    account_id = models.BigIntegerField(null=True)
    actor = models.TextField()  # role, or the job's name
    organisation_id = models.BigIntegerField(null=True)
    verb = models.TextField()
    subject_type = models.TextField()
    subject_id = models.TextField()
    outcome = models.TextField(default="done")
    data = personal(models.JSONField(default=dict), DataClass.INTERNAL, retention="audit")
    ip = personal(models.GenericIPAddressField(null=True), DataClass.INTERNAL, retention="audit")
    user_agent = models.TextField(default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_subject"),
            models.Index(fields=["organisation_id", "id"], name="audit_organisation"),
            models.Index(fields=["xid", "id"], name="audit_horizon"),
        ]


class AuditSeal(models.Model):
    """One link of the audit chain: hash of the former link and of one committed record."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    record = models.OneToOneField(AuditRecord, on_delete=models.PROTECT, related_name="seal")
    former = models.BinaryField()
    digest = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=Now())


class Event(models.Model):
    """What happened, for everything that follows. Ids only, no personal data."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    xid = TransactionIdField()
    at = models.DateTimeField(db_default=Now())
    organisation_id = models.BigIntegerField(null=True)
    type = models.TextField()
    subject_id = models.TextField()
    ids = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["xid", "id"], name="event_horizon")]


class FollowerCursor(models.Model):
    """How far a follower has read the event table."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    name = models.TextField(unique=True)
    xid = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)


class CommandReceipt(models.Model):
    """A client's command that was carried out: a resend after a lost connection changes nothing."""

    table_kind: ClassVar[TableKind] = TableKind.ACCOUNT_KEYED

    command_id = models.UUIDField(unique=True)
    account_id = models.BigIntegerField(null=True)
    verb = models.TextField()
    subject_type = models.TextField(default="")
    subject_id = models.TextField(default="")
    at = models.DateTimeField(db_default=Now())


class StoredFile(models.Model):
    """A content-addressed file; its rows' owners decide who may read it, by a route with a policy."""

    table_kind: ClassVar[TableKind] = TableKind.REFERENCE

    digest = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    encrypted = models.BooleanField()
    stored_at = models.DateTimeField(db_default=Now())
