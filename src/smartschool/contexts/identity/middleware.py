"""Gives each request its actor, ends sessions that rested too long, and asks for a new password when due."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from smartschool.contexts.identity.actors import actor_of, preferring
from smartschool.contexts.identity.commands.signing import (
    LIMIT_KEY,
    MUST_CHANGE_KEY,
    SEEN_KEY,
    SINCE_KEY,
)
from smartschool.contexts.identity.models import Session
from smartschool.contexts.identity.public.doors import PLACE_KEY
from smartschool.contexts.identity.rules import rules
from smartschool.contexts.identity.session_store import ACCOUNT_KEY
from smartschool.contexts.identity.throttle import FACTS
from smartschool.kernel import clock
from smartschool.kernel.actor import ANONYMOUS, Actor


class ActorMiddleware:
    """`request.actor`: worked out at its first use, inside the view's transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = settings.SESSION_COOKIE_NAME in request.COOKIES
        request.actor = (  # type: ignore[attr-defined]
            SimpleLazyObject(lambda: actor_of_session(request)) if known else ANONYMOUS
        )
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """A first or an outdated password is changed before anything else."""
        if getattr(view, "public_reason", None) or getattr(view, "open_while_password_due", False):
            return None
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.session.get(MUST_CHANGE_KEY):
            return HttpResponseRedirect(reverse("identity:password"))
        return None


def actor_of_session(request: HttpRequest) -> Actor:
    """The session's actor; a session past its limits is deleted and gives nobody."""
    session = request.session
    account_id = session.get(ACCOUNT_KEY)
    if account_id is None:
        return ANONYMOUS
    now, limits = clock.now().timestamp(), rules()
    rested = now - session[SEEN_KEY]
    if rested > session[LIMIT_KEY] or now - session[SINCE_KEY] > limits.longest_session.total_seconds():
        _end(session)
        return ANONYMOUS
    if rested >= limits.seen_every.total_seconds():  # a write a minute, not one a page
        session[SEEN_KEY] = now
    actor = actor_of(account_id)
    if actor is None:
        _end(session)
        return ANONYMOUS
    return preferring(actor, session.get(PLACE_KEY))


def _end(session: SessionBase) -> None:
    """Delete the session at once: the view that asked will raise, and its transaction is rolled back."""
    Session.objects.using(FACTS).filter(session_key=session.session_key).delete()
    session.flush()
