"""Tables of identity: account, its former passwords, its sessions, and the counters of failed sign-ins."""

import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now

from smartschool.kernel.fields import DataClass, personal
from smartschool.kernel.owned import TableKind


def normal_login(text: str) -> str:
    """One spelling per account: trimmed, full-width folded, small letters."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(login=normal_login(username or ""))


class Account(AbstractBaseUser):
    """A login of one person. Rights are not here: they come from the person's valid affiliations."""

    table_kind: ClassVar[TableKind] = TableKind.ACCOUNT_KEYED
    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar = []

    login = personal(models.TextField(unique=True), DataClass.INTERNAL, retention="account")
    person = models.OneToOneField("directory.Person", on_delete=models.PROTECT, related_name="+")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[Any] = AccountManager()


class FormerPassword(models.Model):
    """Hashes of the passwords that an account may not take again."""

    table_kind: ClassVar[TableKind] = TableKind.ACCOUNT_KEYED

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="former_passwords")
    password = models.TextField()
    until = models.DateTimeField(db_default=Now())


class Session(AbstractBaseSession):
    """A browser's session, with its account: so all sessions of an account can be ended at once."""

    table_kind: ClassVar[TableKind] = TableKind.ACCOUNT_KEYED

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="sessions")

    class Meta(AbstractBaseSession.Meta):
        abstract = False
        db_table = "identity_session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Asked by Django when a row is decoded."""
        from smartschool.contexts.identity.session_store import SessionStore

        return SessionStore


class SignInThrottle(models.Model):
    """Failures per login name, known or not: a name that nobody has locks just like one that exists.

    Written through the connection "facts", which commits by itself: a rolled back request keeps the count.
    """

    table_kind: ClassVar[TableKind] = TableKind.ACCOUNT_KEYED

    login_hash = personal(models.BinaryField(unique=True), DataClass.INTERNAL, retention="sign_in")
    failures = models.SmallIntegerField()
    window_started_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)
