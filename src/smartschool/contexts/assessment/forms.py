"""Forms of assessment: a new exam, a request to the district and its answer."""

from typing import Any

from django import forms

from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.regulation import Proposal
from smartschool.contexts.assessment.views.common import grade_name, subject_name
from smartschool.contexts.directory.public.contracts import TermInfo
from smartschool.contexts.directory.public.doors import current_term

# Subjects that schools examine on paper, in the order of the timetable.
EXAMINED = ("13", "14", "41", "12", "21", "20", "18", "16", "17", "15")


class ExamForm(forms.Form):
    """A new exam of this term; the regulation is asked when it is saved."""

    error_title = "没有建考试"
    grade = forms.TypedChoiceField(
        label="年级",
        coerce=int,
        choices=[(n, grade_name(n)) for n in range(1, 10)],
        error_messages={"required": "选一个年级。"},
    )
    nature = forms.ChoiceField(label="性质", choices=[(n.value, n.zh) for n in Nature])
    name = forms.CharField(
        label="名称",
        max_length=40,
        help_text="例如：七年级期末考试",
        error_messages={"required": "写一个名称。"},
    )
    held_on = forms.DateField(
        label="考试日期",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "选考试日期。", "invalid": "认不出这个日期，请重新选。"},
    )
    subjects = forms.MultipleChoiceField(
        label="学科",
        choices=[(code, subject_name(code)) for code in EXAMINED],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "至少选一门学科。"},
    )
    full_score = forms.FloatField(
        label="每科满分", initial=100, min_value=1, max_value=300, error_messages={"invalid": "满分写数字。"}
    )
    joint_code = forms.CharField(
        label="联考代码",
        max_length=20,
        required=False,
        help_text="只有毕业年级可以几校一起考；本校自己考就空着",
    )
    document_number = forms.CharField(
        label="监测文件号", max_length=60, required=False, help_text="只有质量监测要填"
    )
    sampling_plan = forms.CharField(label="抽样方案", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.term: TermInfo = current_term()

    def clean_held_on(self) -> Any:
        day = self.cleaned_data["held_on"]
        if not self.term.starts_on <= day <= self.term.ends_on:
            raise forms.ValidationError(
                f"考试日期要在本学期（{self.term.starts_on} 到 {self.term.ends_on}）里。"
            )
        return day

    def proposal(self) -> Proposal:
        """What is asked of the regulation; after `is_valid`."""
        data = self.cleaned_data
        return Proposal(
            data["name"].strip(),
            Nature(data["nature"]),
            data["grade"],
            (self.term.school_year, self.term.number),
            data["joint_code"].strip(),
            data["document_number"].strip(),
            data["sampling_plan"].strip(),
        )


class AnswerForm(forms.Form):
    """The district's answer to a request."""

    error_title = "没有保存"
    granted = forms.ChoiceField(
        label="答复", choices=[("yes", "同意"), ("no", "不同意")], widget=forms.RadioSelect,
        error_messages={"required": "选同意或不同意。"},
    )  # fmt: skip
    reason = forms.CharField(
        label="意见", max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "写审批意见。"},
    )  # fmt: skip
