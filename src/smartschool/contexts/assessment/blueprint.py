"""The two-way table (双向细目表) as people write it: checks of its rows, and what a change touches."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from smartschool.contexts.assessment.item_labels import canonical
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType
from smartschool.contexts.assessment.scoring import FALSE, TRUE, normal_key
from smartschool.kernel.judgements import judgement
from smartschool.kernel.tabular import Fault

MOST_ITEMS = 120


def normalised(row: BlueprintRow) -> BlueprintRow:
    """Label, key and options in their stored form."""
    key = normal_key(row.key, row.type) if row.key.strip() else ""
    options = "".join(sorted({c for c in row.options.upper() if c.isascii() and c.isalpha()}))
    if row.type is ItemType.TRUE_FALSE:
        options = TRUE + FALSE
    elif not options and row.type.objective:
        options = "ABCD"
    return replace(
        row,
        label=canonical(row.label),
        key=row.key if key is None else key,
        options=options if row.type.objective else "",
        partial=row.partial if row.type is ItemType.MULTIPLE else 0.0,
        shared_item=row.shared_item.strip(),
    )


def faults_of(
    rows: Sequence[BlueprintRow], *, full_score: float, known_points: Mapping[str, object]
) -> list[Fault]:
    """What stops a two-way table; `row` counts items from 1, 0 is the whole table."""
    found: list[Fault] = []

    def say(row: int, column: str, code: str, message: str) -> None:
        found.append(Fault("", row, column, code, message))

    if not rows:
        say(0, "题号", "no_items", "还没有题目，请至少写一道。")
    if len(rows) > MOST_ITEMS:
        say(0, "题号", "too_many_items", f"一份试卷最多 {MOST_ITEMS} 道小题，请核对。")
    labels: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if not row.label:
            say(number, "题号", "required", "题号不能为空，请补填。")
        elif row.label in labels:
            say(number, "题号", "duplicate", f"题号 {row.label} 和第 {labels[row.label]} 行重复，请改一个。")
        labels.setdefault(row.label, number)
        if not 0 < row.full <= 200:
            say(number, "满分", "out_of_range", "满分应大于 0，不超过 200，请核对。")
        elif row.full * 2 != int(row.full * 2):
            say(number, "满分", "out_of_range", "满分应是 0.5 的倍数，请核对。")
        _key_faults(row, number, say)
        for code, weight in row.points:
            if code not in known_points:
                say(number, "知识点", "unknown_point", f"这门课没有知识点 {code}，请从列表里选。")
            elif not 0 < weight <= 10:
                say(number, "知识点", "bad_weight", f"知识点 {code} 的权重应大于 0，不超过 10。")
        if len({code for code, _ in row.points}) < len(row.points):
            say(number, "知识点", "duplicate", "同一个知识点写了两次，请删掉一个。")
    total = sum(row.full for row in rows)
    if rows and abs(total - full_score) > 1e-6:
        say(
            0,
            "满分",
            "sum_differs",
            f"各题合计 {total:g}，试卷满分 {full_score:g}，差 {abs(total - full_score):g} 分，请改到一致。",
        )
    return found


def _key_faults(row: BlueprintRow, number: int, say: object) -> None:
    assert callable(say)  # noqa: S101 - the local function above
    if not row.key:
        return
    if not row.type.objective:
        say(number, "答案", "key_not_wanted", f"{row.type.zh}不按答案给分，请清空答案或改题型。")
        return
    if normal_key(row.key, row.type) is None:
        if judgement(row.key, letters=False) is not None:
            say(number, "答案", "bad_key", f"答案 {row.key} 只用于判断题，请改题型，或写选项字母。")
            return
        say(number, "答案", "bad_key", "认不出这个答案。请写选项字母，如 B、ACD；两个都算对写成 A/C。")
        return
    for answer in row.key.split("/"):
        if not set(answer) <= set(row.options):
            say(number, "答案", "key_not_an_option", f"答案 {answer} 不在选项 {row.options} 里，请核对。")
        elif row.type is not ItemType.MULTIPLE and len(answer) != 1:
            say(number, "答案", "several_keys", f"{row.type.zh}只能有一个答案；两个都算对写成 A/C。")
    if row.type is ItemType.MULTIPLE and not 0 <= row.partial < row.full:
        say(number, "少选得分", "out_of_range", "少选得分应小于满分，请核对。")


def touched(before: Sequence[BlueprintRow], after: Sequence[BlueprintRow]) -> list[int]:
    """Positions whose definition differs in any way."""
    return [place for place, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]


def remarked(before: Sequence[BlueprintRow], after: Sequence[BlueprintRow]) -> list[int]:
    """Positions whose change may change marks or the meaning of marks."""

    def matters(row: BlueprintRow) -> tuple[object, ...]:
        return (row.type, row.full, row.key, row.partial)

    return [
        place
        for place, (old, new) in enumerate(zip(before, after, strict=True))
        if matters(old) != matters(new)
    ]
