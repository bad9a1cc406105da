"""What the preview says of a row of a 学籍 workbook: changed fields, the seat, a note; numbers masked."""

import json
from datetime import date
from typing import Any

from smartschool.contexts.directory.grades import class_name, grades_on
from smartschool.contexts.directory.importers.roster_rows import ClassKey, RosterRow
from smartschool.contexts.directory.models import Enrolment
from smartschool.contexts.directory.public import codes
from smartschool.kernel.importing import FieldChange

# Shown names of what can change; identifiers and telephones are masked.
_SHOWN = {
    "name": "姓名", "sex": "性别", "birth_date": "出生日期", "ethnicity": "民族", "id_type": "证件类型",
    "id_number": "身份证号", "national_number": "学籍号", "entry_month": "入学年月",
}  # fmt: skip


def masked(text: Any) -> str:
    """``340***********0019``; short values keep nothing but their ends."""
    word = "" if text is None else str(text)
    if len(word) < 7:
        return word
    return word[:3] + "*" * (len(word) - 7) + word[-4:]


def class_words(key: ClassKey, day: date) -> str:
    """三（2）班 of a class key."""
    return class_name(key[1], key[2], key[3], grades_on(key[1], [key[2]], day))


def field_changes(row: RosterRow, stored: Enrolment, names: dict[str, str]) -> list[FieldChange]:
    """What the file says otherwise than the record; columns that the file lacks are left alone."""
    changes = []
    for key, new in row.fields.items():
        old = getattr(stored, key)
        if key in _SHOWN and old != new and new not in (None, ""):
            hide = key in ("id_number", "national_number")
            changes.append(FieldChange(_SHOWN[key], *(_words(key, v, hide) for v in (old, new))))
    details = json.loads(str(stored.details)) if stored.details else {}
    for key, new in json.loads(json.dumps(row.details, default=str)).items():
        old = details.get(key)
        if old != new:
            hide = key.endswith(("phone", "id_number"))
            shown = (masked(v) if hide else str(v or "") for v in (old, new))
            changes.append(FieldChange(names.get(key, key), *shown))
    return changes


def _words(key: str, value: Any, hide: bool) -> str:
    if value is None:
        return ""
    if hide:
        return masked(value)
    table = {"sex": "sex", "ethnicity": "ethnicity", "id_type": "identity_document"}.get(key)
    return codes.table(table).name(str(value)) if table else str(value)


def seat_change(row: RosterRow, key_of: dict[int, ClassKey], day: date) -> FieldChange:
    one = row.standing
    new = f"{class_words(row.class_key, day)} {row.class_number} 号"
    if one is None or one.class_id is None:
        return FieldChange("班级", "未编班", new)
    old = class_words(key_of[one.class_id], day) if one.class_id in key_of else "原班级"
    return FieldChange("班级", f"{old} {one.class_number} 号", new)


def note(row: RosterRow, day: date, known: set[bytes]) -> str:
    words = [class_words(row.class_key, day)]
    if row.id_hash is None and "national_number" not in row.fields:
        words.append("学籍号还没下来，先按就读登记")
    elif row.id_hash in known:
        words.append("本区已有这个人的记录，会接到同一个人名下")
    return "，".join(words)
