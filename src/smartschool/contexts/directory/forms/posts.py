"""Forms of 任职: appoint somebody, end a post."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from smartschool.contexts.directory.forms.classes import NO_DAY, day_input
from smartschool.contexts.directory.public.contracts import ClassInfo
from smartschool.contexts.directory.public.roles import Role
from smartschool.contexts.directory.teaching_pages import Teacher
from smartschool.kernel import clock


class PostForm(forms.Form):
    """Who, which post, of which class, from when."""

    error_title = "没有任命，先改这里"

    staff = forms.ChoiceField(label="谁", error_messages={"required": "选一个人。"})
    role = forms.ChoiceField(label="岗位", error_messages={"required": "选岗位。"})
    home_class = forms.ChoiceField(label="班级", required=False, help_text="只有班主任要选")
    on = forms.DateField(label="从哪天起", error_messages=NO_DAY, widget=day_input())

    def __init__(
        self,
        people: Sequence[Teacher],
        given: Sequence[Role],
        classes: Sequence[ClassInfo],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        named = [(one.code, f"{one.name}（{one.note}）" if one.note else one.name) for one in people]
        for field, choices in (
            ("staff", [("", "选一个人"), *named]),
            ("role", [("", "选岗位"), *((role.name, role.zh) for role in given)]),
            ("home_class", [("", "不用选"), *((one.code, one.name) for one in classes)]),
        ):
            self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("role") == "form_teacher" and not cleaned.get("home_class"):
            self.add_error("home_class", "选他带的班。")
        return cleaned


class EndForm(forms.Form):
    """The day from which a post gives no rights any more."""

    error_title = "没有结束"

    on = forms.DateField(label="从哪天起不再担任", error_messages=NO_DAY, widget=day_input())

    def __init__(self, data: Mapping[str, Any] | None, *, since: date) -> None:
        super().__init__(data, initial={"on": clock.today()})
        self.since = since

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.since:
            raise forms.ValidationError(f"不能早于任命的日期 {self.since:%Y-%m-%d}。")
        return on
