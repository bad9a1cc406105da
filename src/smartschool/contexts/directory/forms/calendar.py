"""Form of a school year: first and last day of its two terms."""

from itertools import pairwise
from typing import Any

from django import forms

from smartschool.contexts.directory.commands.calendar import Days
from smartschool.contexts.directory.forms.classes import NO_DAY, day_input


class SchoolYearForm(forms.Form):
    """Four days in a row."""

    error_title = "没有保存，先改这里"

    autumn_starts = forms.DateField(label="秋季学期第一天", error_messages=NO_DAY, widget=day_input())
    autumn_ends = forms.DateField(label="秋季学期最后一天", error_messages=NO_DAY, widget=day_input())
    spring_starts = forms.DateField(label="春季学期第一天", error_messages=NO_DAY, widget=day_input())
    spring_ends = forms.DateField(label="春季学期最后一天", error_messages=NO_DAY, widget=day_input())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = ("autumn_starts", "autumn_ends", "spring_starts", "spring_ends")
        for earlier, later in pairwise(names):
            before, after = cleaned.get(earlier), cleaned.get(later)
            if before and after and after <= before:
                self.add_error(later, f"应晚于{self.fields[earlier].label}（{before:%Y-%m-%d}）。")
        return cleaned

    def autumn(self) -> Days:
        """Checked days of the autumn term."""
        return Days(self.cleaned_data["autumn_starts"], self.cleaned_data["autumn_ends"])

    def spring(self) -> Days:
        """Checked days of the spring term."""
        return Days(self.cleaned_data["spring_starts"], self.cleaned_data["spring_ends"])
