"""Forms of directory: move a pupil to another class."""

from collections.abc import Sequence
from typing import Any

from django import forms

from smartschool.contexts.directory.public.contracts import ClassInfo


class MoveForm(forms.Form):
    """Class, 学号 and the day from which it holds."""

    error_title = "没有转班"

    home_class = forms.ChoiceField(label="转到", error_messages={"required": "选一个班。"})
    class_number = forms.IntegerField(
        label="新班里的学号",
        min_value=1,
        max_value=999,
        error_messages={"required": "填学号。", "invalid": "学号应为数字。"},
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    on = forms.DateField(
        label="从哪天起",
        error_messages={"required": "填日期。", "invalid": "认不出这个日期，写成 2026-11-25 这样。"},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, classes: Sequence[ClassInfo], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["home_class"].choices = [(one.code, one.name) for one in classes]  # type: ignore[attr-defined]
