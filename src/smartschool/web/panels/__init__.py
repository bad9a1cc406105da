"""Panels of 今日 that the house itself brings: who is where, from the doors of directory."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from smartschool.kernel.actor import Actor
from smartschool.kernel.registry import Block, Panel, panels

Content = Callable[[HttpRequest, Actor], Mapping[str, object] | None]


def panel(
    name: str, policy: str, *, order: int, side: bool = True, body: bool = True
) -> Callable[[Content], None]:
    """Register a function that answers the context of a panel, or None for nothing.

    The context fills ``web/panels/<name>_lede.html``, the sentence, and, unless there is no `body`,
    ``web/panels/<name>.html``, the section.
    """

    def filled(template: str, context: Mapping[str, object]) -> SafeString:
        return mark_safe(render_to_string(f"web/panels/{template}.html", context).strip())  # noqa: S308 -- a template

    def register(content: Content) -> None:
        def render(request: HttpRequest, actor: Actor) -> Block | None:
            context = content(request, actor)
            if context is None:
                return None
            return Block(
                body=filled(name, context) if body else SafeString(), lede=filled(f"{name}_lede", context)
            )

        panels.register(Panel(f"web.{name}", policy, render, order, side))

    return register
