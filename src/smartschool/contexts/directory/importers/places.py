"""Which organisation a row belongs to: the one school of the import, or the one that the row names."""

from collections.abc import Sequence

from smartschool.contexts.directory.models import Organisation
from smartschool.kernel.importing import Target
from smartschool.kernel.scope import current_scope
from smartschool.kernel.tabular import Checked

SCHOOL_KINDS = ("school", "campus", "teaching_point", "central_school")


def organisations_of_rows(checked: Checked, target: Target) -> list[int | None]:
    """Organisation id per row; rows of another or an unknown school are refused."""
    codes, names = checked.column("school_code"), checked.column("school_name")
    known = list(
        Organisation.objects.filter(kind__in=SCHOOL_KINDS, valid_to__isnull=True).values_list(
            "pk", "code", "name", "short_name"
        )
    )
    by_code = {code: pk for pk, code, _, _ in known}
    if target.fixed:
        _refuse_other_schools(checked, target, codes, by_code)
        return [target.organisation_id] * len(checked.frame)
    by_name: dict[str, list[int]] = {}
    for pk, _, name, short_name in known:
        for word in {name, short_name}:
            by_name.setdefault(word, []).append(pk)
    allowed = current_scope().write
    found: list[int | None] = []
    for index, code in enumerate(codes):
        place = by_code.get(str(code)) if code is not None else None
        if code is None and len(same := by_name.get(str(names[index]), [])) == 1:
            place = same[0]
        if place is None or place not in allowed:
            column = (
                "学校标识码" if checked.has("school_code") or not checked.has("school_name") else "就读学校"
            )
            if index not in checked.bad:
                checked.add(
                    index,
                    column,
                    "unknown_school",
                    "本区没有这所学校。请核对学校标识码，或先选好学校再导入。",
                )
            place = None
        found.append(place)
    return found


def _refuse_other_schools(
    checked: Checked, target: Target, codes: Sequence[object], by_code: dict[str, int]
) -> None:
    """Rows of another school among ours are a mistake. A whole file under one other code is only odd (an old
    code, a merged school): the school was chosen by hand, and the preview says it first."""
    said = {str(code) for code in codes if code is not None}
    foreign = {code for code in said if by_code.get(code) != target.organisation_id}
    if not foreign:
        return
    if said == foreign and len(foreign) == 1:
        first = next(index for index, code in enumerate(codes) if code is not None)
        checked.warn(
            first,
            "学校标识码",
            "other_school",
            f"整个文件写的都是学校标识码 {foreign.pop()}，不是选定的学校，请核对一眼。",
        )
        return
    for index, code in enumerate(codes):
        if code is not None and str(code) in foreign:
            checked.add(index, "学校标识码", "other_school", "这一行写的是另一所学校，请交给那所学校导入。")
