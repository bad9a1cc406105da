"""Behind nginx with TLS."""

from smartschool.settings.base import *  # noqa: F403
from smartschool.settings.base import DATABASES, POOL

DATABASES["default"]["OPTIONS"] = {**DATABASES["default"]["OPTIONS"], "pool": POOL}  # type: ignore[dict-item]

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
