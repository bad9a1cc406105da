"""Django's database sessions, with the account in a column of its own."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.utils import timezone

from smartschool.kernel.ready import Ready

ACCOUNT_KEY = "account"


def _stored(key: str, now: datetime) -> Any:
    from smartschool.contexts.identity.models import Session

    return Session.objects.filter(session_key=key, expire_date__gt=now).values_list("session_data")


_data = Ready(_stored)


class SessionStore(DatabaseSessions):
    @classmethod
    def get_model_class(cls) -> Any:
        from smartschool.contexts.identity.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.account_id = data.get(ACCOUNT_KEY)
        return session

    def load(self) -> dict[str, Any]:
        """The content of the session, read at every request; an unknown or ended one is empty."""
        rows = _data(key=self.session_key, now=timezone.now()) if self.session_key else []
        if not rows:
            self._session_key = None
            return {}
        content: dict[str, Any] = self.decode(rows[0][0])
        return content
