"""Panels of 今日 that the house itself brings: who is where, from the doors of directory."""

from collections.abc import Callable

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Panel, panels


def panel(
    name: str, policy: str, *, order: int
) -> Callable[[Callable[[HttpRequest, Actor], dict[str, object] | None]], None]:
    """Register a function that answers the context of ``web/panels/<name>.html``, or None for nothing."""

    def register(content: Callable[[HttpRequest, Actor], dict[str, object] | None]) -> None:
        def render(request: HttpRequest, actor: Actor) -> SafeString | None:
            context = content(request, actor)
            if context is None:
                return None
            return mark_safe(render_to_string(f"web/panels/{name}.html", context))  # noqa: S308 -- a template

        panels.register(Panel(f"web.{name}", policy, render, order))

    return register
