"""Small helpers of this room's templates: words for levels and subjects, bars of mastery, picked items."""

from collections.abc import Collection, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from edumetrics.results import Estimate
from smartschool.contexts.diagnosis.compose import words as written
from smartschool.contexts.diagnosis.compose.pupil import OwnPoint
from smartschool.contexts.diagnosis.compose.small_class import PointCount
from smartschool.contexts.diagnosis.figures import GroupFigures
from smartschool.contexts.diagnosis.sketch import PaperSketch
from smartschool.contexts.directory.public import codes

register = template.Library()

MASTERY_WORDS = ("未学", "需巩固", "基本掌握", "已掌握")


@register.filter
def two_digits(number: int) -> str:
    """学号 as on the roll: 03."""
    return f"{number:02d}"


@register.filter
def signed2(value: float) -> str:
    """A coefficient with two digits and a real minus sign."""
    return str(written.rounded(value, 2)).replace("-", written.MINUS)


@register.simple_tag
def known(outcome: Any) -> SafeString:
    """A coefficient, or 证据不足; in a table cell without its interval."""
    if isinstance(outcome, Estimate):
        return format_html("{}", signed2(outcome.value))
    return SafeString('<span class="muted sm">证据不足</span>')


@register.simple_tag
def may_be(outcome: Any, kind: str = "share", missing: str = "") -> SafeString:
    """The interval in small print beside or under its figure; `missing` where there is no figure."""
    if not isinstance(outcome, Estimate):
        return format_html("{}", missing)
    if kind == "number":
        low, high = signed2(outcome.low), signed2(outcome.high)
    else:
        low, high = written.percent(outcome.low).removesuffix("%"), written.percent(outcome.high)
    between = "–" if outcome.low >= 0 else " 到 "  # a dash after a minus sign is read as another sign
    return format_html('<span class="ci sm muted nw">{}{}{}</span>', low, between, high)


@register.simple_tag
def known_share(outcome: Any) -> SafeString:
    """A share as per cent, or 证据不足."""
    if isinstance(outcome, Estimate):
        return format_html("{}", written.percent(outcome.value))
    return SafeString('<span class="muted sm">证据不足</span>')


@register.simple_tag
def pick_with(picked: Collection[int], more: int | None = None) -> SafeString:
    """Query part that names the picked items, one more if given; numbers count from 1."""
    chosen = sorted({*picked} | (set() if more is None else {more}))
    return mark_safe("pick=" + ",".join(str(j + 1) for j in chosen))  # noqa: S308 - digits and commas


@register.filter
def item_word(number: str) -> str:
    """``第 9 题``."""
    return f"第 {number} 题"


@register.filter
def level_word(level: int, paper: PaperSketch) -> str:
    """Word of a level on this paper."""
    return paper.level_labels[level]


@register.filter
def subject_name(code: str) -> str:
    """Name of a 课程代码."""
    return codes.table("subject").name(code)


@register.filter
def words(text: str) -> list[str]:
    """Words of a text, for a loop over a fixed list."""
    return text.split()


def _glyph(state: int | None) -> SafeString:
    # A label instead of hidden words: absolutely placed text would widen the page of a wide table.
    if state is None:
        return SafeString('<span class="muted" role="img" aria-label="证据不足">–</span>')
    return format_html(
        '<span class="mg m{}" role="img" aria-label="{}"></span>',
        state,
        MASTERY_WORDS[state],
    )


@register.simple_tag
def mastery_cell(state: int | None) -> SafeString:
    """The glyph alone with its word for readers aloud; a dash where there is not enough evidence."""
    return _glyph(state)


@register.simple_tag
def mastery_glyph(point: OwnPoint) -> SafeString:
    """The glyph before a point of the own report; its word stands beside it."""
    return format_html('<span class="mg m{}" aria-hidden="true"></span>', point.state or 0)


@register.simple_tag
def quality_cell(outcome: Any) -> SafeString:
    """A share with its interval, or why it is not shown."""
    share, beside = written.share_and_range(outcome)
    if share:
        return format_html('<span class="nw"><b>{}</b>（{}）</span>', share, beside)
    return format_html('<span class="muted sm">{}</span>', beside)


@register.simple_tag
def group_name(groups: Sequence[tuple[str, str]], place: int) -> str:
    """Name of the group at a place."""
    return groups[place][1]


@register.filter
def grade_word(grade: int) -> str:
    """``七年级``."""
    return f"{'一二三四五六七八九'[grade - 1]}年级"


@register.filter
def state_pieces(states: Sequence[int]) -> list[tuple[str, int, str]]:
    """Pieces of a parts bar from counts of unknown, 需巩固, 基本掌握, 已掌握."""
    unknown, needs, basic, mastered = states
    return [
        ("已掌握", mastered, "k3"),
        ("基本掌握", basic, "k2"),
        ("需巩固", needs, "k1"),
        ("证据不足", unknown, "k0"),
    ]


@register.filter
def count_pieces(row: PointCount) -> list[tuple[str, int, str]]:
    """The same for a small class."""
    return state_pieces((row.unknown, row.needs, row.basic, row.mastered))


@register.simple_tag
def lost_count(figures: GroupFigures, item: int) -> SafeString:
    """How many lost marks, for the wall: nothing under five is said."""
    lost = figures.items[item].lost
    if lost >= written.CAST_LEAST:
        return format_html("<b>{} 人</b>", lost)
    return SafeString('<span class="muted">不到 5 人</span>')


@register.simple_tag
def public_error(figures: GroupFigures, item: int) -> str:
    """Wrong options that at least five chose, for the wall and for paper."""
    return written.public_error(figures.items[item])
