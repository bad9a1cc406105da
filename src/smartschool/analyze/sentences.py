"""Words first: what the figures of an exam and of an item say to a teacher."""

from __future__ import annotations

import numpy as np

from edumetrics.ctt.distractors import OptionAnalysis
from edumetrics.exam import ExamAnalysis, Flag
from edumetrics.results import Estimate, Insufficient
from smartschool.analyze.reader import ExamInput
from smartschool.analyze.words import FLAGS, fixed, number, percent, reason, the_item

WEAK = 0.60


def lede(source: ExamInput, analysis: ExamAnalysis) -> str:
    """Where the group stands and what to do next, in two or three sentences; `**` marks what is strong."""
    parts: list[str] = []
    suspects = [analysis.items[j] for j, flags in enumerate(analysis.flags) if Flag.KEY_ERROR in flags]
    if suspects:
        parts.append(f"**先核对{_names(suspects)}的答案**：得分最高的学生多数选了别的选项。")
    share = _overall(analysis)
    n = analysis.n_pupils
    if n == 0:
        return "没有学生参加，或没有任何成绩。"
    if n < 25:
        hard = _worst(analysis, 1)
        if hard:
            j = hard[0]
            lost = int(lost_marks(source, j).sum())
            parts.append(
                f"{n} 人参加，其中 **{lost} 人**在{the_item(analysis.items[j])}丢过分。**建议先讲这道题。**"
            )
        else:
            parts.append(f"{n} 人参加，各题得分都不低。")
        return "".join(parts)
    parts.append(f"{n} 人参加，整卷得分率 **{percent(share)}**。")
    weak = _worst(analysis, 2)
    point = _weakest_point(source, analysis)
    if point is not None:
        name, figure, doubtful = point
        caveat = f"（其中{_names(doubtful)}的答案待核对，改正后会变）" if doubtful else ""
        parts.append(f"最弱的知识点是**“{name}”**，得分率 {percent(figure)}{caveat}。")
    if weak:
        rates = "、".join(percent(float(analysis.facility.value[j])) for j in weak)
        names = _names([analysis.items[j] for j in weak])
        parts.append(f"得分率最低的是{names}（{rates}）。**建议先讲这{_count(len(weak))}题。**")
    elif not suspects:
        parts.append("没有得分率低于 60% 的题，讲评可以只讲错得集中的选项。")
    return "".join(parts)


def item_story(source: ExamInput, analysis: ExamAnalysis, j: int) -> list[str]:
    """What one item says: ease, power, wrong answers, what to do."""
    out: list[str] = []
    ease = analysis.facility.at(j)
    if isinstance(ease, Insufficient):
        return [f"没有作答数据，{FLAGS[Flag.NO_RESPONSES][1]}。"]
    few = analysis.n_pupils < 25
    if few:
        wrong = int(lost_marks(source, j).sum())
        out.append(f"{ease.n} 人做了这道题，{wrong} 人丢过分。")
    else:
        out.append(
            f"{ease.n} 人做了这道题，得分率 {percent(ease.value)}，"
            f"换一批同样水平的学生，大约在 {percent(ease.low)}–{percent(ease.high)} 之间。"
        )
    power = analysis.discrimination.at(j)
    if isinstance(power, Estimate):
        side = "高" if power.value >= 0 else "低"
        gap = number(abs(power.value) * 100, 0)
        out.append(f"高分组比低分组的得分率{side} {gap} 个百分点，区分度{_power(power.value)}。")
    elif not few:
        out.append(f"区分度无法判断：{reason(power)}。")
    option = analysis.options[j]
    if isinstance(option, OptionAnalysis):
        choices = _choices(option)
        # A doubtful key explains whatever else looks odd: it comes first and alone.
        out = [*choices, *out] if option.key_error is not None else [*out, *choices]
    elif analysis.full[j] > 1:
        marks = source.matrix.marks[:, j]
        best, none = int((marks >= source.matrix.full[j] - 1e-9).sum()), int((marks <= 1e-9).sum())
        out.append(f"{best} 人得满分，{none} 人没有得分。")
    left = int(analysis.omissions.omitted[j] + analysis.omissions.not_reached[j])
    if left:
        out.append(f"{left} 人没有写。")
    for flag in () if Flag.KEY_ERROR in analysis.flags[j] else analysis.flags[j]:
        if flag is not Flag.NO_RESPONSES:
            word, advice = FLAGS[flag]
            out.append(f"{word}：{advice}。")
    return out


def _choices(option: OptionAnalysis) -> list[str]:
    out: list[str] = []
    if option.key_error is not None and not isinstance(option.top, Insufficient):
        doubt = option.key_error
        key = "、".join(label for label, right in zip(option.labels, option.in_key, strict=True) if right)
        chosen = "选答案" if key == doubt.key else f"选答案里 {doubt.key} "
        out.append(
            f"答案“{key}”可能有误：得分最高的 27% 学生里，选 {doubt.rival} 的占 {percent(doubt.top_rival)}，"
            f"{chosen}的占 {percent(doubt.top_key)}。"
        )
    wrong = [k for k, right in enumerate(option.in_key) if not right and option.counts[k] > 0]
    if wrong and option.n:
        most = max(wrong, key=lambda k: int(option.counts[k]))
        count = int(option.counts[most])
        out.append(f"最多的错误是选 {option.labels[most]}：{count} 人（{percent(count / option.n)}）。")
    if option.non_functioning:
        out.append(f"选项 {'、'.join(option.non_functioning)} 选的人不到 5%，不起干扰作用。")
    return out


def reliability_word(alpha: float) -> str:
    """What α means for the use of totals."""
    for floor, word in ((0.8, "可信"), (0.7, "基本可信"), (0.6, "偏低，只看大概")):
        if alpha >= floor:
            return word
    return "很低，总分不宜用来判断个人"


def lost_marks(source: ExamInput, j: int) -> np.ndarray:
    """Pupils who lost marks at item j."""
    marks = source.matrix.marks[:, j]
    return np.asarray(np.isfinite(marks) & (marks < source.matrix.full[j] - 1e-9))


def by_urgency(analysis: ExamAnalysis) -> list[int]:
    """Items: doubtful keys first, then from the hardest to the easiest; items without data last."""
    ease = np.where(analysis.facility.known, analysis.facility.value, 2.0)
    return sorted(
        range(analysis.n_items), key=lambda j: (Flag.KEY_ERROR not in analysis.flags[j], float(ease[j]), j)
    )


def _overall(analysis: ExamAnalysis) -> float:
    offered = float(analysis.offered.sum())
    return float(np.nansum(analysis.totals)) / offered if offered else 0.0


def _worst(analysis: ExamAnalysis, most: int) -> list[int]:
    doubtful = {j for j, flags in enumerate(analysis.flags) if Flag.KEY_ERROR in flags}
    weak = [j for j in by_urgency(analysis) if j not in doubtful and analysis.facility.known[j]]
    return [j for j in weak if analysis.facility.value[j] < WEAK][:most]


def _weakest_point(source: ExamInput, analysis: ExamAnalysis) -> tuple[str, float, list[str]] | None:
    """The point with the lowest share, if it is surely below the paper as a whole, and its items of doubtful
    key, which make a point look weak that is not."""
    figures = analysis.point_facility
    if figures is None or not figures.known.any():
        return None
    k = int(np.nanargmin(figures.value))
    sure = float(figures.high[k]) < _overall(analysis)
    if not sure or source.q is None:
        return None
    doubtful = [
        item
        for item, weight, flags in zip(analysis.items, source.q[:, k], analysis.flags, strict=True)
        if weight > 0 and Flag.KEY_ERROR in flags
    ]
    return source.points[k].name, float(figures.value[k]), doubtful


def _power(d: float) -> str:
    for floor, word in ((0.40, "很好"), (0.30, "良好"), (0.20, "尚可")):
        if d >= floor:
            return f"{word}（D = {fixed(d)}）"
    return f"偏低（D = {fixed(d)}）"


def _names(codes: list[str]) -> str:
    return the_item(*codes[:4]) + (" 等" if len(codes) > 4 else "")


def _count(n: int) -> str:
    return {1: "道", 2: "两道"}.get(n, "几道")
