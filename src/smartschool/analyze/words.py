"""Chinese words for codes of the numeric core, and how figures are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from edumetrics.exam import Flag
from edumetrics.mastery import MasteryState
from edumetrics.results import Caution, Insufficient, Reason

# A space belongs between Chinese and figures or letters, not between Chinese and Chinese.
# What schools write at the head of a column: 第3题, 题3, 第三大题.
_SAYS_ITEM = re.compile(r"第.*题|题")
_CLOSE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")

REASONS: Mapping[Reason, str] = {
    Reason.TOO_FEW_PUPILS: "人数太少",
    Reason.TOO_FEW_ITEMS: "题目太少",
    Reason.TOO_FEW_MARKS: "分值太少",
    Reason.NO_RESPONSES: "没有作答数据",
    Reason.CONSTANT_MARKS: "得分都一样",
    Reason.CONSTANT_REST: "其余各题得分都一样",
    Reason.NO_OPTIONS: "没有选项数据",
    Reason.NO_KEY: "没有答案",
    Reason.NOT_TAUGHT: "还没有学",
    Reason.NO_COMMON_PUPILS: "没有同时做过这些题的学生",
    Reason.NOT_IDENTIFIED: "现有题目分不清",
    Reason.NOT_CONVERGED: "计算没有收敛",
    Reason.NOT_COMPARABLE: "卷子不同，总分不能相比",
    Reason.BOUNDARY: "落在边界上，估不出误差",
    Reason.NEAR_EDGE: "几乎都是满分或零分，这么多人还看不出差别有多大",
    Reason.SMALL_GROUP: "人数太少，不显示",
}

REASON_CODES: Mapping[str, str] = {str(code): text for code, text in REASONS.items()}

STATES: Mapping[MasteryState, tuple[str, str]] = {
    MasteryState.NOT_TAUGHT: ("not_taught", "未学"),
    MasteryState.NEEDS_WORK: ("needs_work", "需巩固"),
    MasteryState.BASIC: ("basic", "基本掌握"),
    MasteryState.MASTERED: ("mastered", "已掌握"),
}

FLAGS: Mapping[Flag, tuple[str, str]] = {
    Flag.KEY_ERROR: ("答案可能有误", "先核对答案，改正后重新分析"),
    Flag.NEGATIVE_DISCRIMINATION: ("会的学生反而错", "看题意有没有歧义，核对答案和评分"),
    Flag.LOW_DISCRIMINATION: ("区分度偏低", "看题目是否过易、过难或表述不清"),
    Flag.VERY_HARD: ("多数学生不会", "安排重讲，再出一道同类题"),
    Flag.VERY_EASY: ("几乎都会", "不必讲评"),
    Flag.NON_FUNCTIONING: ("有选项很少人选", "下次命题时换掉这个选项"),
    Flag.MANY_OMITTED: ("空白较多", "问一问是不会还是没看懂"),
    Flag.MANY_NOT_REACHED: ("没做完的较多", "卷子可能偏长"),
    Flag.NO_VARIANCE: ("得分都一样", "这次看不出谁会谁不会"),
    Flag.NO_RESPONSES: ("没有数据", "核对题号"),
}


MODEL_NAMES: Mapping[str, str] = {
    "rasch": "难度模型（Rasch）",
    "pcm": "分步得分的难度模型（PCM）",
    "2pl": "两参数模型（2PL）",
    "3pl": "三参数模型（3PL）",
    "gpcm": "分步得分模型（GPCM）",
    "graded": "等级反应模型（GRM）",
    "dina": "全会才对的诊断模型（DINA）",
    "dino": "会一个就对的诊断模型（DINO）",
    "acdm": "逐个相加的诊断模型（ACDM）",
    "gdina": "一般诊断模型（GDINA）",
}


def model_name(codes: str) -> str:
    """What a model is called, or several joined by +."""
    return "、".join(MODEL_NAMES[code] for code in codes.split("+"))


def reason(refusal: Insufficient) -> str:
    """Why there is no figure, with the number there was."""
    return f"{REASONS[refusal.reason]}（n = {refusal.n}）"


def caution(one: Caution) -> str:
    """A sentence for what a reader must know."""
    data = one.data
    names = "、".join(one.subjects[:6]) + (" 等" if len(one.subjects) > 6 else "")
    sentences = {
        "few_pupils": "只有 {n} 人参加，不足 {needed} 人：不分组、不画曲线，只看人数和每道题的对错。",
        "missing_marks": "有 {share_text} 的作答没有数据，每个数字只用有数据的学生，人数见 n。",
        "items_without_responses": "题 {names} 没有任何作答数据，满分和整卷的数字都不算这些题。",
        "pairs_never_together": "有 {pairs} 对题没有学生同时做过，信度只用有共同学生的题对来算。",
        "papers_not_linked": "题目分成 {papers} 套，没有学生同时做过不同套的题：不同套的题谁难谁易、"
        "做不同套的学生谁强谁弱，这次作答说不了，除非各套是随机发的。",
        "alpha_of_whole_pool": "每名学生平均只做了 {answered_text} 的题：信度说的是整套题，不是某一份卷子；"
        "总分不能互相比较。",
        "prior_mostly_default": "只有 {n} 人，知识点的判断较多依靠一般学校的经验值。",
        "prior_mostly_default:nobody": "每个知识点的题都太少，知识点的判断依靠一般学校的经验值。",
        "fell_back_to_rasch": "人数还不够估计每道题的区分度，改用难度模型（Rasch）。",
        "fell_back_to_2pl": "人数还不够估计猜测，题 {names} 改用两参数模型。",
        "fell_back_to_classical": "只有 {n} 人，不用题目模型，只给得分率。",
        "fell_back_to_classical:items": "能用的题只有 {n} 道"
        "（没有作答、得分都一样、和别的题作答完全一样的不算），"
        "不用题目模型，只给得分率。",
        "categories_merged": "题 {names} 的得分种类太多或有的没人得到，合并了相邻的得分。",
        "item_repeats_another": "题 {names} 的作答完全一样，只算一道。",
        "flat_likelihood": "数据不足以确定题目参数，不给范围。",
        "not_converged": "计算没有收敛，结果只作参考。",
        "negative_slope": "题 {names} 会的学生反而得分低，先核对答案。",
        "slope_at_bound": "题 {names} 的区分度大到估不准。",
        "pupils_without_marks": "有学生没有任何成绩，没有估计。",
        "class_weights_lean_on_ability": "只有 {n} 人，各知识点之间的联系有一半靠“总体水平”推断。",
        "errors_widened_for_dependence": "有些题除了总体水平还有别的联系（如同一篇材料），"
        "学生水平的误差已放宽。",
        "items_ask_for_two_abilities": "这些题考的是两种不太相干的能力，共有的约占 {common_text}："
        "合成一个水平说明不了多少，误差已放宽。",
        "points_lean_on_ability": "知识点有 {points} 个，组合太多，不逐一估计："
        "各知识点之间的联系靠“总体水平”和共同的题推断。",
        "point_of_one_item": "知识点{names}只有一道题考，分不清是会这个知识点还是碰巧会这道题："
        "不给掌握情况，请看这道题的得分率。",
        "anchor_drift": "题 {names} 的难度在两次考试之间变了，没有当作共同题。",
        "common_items_fixed": "题 {names} 的参数沿用上一次考试，新题和新学生放在同一把尺子上。",
        "few_marks": "阅卷人 {names} 的阅卷份数太少，没有给出宽严。",
        "prior_from_default": "数据不足，先按一般学校的经验值估计：{names}。",
        "without_prior": "有 {pupils} 名学生没有前一次的成绩，没有算在内。",
        "item_without_point": "题 {names} 没有标知识点，没有参加诊断。",
        "ridge_likelihood": "题 {names} 的参数定不下来：现有作答支持几种不同的说法，相关的知识点只作参考。",
        "group_nearly_empty": "题 {names} 有的掌握组合几乎没有学生。",
        "extreme_slip_or_guess": "题 {names} 会的学生也常错，或不会的也常对，请看一看知识点标得对不对。",
        "model_does_not_fit": "诊断模型和作答不大相符，范围已放宽；请核对知识点标得对不对。",
        "points_in_doubt": "题 {names} 从作答看，考的知识点可能和标的不一样，请核对；掌握情况的范围已放宽。",
        "point_nobody_named": "题 {names} 常常一起对、一起错，标的知识点说明不了："
        "可能还考到一个没有列出的知识点。掌握情况的范围已放宽。",
        "pupils_differ_beside_points": "会同样知识点的学生，有的更粗心、更会猜，或者没有认真作答："
        "单看每道题对错说明不了这些，掌握情况的范围已放宽。",
        "part_of_paper_left": "题 {names} 大约有 {share_text} 的学生像是没做完或没做："
        "这些题的错说明不了会不会，掌握情况的范围已放宽。",
        "few_clusters": "班或学校太少（大小不一的按人数折算为 {n} 个），不足 {needed} 个："
        "范围没有算上同一个班、同一所学校的学生相像。",
        "testlet_left_out": "题组 {names} 里能用的题不足 2 道或太多，没有当作一组。",
        "point_cannot_be_told": "知识点{names}用现在的题目看不出会不会。",
        "no_fair_yardstick": "一半以上的题都偏向一方，没有公平的尺子可用。",
        "points_joined_too_closely": "知识点{names}在同一批题里互相牵连，要分辨的组合多得算不过来："
        "把其中考得很细的知识点合成一个，或让每道题少标几个，再分析一次。",
        "points_unknown": "要有 q.csv（每道题考哪些知识点）。",
        "points_inseparable": "知识点{names}总是在同一批题里出现，这次分不开。",
    }
    if one.code == "few_pupils" and "needed" not in data:
        return "有一组人数太少，不能比较。"
    code = one.code
    if code == "fell_back_to_classical" and data.get("reason") == Reason.TOO_FEW_ITEMS:
        code = "fell_back_to_classical:items"
    if code == "prior_mostly_default" and not data["n"]:
        code = "prior_mostly_default:nobody"
    template = sentences.get(code, code).replace("题 {names}", the_items(names))
    values: dict[str, object] = {"names": names, **data}
    for key in ("share", "answered", "common"):
        if key in data:
            values[f"{key}_text"] = percent(float(data[key]))
    return close_up(template.format(**values))


def close_up(text: str) -> str:
    """The text without spaces between Chinese and Chinese."""
    return _CLOSE.sub("", text)


def the_item(*codes: str) -> str:
    """Items as one says them: 第 4、12 题, or by the names of the sheet where these say 题 themselves."""
    names = "、".join(codes)
    return names if _SAYS_ITEM.match(names) else f"第 {names} 题"


def the_items(names: str) -> str:
    """A list of items at the beginning of a sentence: 题 4、12, or 第4题、第12题."""
    return names if _SAYS_ITEM.match(names) else f"题 {names}"


def percent(share: float) -> str:
    """A share as whole per cent; nothing short of all is 100 %, nothing above none is 0 %."""
    whole = int(rounded(share * 100))
    if 0 < share < 1:
        whole = min(max(whole, 1), 99)
    return f"{whole}%"


def rounded(value: float, digits: int = 0) -> Decimal:
    """Half away from zero, as people round."""
    return Decimal(repr(round(float(value), 9))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def number(value: float, digits: int = 1) -> str:
    """A number with at most `digits` decimals and a true minus sign."""
    text = f"{rounded(value, digits):f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "−0") else "0"


def fixed(value: float, digits: int = 2) -> str:
    """A number with exactly `digits` decimals."""
    return f"{rounded(value, digits):f}".replace("-", "−")
