"""Forms of a new member of staff; a document number finds the same person of another school again."""

from typing import Any

from django import forms

from smartschool.contexts.directory.forms.classes import NO_DAY, day_input
from smartschool.contexts.directory.public.contracts import NewStaff
from smartschool.contexts.directory.public.identifiers import IdNumber, parse_id_number, parse_phone
from smartschool.contexts.directory.public.roles import given_by_district
from smartschool.kernel import clock
from smartschool.kernel.cells import narrow, person_name
from smartschool.kernel.tabular import Bad

SHARES = [("1", "全部在本校"), ("0.8", "0.8 个岗"), ("0.7", "0.7 个岗"), ("0.5", "0.5 个岗"),
          ("0.3", "0.3 个岗"), ("0.2", "0.2 个岗")]  # fmt: skip


class _StaffForm(forms.Form):
    """Who, under which number."""

    name = forms.CharField(label="姓名", max_length=40, error_messages={"required": "填姓名。"})
    staff_number = forms.CharField(
        label="工号",
        max_length=20,
        help_text="本校的工号，别人没用过的",
        error_messages={"required": "填工号。"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    id_number = forms.CharField(
        label="身份证号",
        required=False,
        help_text="在别的学校也任教的人要填：认得出是同一个人，一个账号看两边",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label="电话",
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    on = forms.DateField(label="从哪天起", error_messages=NO_DAY, widget=day_input())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = clock.today()

    def clean_name(self) -> str:
        found = person_name(self.cleaned_data["name"])
        if isinstance(found, Bad):
            raise forms.ValidationError(found.message)
        return str(found)

    def clean_staff_number(self) -> str:
        return narrow(self.cleaned_data["staff_number"]).strip()

    def clean_id_number(self) -> IdNumber | None:
        number = narrow(self.cleaned_data["id_number"]).strip().upper()
        found = parse_id_number(number) if number else None
        if isinstance(found, Bad):
            raise forms.ValidationError(found.message)
        return found

    def clean_phone(self) -> str | None:
        number = narrow(self.cleaned_data["phone"]).strip()
        found = parse_phone(number) if number else None
        if isinstance(found, Bad):
            raise forms.ValidationError(found.message)
        return found

    def new_staff(self) -> NewStaff:
        """The checked values."""
        cleaned, own = self.cleaned_data, self.cleaned_data["id_number"]
        return NewStaff(
            cleaned["name"],
            cleaned["staff_number"],
            own.sex if own else "0",
            own.born_on if own else None,
            own.number if own else None,
            cleaned["phone"],
            share=float(cleaned.get("share", 1)),
        )


class NewStaffForm(_StaffForm):
    """A member of staff, with which part of the post."""

    error_title = "没有添加，先改这里"
    field_order = ("name", "staff_number", "id_number", "phone", "share", "on")

    share = forms.ChoiceField(label="在本校多少", choices=SHARES, help_text="几所学校合用的人，各校按份额算")


class OfficeForm(_StaffForm):
    """Whom the district gives a post of the bureau, or of a school's office."""

    error_title = "没有任命，先改这里"
    field_order = ("role", "name", "staff_number", "id_number", "phone", "on")

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A new school needs its 校长 first; at the bureau nobody becomes 区级管理员 by an unread field.
        unread = [("", "选岗位")] if kind == "bureau" else []
        self.fields["role"] = forms.ChoiceField(
            label="岗位",
            choices=unread + [(role.name, role.zh) for role in given_by_district(kind)],
            error_messages={"required": "选岗位。"},
        )
        self.order_fields(self.field_order)
        self.fields["staff_number"].help_text = "在这个单位的工号；已经在这里的人，填原来的"
