"""Typed readers of the environment; no other module reads it."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


def text(name: str, default: str | None = None) -> str:
    """Value of NAME, or the content of the file that NAME_FILE names.

    Raises
    ------
    RuntimeError
        Neither is set and there is no default.
    """
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise RuntimeError(f"没有设置环境变量 {name}（或 {name}_FILE）。用 ./smartschool up 启动会自动设置。")
    return value


def flag(name: str, *, default: bool) -> bool:
    """True for 1, true, yes, on."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    """Whole number."""
    return int(os.environ.get(name, default))


def words(name: str, default: str = "") -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry from ``postgresql://user:password@host:port/name?host=/socket/dir``."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise RuntimeError(f"数据库地址要以 postgresql:// 开头，现在是 {parts.scheme}://")
    query = dict(parse_qsl(parts.query))
    host = query.pop("host", None) or unquote(parts.hostname or "")
    port = query.pop("port", None) or str(parts.port or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        # From its third run on a connection keeps the plan of a statement of `kernel.bound`.
        "OPTIONS": {"prepare_threshold": 2, **query},
    }
