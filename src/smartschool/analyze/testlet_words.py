"""Items that share a text, in words for a teacher. Reads the JSON, so that no model is loaded."""

from __future__ import annotations

from smartschool.analyze.report_json import Json
from smartschool.analyze.words import REASON_CODES, fixed, the_items

WORTH_SAYING = 0.015  # of reliability claimed too much: below, taking the items as unrelated misled nobody


def sentences(part: Json) -> list[str]:
    """What a teacher reads of it; an empty list where there is nothing to say."""
    if "insufficient" in part:
        if not part["groups"]:
            return []
        why = REASON_CODES[part["insufficient"]]
        return [
            f"有 {len(part['groups'])} 组题共用材料或互相牵连，但{why}（n = {part['n']}），没有另外估计。"
        ]
    out = []
    for group in part["groups"]:
        items = the_items("、".join(group["items"]))
        if not group["name"]:
            if group["matters"]:
                out.append(
                    f"{items} 互相牵连：得分一起高一起低，水平解释不了，可能用到同一段材料或同一个方法。"
                )
        elif group["matters"]:
            out.append(
                f"{items}（“{group['name']}”）：读懂了几题都好，没读懂都差，合起来没有看上去那么多信息。"
            )
        else:
            out.append(f"{items}（“{group['name']}”）：共用材料，作答看不出互相牵连。")
    honest, claimed = part["reliability"], part["reliability_if_independent"]
    if out and "estimate" in honest and "estimate" in claimed:
        before, after = claimed["estimate"], honest["estimate"]
        if before - after >= WORTH_SAYING:
            out.append(f"当成互不相干的题，信度是 {fixed(before)}；算上牵连是 {fixed(after)}，以后者为准。")
    return out
