"""What audit needs to know of the running request or job: who asked, from where, under which id."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from smartschool.kernel.ids import uuid7


@dataclass(frozen=True)
class RequestContext:
    request_id: uuid.UUID
    ip: str | None = None
    user_agent: str = ""


_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request() -> RequestContext:
    """The running request's context; a fresh one outside requests."""
    return _context.get() or RequestContext(uuid7())


@contextmanager
def request_context(context: RequestContext) -> Iterator[None]:
    """Run a request or job under `context`."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


class RequestContextMiddleware:
    """Gives each request its id; first after SecurityMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        context = RequestContext(
            uuid7(), request.META.get("REMOTE_ADDR"), request.META.get("HTTP_USER_AGENT", "")[:200]
        )
        with request_context(context):
            response = self.get_response(request)
        response["X-Request-Id"] = str(context.request_id)
        return response
