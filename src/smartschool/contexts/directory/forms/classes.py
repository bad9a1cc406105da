"""Forms of classes: a class, where chosen pupils go."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms

from smartschool.contexts.directory.class_pages import COMBINED, ORDINARY, Mover
from smartschool.contexts.directory.grades import FIRST_GRADE, LAST_GRADE, entry_year_of, grade_name
from smartschool.contexts.directory.public import codes
from smartschool.kernel import clock

NO_DAY = {"required": "填日期。", "invalid": "认不出这个日期，写成 2026-11-25 这样。"}


def day_input() -> forms.DateInput:
    """The browser's own calendar; typed as 2026-11-25 where it has none."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ClassForm(forms.Form):
    """Grades, number and type of a class that is here."""

    error_title = "没有保存，先改这里"

    grades = forms.TypedMultipleChoiceField(
        label="年级",
        coerce=int,
        choices=[(grade, grade_name(grade)) for grade in range(1, 10)],
        help_text="几个年级坐在一起上课，就都选上：这就是复式班",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "选年级。"},
    )
    number = forms.IntegerField(
        label="班号",
        min_value=1,
        max_value=60,
        error_messages={
            "required": "填班号。",
            "invalid": "班号应为数字。",
            "min_value": "班号从 1 到 60。",
            "max_value": "班号从 1 到 60。",
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    class_type = forms.ChoiceField(
        label="班级类型", required=False, help_text="特长班、特教班等才要选；其余按年级自动定"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = {*ORDINARY.values(), *COMBINED.values()}
        kinds = [(code, name) for code, name in codes.table("class_kind").choices() if code < "40"]
        self.fields["class_type"].choices = [  # type: ignore[attr-defined]
            ("", "按年级自动定"), *((code, name) for code, name in kinds if code not in usual)
        ]  # fmt: skip

    def clean_grades(self) -> list[int]:
        grades: list[int] = sorted(self.cleaned_data["grades"])
        if grades[0] <= LAST_GRADE["primary"] < grades[-1]:
            raise forms.ValidationError("小学和初中的年级不能编在一个班，分开建。")
        return grades

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        grades, chosen = cleaned.get("grades"), cleaned.get("class_type", "")
        if grades:
            stage = self.stage()
            if not chosen:
                cleaned["class_type"] = (COMBINED if len(grades) > 1 else ORDINARY)[stage]
            elif chosen[0] != ("1" if stage == "primary" else "2"):
                self.add_error("class_type", "这个类型是另一个学段的，换一个。")
        return cleaned

    def stage(self) -> str:
        """Stage of the chosen grades."""
        first: int = self.cleaned_data["grades"][0]
        return "primary" if first < FIRST_GRADE["junior"] else "junior"

    def entry_years(self, day: date) -> list[int]:
        """Entry years of the chosen grades on a day, the oldest first."""
        return sorted(entry_year_of(grade, day)[1] for grade in self.cleaned_data["grades"])


class NewClassForm(ClassForm):
    """A class that is not here yet."""

    error_title = "没有建班，先改这里"

    valid_from = forms.DateField(label="从哪天起", error_messages=NO_DAY, widget=day_input())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].required = False
        self.fields["number"].help_text = "不填，就用这个年级的下一个班号"


class SeatsForm(forms.Form):
    """The new 学号 of each chosen pupil and the day; fields are ``number-<code>``."""

    error_title = "没有转班，先改这里"

    def __init__(self, chosen: Sequence[Mover], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen = chosen
        for mover in chosen:
            self.fields[f"number-{mover.enrolment.code}"] = forms.IntegerField(
                label=f"{mover.enrolment.name}的新学号",
                min_value=1,
                max_value=999,
                initial=mover.proposed,
                error_messages={
                    "required": f"填{mover.enrolment.name}的学号。",
                    "invalid": f"{mover.enrolment.name}的学号应为数字。",
                },
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.fields["on"] = forms.DateField(
            label="从哪天起", initial=clock.today(), error_messages=NO_DAY, widget=day_input()
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first: dict[int, str] = {}
        for mover in self.chosen:
            name = f"number-{mover.enrolment.code}"
            number = cleaned.get(name)
            if number is not None and first.setdefault(number, mover.enrolment.name) != mover.enrolment.name:
                self.add_error(name, f"{mover.enrolment.name}和{first[number]}的学号都是 {number}，改一个。")
        return cleaned

    def numbers(self) -> list[int]:
        """Checked numbers in the order of the chosen pupils."""
        return [self.cleaned_data[f"number-{mover.enrolment.code}"] for mover in self.chosen]
