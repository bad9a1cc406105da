"""Owns how Django forms look: label, hint, error, input; on top a summary that links to the fields."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxInput, ""),
    (forms.CheckboxSelectMultiple, ""),
    (forms.RadioSelect, ""),
    (forms.Select, "select"),
    (forms.Textarea, "area"),
    (forms.widgets.Input, "input"),
)


class KitBoundField(BoundField):
    """Gives widgets the kit's classes."""

    @property
    def shape(self) -> str:
        """How the field template lays the widget out: "choices", "secret", "check" or "line"."""
        widget = self.field.widget
        if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
            return "choices"
        if isinstance(widget, forms.PasswordInput):
            return "secret"
        return "check" if isinstance(widget, forms.CheckboxInput) else "line"

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Add the class to Django's own attributes (required, aria-invalid, aria-describedby)."""
        built: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        widget = widget or self.field.widget
        css = next((name for kind, name in _CLASSES if isinstance(widget, kind)), "")
        own = str(widget.attrs.get("class", ""))
        if css and css not in own.split():
            built["class"] = f"{css} {own}".strip()
        return built


class KitRenderer(TemplatesSetting):
    """`FORM_RENDERER = "smartschool.web.renderer.KitRenderer"`: a plain `{{ form }}` is finished HTML."""

    form_template_name = "web/forms/form.html"
    field_template_name = "web/forms/field.html"
    bound_field_class = KitBoundField
