"""What the item page says of the item's curve: whom it tells apart, in words, or why that cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edumetrics.results import Estimate, Insufficient, Reason
from smartschool.contexts.diagnosis.calibration_figures import GRID, ItemCalibration, ItemCurve, ItemFit
from smartschool.contexts.diagnosis.compose.words import Sentence, join_numbers, percent, say, strong

# As many as slopes need (edumetrics.irt.Settings.minimum_2pl): with equal slopes every item would seem to
# separate alike, which is the very thing that is asked here.
LEAST_PUPILS = 200
GROUPS = ("水平偏低的学生", "水平中等的学生", "水平偏高的学生")
TICKS = ((-1.0, "水平偏低"), (0.0, "中等"), (1.0, "偏高"))
FLAT = 0.10  # a smaller difference between the two ends tells nobody apart
CLEAR = 0.5  # where an item says at least half of the most that it says anywhere


@dataclass(frozen=True, slots=True)
class CurveBlock:
    """The verdict, and a row for each of the three; no rows where there is not enough evidence.

    Attributes
    ----------
    n, n_schools
        Pupils behind the curve; more than one school where the paper is a joint one.
    path
        (place, share, low, high) of the curve; place 0 is the middle, 1 a standard deviation above.
    clear, clear_words
        The stretch where the item measures best, as places and in words; None where nothing is known.
    notes
        What else a teacher should look at: answers that do not follow the curve, items that hang together.
    checked
        The answers were held against the curve and nothing speaks against it.
    """

    verdict: Sentence
    rows: tuple[tuple[str, Estimate], ...]
    n: int
    n_schools: int = 1
    path: tuple[tuple[float, float, float, float], ...] = ()
    clear: tuple[float, float] | None = None
    clear_words: str = ""
    notes: tuple[Sentence, ...] = ()
    checked: bool = False

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Words under the curve: the scale has no numbers."""
        return TICKS

    @property
    def said(self) -> str:
        """The chart in one sentence."""
        return "得分率随水平的变化：" + "，".join(
            f"{name}估计得分率 {percent(share.value)}" for name, share in self.rows
        )


def too_few(n: int) -> CurveBlock:
    """The block of a paper that fewer than 200 pupils sat."""
    return CurveBlock(say(strong("证据不足："), f"全年级 {n} 人有小题分，满 {LEAST_PUPILS} 人才算。"), (), n)


def not_yet(n: int) -> CurveBlock:
    """The report is there, its curves are being worked out."""
    return CurveBlock(say("还在用全年级的得分算，过一会儿刷新。"), (), n)


def refused(reason: Insufficient) -> CurveBlock:
    """Why there is nothing to say."""
    if reason.reason is Reason.TOO_FEW_PUPILS:
        return too_few(reason.n)
    return CurveBlock(say(strong("证据不足："), _why(reason.reason)), (), reason.n)


def curve_block(found: ItemCalibration, numbers: Sequence[str], n_schools: int = 1) -> CurveBlock:
    """Words for a stored item; `numbers` are the printed numbers of the paper's items."""
    curve = found.curve
    if isinstance(curve, Insufficient):
        return refused(curve)
    clear = _clear(found.information) if curve.whole.low > 0.0 else None
    notes = () if found.fit is None else _notes(found.fit, numbers)
    return CurveBlock(
        verdict=verdict(curve),
        rows=tuple(zip(GROUPS, curve.shares, strict=True)),
        n=curve.n,
        n_schools=n_schools,
        path=tuple((place, *limits) for place, limits in zip(GRID, curve.path, strict=True)),
        clear=clear,
        clear_words="" if clear is None else _clear_words(found.information),
        notes=notes,
        checked=found.fit is not None and not notes and not isinstance(found.fit.infit, Insufficient),
    )


def verdict(found: ItemCurve) -> Sentence:
    """Whom the item tells apart; a difference is named only where its interval leaves no doubt."""
    if found.whole.high < 0.0:
        return say(strong("水平越高，这道题得分反而越低。"), "先核对答案和评分，再看题目。")
    if found.whole.high < FLAT:
        return say(strong("这道题分不出水平："), "水平不同的学生得分差不多。")
    if found.whole.low <= 0.0:
        return say(strong("证据不足："), "还看不出水平不同的学生在这道题上有没有差别。")
    if found.bend.low > 0.0:
        return say("水平偏低和中等的学生差别小，", strong("最能把中等和偏高的学生分开。"))
    if found.bend.high < 0.0:
        return say("水平中等和偏高的学生差别小，", strong("最能把偏低和中等的学生分开。"))
    return say(strong("各段水平的学生都能分开，"), "看不出更适合哪一段。")


def _clear(information: Sequence[float]) -> tuple[float, float] | None:
    """Ends of the stretch around the top where the item says at least half of the most that it says."""
    top = max(information, default=0.0)
    if top <= 0.0:
        return None
    first = last = list(information).index(top)
    while first > 0 and information[first - 1] >= CLEAR * top:
        first -= 1
    while last < len(information) - 1 and information[last + 1] >= CLEAR * top:
        last += 1
    return GRID[first], GRID[last]


def _clear_words(information: Sequence[float]) -> str:
    place = GRID[list(information).index(max(information))]
    for limit, words in ((-1.25, "很低"), (-0.5, "偏低"), (0.5, "中等"), (1.25, "偏高")):
        if place <= limit:
            return f"水平{words}的学生"
    return "水平很高的学生"


def _notes(fit: ItemFit, numbers: Sequence[str]) -> tuple[Sentence, ...]:
    """What speaks against the curve, and which items hang on this one."""
    out = []
    if fit.misfit:
        out.append(_misfit(fit))
    if fit.linked:
        named = join_numbers([numbers[place] for place, _ in fit.linked])
        out.append(
            say(
                strong(f"和{named}连在一起："),
                "这几题的得分常常一起高、一起低，水平解释不了。可能用了同一段材料或同一步思路，讲评时放在一起讲。",
            )
        )
    return tuple(out)


def _misfit(fit: ItemFit) -> Sentence:
    infit = fit.infit
    if isinstance(infit, Estimate) and infit.low > 1.0:
        return say(
            strong("作答比估计的乱："),
            "不少水平高的学生丢分，水平低的反而得分。看看题意有没有歧义，评分是不是前后一致。",
        )
    if isinstance(infit, Estimate) and infit.high < 1.0:
        return say(strong("作答比估计的齐："), "这道题问的，别的题多半已经问过；换一个角度能多知道一些。")
    return say(strong("估计和实际作答有出入："), "上面的得分率只能参考，以选项和典型错误为准。")


def _why(reason: Reason) -> str:
    return {
        Reason.CONSTANT_MARKS: "所有人在这道题上得分相同。",
        Reason.TOO_FEW_MARKS: f"这道题有得分的学生不到 {LEAST_PUPILS} 人。",
        Reason.TOO_FEW_ITEMS: "这份卷子的题太少，估计不出水平。",
        Reason.NO_RESPONSES: "这道题没有人有得分。",
    }.get(reason, "从这些得分算不稳。")
