"""Model fields of the kernel: encrypted text, transaction id, and the label of personal data."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db import models
from django.db.models import Func

from smartschool.kernel import crypto


class DataClass(StrEnum):
    """Class of a field's data (domain/07 §7.2)."""

    PUBLIC = "公开"
    INTERNAL = "内部"
    SENSITIVE = "敏感"
    HIGHLY_SENSITIVE = "高敏感"


@dataclass(frozen=True)
class Personal:
    """What must be known of a personal field: its class, its retention rule, its master system."""

    data_class: DataClass
    retention: str
    master: str = "ours"


F = TypeVar("F", bound=models.Field)


def personal(field: F, data_class: DataClass, *, retention: str, master: str = "ours") -> F:
    """Label `field`; `retention` is a key of kernel/retention.toml, `master` of its master systems."""
    field.personal = Personal(data_class, retention, master)  # type: ignore[attr-defined]
    return field


class EncryptedTextField(models.BinaryField):
    """Text, encrypted in Python before it reaches the database; bound to its table and column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    @property
    def purpose(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = crypto.encrypt(value.encode(), purpose=self.purpose)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else crypto.decrypt(bytes(value), purpose=self.purpose).decode()

    def get_default(self) -> Any:
        return None if self.null else ""

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError("an encrypted field is not serialised")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is encrypted: look up by its keyed hash")
        return super().get_lookup(lookup_name)


class CurrentTransactionId(Func):
    """The id of the writing transaction (xid8, PostgreSQL 13+)."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    arity = 0


class TransactionIdField(models.BigIntegerField):
    """xid8 of the transaction that wrote the row; filled by the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        kwargs.setdefault("db_default", CurrentTransactionId(output_field=models.BigIntegerField()))
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)
