"""Forms of the organisation tree: particulars of a unit, its place, its end."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from smartschool.contexts.directory.commands.organisations import CHANGEABLE
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public.identifiers import parse_credit_code, parse_school_code
from smartschool.contexts.directory.tree import CATEGORIES, NATIONAL_CODE
from smartschool.kernel import clock
from smartschool.kernel.cells import narrow
from smartschool.kernel.tabular import Bad

Kind = Organisation.Kind
BLANK = [("", "没有填")]


def checked_code(kind: str, text: str) -> str:
    """学校标识码 of a school; of a 中心校 also a short code of the district.

    Raises
    ------
    forms.ValidationError
        With what is wrong and what to do.
    """
    code = narrow(text).strip().upper()
    if kind in NATIONAL_CODE or code.isdigit():
        found = parse_school_code(code)
        if isinstance(found, Bad):
            raise forms.ValidationError(found.message)
    elif not (2 <= len(code) <= 20 and code.replace("-", "").isascii() and code.replace("-", "").isalnum()):
        raise forms.ValidationError("编号用 2–20 位字母、数字和短横，如 DT-SYZX。")
    return code


class ParticularsForm(forms.Form):
    """What a unit is called and where it stands; `CHANGEABLE` of the commands."""

    name = forms.CharField(label="全称", max_length=64, error_messages={"required": "填全称。"})
    short_name = forms.CharField(
        label="简称", max_length=20, help_text="菜单和表格里用", error_messages={"required": "填简称。"}
    )
    credit_code = forms.CharField(
        label="统一社会信用代码",
        required=False,
        help_text="18 位，在事业单位法人证书上；教学点没有自己的，不填",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    school_type = forms.ChoiceField(label="办学类型", required=False)
    urban_rural = forms.ChoiceField(label="所在地城乡类型", required=False)
    plan_category = forms.ChoiceField(
        label="建设规划里算",
        required=False,
        choices=[*BLANK, *CATEGORIES.items()],
        help_text="按它分乡村、城镇统计建成率",
    )
    town = forms.CharField(label="乡镇街道", max_length=40, required=False)
    division = forms.CharField(
        label="行政区划代码",
        max_length=6,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    error_title = "没有保存，先改这里"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, key in (("school_type", "school_type"), ("urban_rural", "locality")):
            self.fields[name].choices = [*BLANK, *codes.table(key).choices()]  # type: ignore[attr-defined]

    def clean_credit_code(self) -> str:
        code = narrow(self.cleaned_data["credit_code"]).strip().upper()
        found = parse_credit_code(code) if code else ""
        if isinstance(found, Bad):
            raise forms.ValidationError(found.message)
        return code

    def clean_division(self) -> str:
        code = narrow(self.cleaned_data["division"]).strip()
        if code and (len(code) != 6 or not code.isdigit()):
            raise forms.ValidationError("行政区划代码应为 6 位数字，核对后重填。")
        return code

    def particulars(self) -> dict[str, str]:
        """The checked values of the changeable fields."""
        return {key: self.cleaned_data[key] for key in CHANGEABLE if key in self.cleaned_data}


class NewUnitForm(ParticularsForm):
    """A unit that is not here yet."""

    error_title = "没有添加，先改这里"

    parent = forms.ChoiceField(label="上级单位", error_messages={"required": "选上级单位。"})
    kind = forms.ChoiceField(
        label="是什么", choices=[(kind.value, kind.label) for kind in Kind if kind != Kind.BUREAU]
    )
    code = forms.CharField(
        label="学校标识码",
        help_text="10 位数字，终身不变、不能再用；中心校没有的，编一个短号",
        error_messages={"required": "填学校标识码。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    valid_from = forms.DateField(
        label="从哪天起",
        error_messages={"required": "填日期。", "invalid": "认不出这个日期，写成 2026-11-25 这样。"},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ("kind", "parent", "code", "name", "short_name")

    def __init__(self, parents: Sequence[Organisation], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [(one.code, one.short_name) for one in parents]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("kind") and cleaned.get("code"):
            try:
                cleaned["code"] = checked_code(cleaned["kind"], cleaned["code"])
            except forms.ValidationError as wrong:
                self.add_error("code", wrong)
        return cleaned


class PlaceForm(forms.Form):
    """Another unit above."""

    error_title = "没有移动"

    parent = forms.ChoiceField(label="移到", error_messages={"required": "选上级单位。"})

    def __init__(self, parents: Sequence[Organisation], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [  # type: ignore[attr-defined]
            (one.code, f"{one.short_name}（{Kind(one.kind).label}）") for one in parents
        ]


class CloseForm(forms.Form):
    """The day from which something is no more, and why."""

    on = forms.DateField(
        label="从哪天起",
        error_messages={"required": "填日期。", "invalid": "认不出这个日期，写成 2026-11-25 这样。"},
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(
        label="原因",
        max_length=200,
        error_messages={"required": "写原因，会留在记录里。"},
    )

    def __init__(
        self, data: Mapping[str, Any] | None, *, since: date, example: str, title: str = "没有停办"
    ) -> None:
        super().__init__(data, initial={"on": clock.today()})
        self.since, self.error_title = since, title
        self.fields["reason"].help_text = example

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on < self.since:  # the same day: it never was
            raise forms.ValidationError(f"不能早于设立日期 {self.since:%Y-%m-%d}。")
        return on
