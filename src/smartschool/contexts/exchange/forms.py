"""Forms of the import wizard: the file with its mode, and the columns."""

from typing import Any

from django import forms

from smartschool.kernel.importing import ADD, SNAPSHOT, Importer

MODES = {
    ADD: "补充和更新：文件里没有的人保持原样",
    SNAPSHOT: "以文件为准：文件里没有的人按离校处理（先给你看名单）",
}


class FileForm(forms.Form):
    """Step 1."""

    error_title = "还没有放好文件"

    file = forms.FileField(
        label="文件",
        help_text="Excel（.xlsx、.xls）或 CSV，最大 60 MB。",
        error_messages={"required": "选一个文件。", "empty": "这个文件是空的，换一个文件。"},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )
    mode = forms.ChoiceField(label="怎么导入", widget=forms.RadioSelect)

    def __init__(self, importer: Importer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mode"]
        field.choices = [(mode, MODES[mode]) for mode in importer.modes]  # type: ignore[attr-defined]
        field.initial = importer.modes[0]
        if len(importer.modes) == 1:
            field.widget = forms.HiddenInput()
