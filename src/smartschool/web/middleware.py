"""Owns what every response carries: security headers, no-store, the icon sprite of a page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from smartschool.web import icons

Handler = Callable[[HttpRequest], HttpResponseBase]

# Nothing runs or loads that does not come from our own host as a file: no inline script, no style attribute.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"

SPRITE_MARK = b"<!--icon-sprite-->"


class SecurityHeaders:
    """Adds the headers; a page that is not a static file is never stored by a browser or a proxy."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        # Shared computers: after sign-out the back button must not show a pupil's page again.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class IconSprite:
    """Puts the sprite where the base template left its mark, or at the end of a fragment."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not isinstance(response, HttpResponse) or not response.get("Content-Type", "").startswith(
            "text/html"
        ):
            return response
        body = response.content
        if SPRITE_MARK in body:
            names = icons.used_in(body)
            response.content = body.replace(SPRITE_MARK, icons.sprite(names).encode(), 1)
        elif request.headers.get("HX-Request") and (names := icons.used_in(body)):
            response.content = body + icons.sprite(names, fragment=True).encode()
        if response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        return response
