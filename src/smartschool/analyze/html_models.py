"""Response models in the HTML report: only what a teacher can act on, figures in the workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from smartschool.analyze.charts import interval_bar
from smartschool.analyze.html_items import NOTHING
from smartschool.analyze.markup import Raw, el, join, panel, remark, table, th
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.report_json import Json
from smartschool.analyze.testlet_words import sentences
from smartschool.analyze.words import REASON_CODES, close_up, fixed, model_name, percent, the_item, the_items

MOST_LISTED = 12


def model_panels(source: ExamInput, report: Json) -> Raw:
    """One panel per model that was asked for."""
    models = report.get("models", {})
    parts = []
    if "irt" in models:
        parts.append(_calibration(models["irt"]))
    if "diagnosis" in models:
        parts.append(_diagnosis(source, models["diagnosis"]))
    if "dif" in models:
        parts.append(_fairness(models["dif"]))
    return join(*parts)


def _calibration(irt: Json) -> Raw:
    title = "题目模型"
    if "insufficient" in irt:
        return panel(title, el("p", f"没有拟合：{_why(irt)}。"), _notes(irt, left_out(irt)))
    lines = [f"用的是{model_name(irt['model'])}，{irt['n']} 人，{len(irt['items'])} 题。"]
    told = sentences(irt["testlets"])
    reliable = irt["reliability"]
    if reliable and "estimate" in reliable and not any("信度" in line for line in told):
        lines.append(f"按这个模型，得分的信度是 {fixed(reliable['estimate'])}。")
    misfit = [item["id"] for item in irt["items"] if item.get("fit", {}).get("misfit")]
    if misfit:
        lines.append(close_up(f"{the_items(_some(misfit))} 的作答和其他题不一致，看一看题意和评分。"))
    else:
        lines.append("没有发现和其他题明显不一致的题。")
    lines += told
    pairs = [pair["items"] for pair in irt["dependent_pairs"]]
    if pairs and not told:
        said = _some([f"{first} 和 {second}" for first, second in pairs])
        lines.append(f"{said} 互相牵连（比如共用材料，前一问错后一问也错），两题合起来的信息不到两题。")
    story = el("ul", *(el("li", line) for line in lines), class_="story")
    return panel(
        title,
        story,
        _notes(irt, left_out(irt)),
        remark("各题的难度、区分度和范围在 report.xlsx 的“题目模型”里。"),
    )


def _diagnosis(source: ExamInput, found: Json) -> Raw:
    title = "知识点诊断模型"
    if source.q is None:
        return panel(title, el("p", f"没有诊断：{found['notes'][0]['text']}"))
    if "insufficient" in found:
        return panel(title, el("p", f"没有诊断：{_why(found)}。"), _notes(found, left_out(found)))
    names = {point.code: point.name for point in source.points}
    rows = []
    for point in found["points"]:
        share = point["prevalence"]
        if "estimate" in share:
            bar = Raw(
                interval_bar(share["estimate"], share["low"], share["high"], weak=share["estimate"] < 0.6)
            )
            cell = el("div", el("b", percent(share["estimate"])), bar, class_="barrow")
        else:
            cell = el("span", _why(share), class_="muted")
        untold = percent(point["untold"]) if point["untold"] > 0.005 else "—"
        rows.append(
            el(
                "tr",
                el("th", names[point["code"]], scope="row"),
                el("td", str(point["n_items"]), class_="num", data_l="题数"),
                el("td", cell, class_="full"),
                el("td", untold, class_="num", data_l="看不出"),
            )
        )
    head = [
        th("知识点"),
        th("题数", "num"),
        th("掌握的学生", style="min-width:11rem"),
        th("看不出的学生", "num"),
    ]
    advice = [el("li", _advice(one, names)) for one in found["q_advice"][:MOST_LISTED]]
    checks = (
        join(el("h3", "请老师看一看知识点标得对不对"), el("ul", *advice, class_="story"))
        if advice
        else NOTHING
    )
    model = el("span", f"{model_name(found['model'])}，{found['n']} 人", class_="meta")
    changed = found["asked"] != found["model"]
    switched = (
        remark(f"{model_name(found['asked'])}要分辨的组合太多，算不过来，改用{model_name(found['model'])}。")
        if changed
        else NOTHING
    )
    return panel(
        title,
        table(head, rows, css="table stackm", name="知识点诊断表，可滚动"),
        switched,
        el("div", checks, _notes(found, [*left_out(found), *_plainer(found)]), class_="foot"),
        css="panel flush c12",
        beside=model,
    )


def _fairness(results: list[Json]) -> Raw:
    title = "同样水平的学生，做哪些题不一样"
    if not results:
        text = "没有可比的分组：要有 groups.csv，每组至少 50 人，分组不超过 6 种。"
        return panel(title, el("p", text))
    parts = []
    for result in results:
        sides = [f"{result[side]}（{result[f'n_{side}']} 人）" for side in ("focal", "reference")]
        head = close_up(f"{result['covariate']}：{sides[0]}和{sides[1]}比")
        marked = [item for item in result["items"] if item["size"] in ("B", "C")]
        lines = [_unfair(item, result) for item in marked]
        none = el("p", _nothing_found(result["items"]))
        body = el("ul", *(el("li", line) for line in lines), class_="story") if lines else none
        parts.append(join(el("h3", head), body, _notes(result)))
    note = (
        "偏向一方不等于题目不好：先读题，看有没有只有一方熟悉的词、图或背景。题多时，稍微偏的题里会有碰巧的。"
    )
    return panel(title, *parts, remark(note))


def _nothing_found(items: list[Json]) -> str:
    """That no item is unfair, as far as items could be looked at."""
    refused = [item["effect"] for item in items if "insufficient" in item["effect"]]
    if not refused:
        return "没有发现偏向任何一方的题。"
    most = Counter(effect["insufficient"] for effect in refused).most_common(1)[0][0]
    why = f"{len(refused)} 道题看不出（多因{REASON_CODES[most]}）"
    if len(refused) == len(items):
        return f"{why}：这次作答说不了题目偏不偏。"
    return f"看得出的 {len(items) - len(refused)} 道题里，没有发现偏向任何一方的；另有 {why}。"


def _advice(one: Json, names: dict[str, str]) -> str:
    given, suggested = _named(one["given"], names), _named(one["suggested"], names)
    only = "只" if set(one["suggested"]) < set(one["given"]) else ""
    return f"{the_item(one['item'])}：标的是“{given}”，从作答看更像{only}考“{suggested}”。"


def _unfair(item: Json, result: Json) -> str:
    size = "明显" if item["size"] == "C" else "稍微"
    harder = item["effect"]["estimate"] < 0
    who = f" {result['covariate']} 为“{result['focal']}”的学生"
    return close_up(f"{the_item(item['id'])}对{who}{size}{'偏难' if harder else '偏易'}。")


def _named(codes: list[str], names: dict[str, str]) -> str:
    return "、".join(names.get(code, code) for code in codes) or "没有"


def _why(refusal: Json) -> str:
    return f"{REASON_CODES[refusal['insufficient']]}（n = {refusal['n']}）"


def left_out(part: Json) -> list[str]:
    """Which items a model had to leave out and why; what cautions say already is not said again."""
    reasons: dict[str, list[str]] = {}
    for item, why in part["excluded"].items():
        if why["insufficient"] in ("no_responses", "constant_marks"):
            reasons.setdefault(why["insufficient"], []).append(item)
    return [
        close_up(f"{the_items(_some(items))} {REASON_CODES[code]}，没有参加计算。")
        for code, items in reasons.items()
    ]


def _plainer(found: Json) -> list[str]:
    """What to try where a plain rule does not fit."""
    unfit = any(note["code"] == "model_does_not_fit" for note in found["notes"])
    return ["也可以加 --model gdina 再分析一次。"] if unfit and found["asked"] in ("dina", "dino") else []


def _notes(part: Json, more: Sequence[str] = ()) -> Raw:
    lines = [*(note["text"] for note in part.get("notes", ())), *more]
    if not lines:
        return NOTHING
    return el("ul", *(el("li", line, class_="muted") for line in lines), class_="story")


def _some(codes: list[str]) -> str:
    return "、".join(codes[:MOST_LISTED]) + (" 等" if len(codes) > MOST_LISTED else "")
