"""Django's database sessions, with the account in a column of its own."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

ACCOUNT_KEY = "account"


class SessionStore(DatabaseSessions):
    @classmethod
    def get_model_class(cls) -> Any:
        from smartschool.contexts.identity.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        session.account_id = data.get(ACCOUNT_KEY)
        return session
