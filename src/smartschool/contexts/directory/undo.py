"""Undo of the pages of directory: after a change, one button that asks for the opposite."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join


def offer_undo(
    request: HttpRequest,
    words: str,
    address: str,
    fields: Mapping[str, str | Sequence[str]],
    label: str = "撤销",
) -> None:
    """Say on the next page what was done, with a form that posts `fields` to `address` and takes it back."""
    pairs = [
        (name, value)
        for name, values in {"csrfmiddlewaretoken": get_token(request), **fields}.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    hidden = format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)
    form = format_html(
        '<form method="post" action="{}">{}<button class="btn sm">{}</button></form>', address, hidden, label
    )
    messages.success(request, format_html('<div class="row"><span>{}</span>{}</div>', words, form))
