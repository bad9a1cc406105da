"""Owns how errors look: as a Chinese page and as problem+json; not found and not yours look the same."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string

from smartschool.contexts.directory.public.roles import roles
from smartschool.kernel.errors import DomainError, NotAllowed, NotYours
from smartschool.kernel.policy import policies
from smartschool.kernel.request_context import current_request

SIGN_IN_URL = "/login/"
FORM_EXPIRED = "web.form_expired"
# Below the heading of 404, which has said already that there is no such page.
NOT_FOUND = "地址可能抄错了，或者已经失效，也可能不归你看。"

# status → (icon, heading); the sentence below it comes from the error itself
HEADINGS = {
    400: ("alert-circle", "这一步没有做成"),
    401: ("lock", "先登录"),
    403: ("lock", "这一页你看不到"),
    404: ("search", "没有找到这一页"),
    409: ("alert-triangle", "这一步没有做成"),
    413: ("alert-triangle", "文件太大"),
    429: ("clock", "太快了"),
    500: ("alert-circle", "这一页没有打开"),
}


def wants_json(request: HttpRequest) -> bool:
    """True for the API and for callers that ask for JSON and not for a page."""
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "text/html" not in accept)


def render_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Render a domain error as a page or as problem+json."""
    if wants_json(request):
        body = json.dumps(error.problem(), ensure_ascii=False)
        return HttpResponse(body, status=error.status, content_type="application/problem+json; charset=utf-8")
    if error.status == 401 and request.method == "GET" and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{SIGN_IN_URL}?next={quote(request.get_full_path())}")
    stale = error.code == FORM_EXPIRED
    glyph, heading = ("clock", "这一页放得太久了") if stale else HEADINGS.get(error.status, HEADINGS[400])
    context: dict[str, Any] = {
        "glyph": glyph,
        "heading": heading,
        "text": NOT_FOUND if isinstance(error, NotYours) else error.message,
        "meant_for": _meant_for(request) if isinstance(error, NotAllowed) else [],
        "sign_in_url": SIGN_IN_URL,
        "session_ended": error.status == 401,
    }
    if stale:
        context["again_url"] = _came_from(request)
    response = HttpResponse(render_to_string("web/errors/page.html", context, request), status=error.status)
    # htmx does not swap an error: the script shows this sentence and keeps the old content.
    response.headers["X-Message"] = quote(error.message)
    return response


def _came_from(request: HttpRequest) -> str:
    """The page of ours whose form was sent, to be opened anew; 今日 where the browser does not say."""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc != request.get_host():
        return "/"
    # Of several slashes at the beginning a browser would take what follows for another host.
    return f"/{came.path.lstrip('/')}" + (f"?{came.query}" if came.query else "")


def _meant_for(request: HttpRequest) -> list[str]:
    """Titles of the roles that may open the address: a refusal says whom to ask."""
    view = getattr(request.resolver_match, "func", None)
    wanted = policies().get(getattr(view, "policy_name", ""))
    return [role.zh for name, role in roles().items() if name in wanted.roles] if wanted else []


class DomainErrors:
    """Turns a DomainError of a view into its page; the view's transaction is rolled back by then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for our own family only; anything else is a fault and becomes 500."""
        if isinstance(exception, DataError) and "NUL" in str(exception):
            exception = _nul_character(request)
        return render_error(request, exception) if isinstance(exception, DomainError) else None


def _nul_character(request: HttpRequest) -> DomainError:
    """PostgreSQL's text holds no NUL: an address with one names nothing, a form with one is not kept."""
    if request.method in ("GET", "HEAD"):
        return NotYours()
    return DomainError("web.nul_character", "没有保存。内容里混进了看不见的坏字符，请删掉后重新输入。")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request cannot be read, or is more than the server takes at once."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20
        return render_error(
            request, DomainError("web.too_big", f"没有收下，内容超过 {most} MB。分成几次再传。", status=413)
        )
    return render_error(
        request, DomainError("web.bad_request", "这个请求读不懂。返回上一页，重新填一次。", status=400)
    )


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 raised by the framework itself."""
    return render_error(
        request,
        DomainError("web.not_allowed", "这一页只给有对应岗位的人看。需要的话，联系本校管理员。", status=403),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is older than the session."""
    return render_error(
        request,
        DomainError(
            FORM_EXPIRED, "没有保存。期间重新登录过或换过账号，请回到刚才的页面再提交一次。", status=403
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or not yours; the two look the same."""
    return render_error(request, NotYours())


def server_error(request: HttpRequest) -> HttpResponse:
    """500: asks nothing of the database or of the request."""
    number = str(current_request().request_id)[-12:]
    if wants_json(request):
        problem = DomainError("web.server_error", "系统出了错，已经记下来。", status=500, number=number)
        return render_error(request, problem)
    return HttpResponse(render_to_string("web/errors/500.html", {"request_id": number}), status=500)
