"""The UI kit for templates: `{% load web %}`. Thin: drawing is in charts, writing of numbers in figures."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from smartschool.web import charts, figures
from smartschool.web.icons import icon as draw_icon

register = template.Library()

TONE_ICONS = {"ok": "check", "warn": "alert-triangle", "bad": "alert-circle", "info": "info-circle"}


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """One Tabler icon: `{% icon "printer" %}打印`; with a label it is a picture of its own."""
    return draw_icon(name, size, label)


@register.simple_tag
def tag(tone: str, word: Any, icon: str | None = None) -> SafeString:
    """Status = icon + word + colour: `{% tag "warn" "偏低" %}`; tone "" is neutral, `icon=""` has none."""
    name = TONE_ICONS.get(tone, "") if icon is None else icon
    return format_html(
        '<span class="{}">{}{}</span>', f"tag {tone}".strip(), draw_icon(name) if name else "", word
    )


@register.simple_tag
def mastery(state: Any, words: bool = True) -> SafeString:
    """Mastery glyph with its word, the same for every role. 证据不足 is said, never drawn as 未学."""
    level = figures.mastery_level(state)
    if level is None:
        return SafeString('<span class="tag">证据不足</span>')
    glyph = format_html('<span class="mg m{}" aria-hidden="true"></span>', level)
    word = figures.MASTERY_WORDS[level]
    return format_html("{} {}" if words else '{}<span class="vh">{}</span>', glyph, word)


@register.simple_tag
def mastery_tag(state: Any) -> SafeString:
    """The mastery word as a coloured tag, to stand beside the glyph in a list."""
    level = figures.mastery_level(state)
    tone = {3: "ok", 2: "info", 1: "warn"}.get(-1 if level is None else level, "")
    word = "证据不足" if level is None else figures.MASTERY_WORDS[level]
    return format_html('<span class="{}">{}</span>', f"tag {tone}".strip(), word)


@register.simple_tag
def est(outcome: Any, kind: str = "share", digits: int | None = None, why: bool = False) -> SafeString:
    """An Estimate with its interval, or 证据不足: `{% est facility %}`, `{% est alpha kind="number" %}`.

    `why=True` also prints the reason. A plain number is written without an interval.
    """
    if figures.is_insufficient(outcome):
        text = f"（{figures.reason(outcome)}）"
        return format_html(
            '<span class="est"><span class="tag">证据不足</span><span class="{}">{}</span></span>',
            "hint" if why else "vh",
            text,
        )
    shown = _writer(kind, digits)
    value = format_html("<b>{}</b>", shown(figures.point(outcome)))
    limits = figures.bounds(outcome)
    if limits is None:
        return format_html('<span class="est">{}</span>', value)
    low, high = (shown(limit) for limit in limits)
    return format_html(
        '<span class="est">{}<span class="ci"><span class="vh">，可能在 </span>{}{}{}</span></span>',
        value,
        low.removesuffix("%") if not low.startswith(figures.MINUS) else low,
        figures.DASH,
        high,
    )


def _writer(kind: str, digits: int | None) -> Any:
    if kind == "share":
        return lambda value: figures.share(value, digits or 0)
    if kind == "number":
        return lambda value: figures.number(value, 2 if digits is None else digits)
    if kind == "mark":
        return figures.plain
    raise template.TemplateSyntaxError(f"est: unknown kind {kind!r}")


@register.filter
def as_share(value: float | None, digits: int = 0) -> str:
    """`{{ 0.4321|as_share }}` → 43%; None → 没有数据."""
    return "没有数据" if value is None else figures.share(value, digits)


@register.filter
def as_mark(value: float | None) -> str:
    """`{{ 7.50|as_mark }}` → 7.5."""
    return "没有数据" if value is None else figures.plain(value)


@register.filter
def heat_class(value: float) -> str:
    """Class x1…x5 of a share 0…1."""
    return figures.heat_class(value)


@register.simple_tag
def heat_cell(outcome: Any, digits: int = 0, unit: str = "%") -> SafeString:
    """One `<td>` of a heat table: the value is always printed; what is missing is hatched, never zero."""
    if figures.is_insufficient(outcome):
        return format_html('<td class="na center sm">{}</td>', figures.reason(outcome))
    value = figures.point(outcome)
    text = figures.share(value, digits)
    return format_html(
        '<td class="h {}">{}</td>', figures.heat_class(value), text if unit else text.removesuffix("%")
    )


@register.simple_tag
def bar(value: float, label: str = "", low: bool = False, tone: str = "") -> SafeString:
    """A share 0…1 as a bar; give a label where no number stands beside it."""
    return charts.bar(value, label=label, low=low, tone=tone)


@register.simple_tag
def barrow(outcome: Any, low_below: float = 0.6) -> SafeString:
    """Number and bar of a share; below `low_below` it takes the warning colour."""
    if figures.is_insufficient(outcome):
        return est(outcome)
    value = figures.point(outcome)
    low = value < low_below
    return format_html(
        '<div class="barrow"><b{}>{}</b>{}</div>',
        mark_safe(' class="c-bad"') if low else "",
        figures.share(value),
        charts.bar(value, low=low),
    )


@register.simple_tag
def interval_bar(outcome: Any, label: str) -> SafeString:
    """An Estimate of a share as bar with whisker; Insufficient says so."""
    limits = None if figures.is_insufficient(outcome) else figures.bounds(outcome)
    if limits is None:
        return est(outcome)
    return charts.interval_bar(figures.point(outcome), *limits, label=label)


@register.simple_tag
def progress(done: int, total: int, label: str) -> SafeString:
    """Progress bar of long work."""
    return charts.progress(done, total, label=label)


@register.simple_tag
def parts_bar(pieces: Sequence[tuple[str, int, str]], what: str = "", unit: str = "人") -> SafeString:
    """Parts of a whole: pieces of (word, count, class k3/k2/k1/k0)."""
    return charts.parts(pieces, what=what, unit=unit)


@register.simple_tag
def target_bar(actual: float, target: float, label: str) -> SafeString:
    """Actual share against target."""
    return charts.target_bar(actual, target, label=label)


@register.simple_tag
def distribution_chart(
    bins: Sequence[tuple[str, int]],
    grade: Sequence[float] | None = None,
    low: int = 0,
    what: str = "分数段",
) -> SafeString:
    """Columns of people per band with the grade as dashed line."""
    return charts.distribution(bins, grade=grade, low=low, what=what)


@register.simple_tag
def option_bars(options: Sequence[tuple[str, int, bool]], what: str = "各选项人数") -> SafeString:
    """Horizontal bars of one question's choices."""
    return charts.option_bars(options, what=what)


@register.simple_tag
def trend_chart(
    points: Sequence[tuple[str, float | None]],
    unit: str = "%",
    lowest: float = 0,
    highest: float = 100,
    what: str = "变化",
) -> SafeString:
    """Line over time; under four points it is said in words."""
    return charts.trend(points, unit=unit, lowest=lowest, highest=highest, what=what)


@register.simple_tag
def curve_chart(
    path: Sequence[tuple[float, float, float, float]],
    ticks: Sequence[tuple[float, str]],
    what: str,
    best: tuple[float, float] | None = None,
    best_label: str = "",
) -> SafeString:
    """Share over attainment within its band; `best` marks where the question measures best."""
    return charts.curve(path, ticks=ticks, what=what, best=best, best_label=best_label)


@register.simple_tag
def read_aloud(part: str, words: str = "读一读") -> SafeString:
    """Button that reads the element with this id aloud; only on `size="big"` pages with a voice."""
    return format_html(
        '<button class="btn" type="button" data-read="{}" hidden>{}{}</button>',
        part,
        draw_icon("volume"),
        words,
    )


@register.simple_tag
def crumb(word: str, href: str = "") -> SafeString:
    """One step of the breadcrumb; on a phone the last linked step is the way back."""
    chevron = draw_icon("chevron-right")
    if href:
        return format_html('<li><a href="{}">{}</a>{}</li>', href, word, chevron)
    return format_html('<li aria-current="page">{}</li>', word)


@register.simple_block_tag
def page_head(content: str, title: str, sub: str = "") -> SafeString:
    """Title, time of the data, buttons: `{% page_head title sub %}…buttons…{% endpage_head %}`."""
    buttons = format_html('<div class="btns">{}</div>', content) if content.strip() else ""
    under = format_html('<p class="sub">{}</p>', sub) if sub else ""
    return format_html('<div class="page-head"><div><h1>{}</h1>{}</div>{}</div>', title, under, buttons)


@register.simple_block_tag
def lede(content: str) -> SafeString:
    """The page's conclusion: where we stand, how far to the target, what to do next."""
    return format_html('<p class="lede">{}</p>', content)


@register.simple_block_tag
def note(content: str, tone: str = "", icon: str = "") -> SafeString:
    """A message in the page: `{% note "warn" %}<b>没有保存。</b>…{% endnote %}`."""
    name = icon or TONE_ICONS.get(tone, "info-circle")
    return format_html(
        '<div class="{}">{}<div>{}</div></div>', f"note {tone}".strip(), draw_icon(name), content
    )


@register.simple_block_tag(name="empty", end_name="endempty")
@register.simple_block_tag(name="nothing", end_name="endnothing")
def empty(content: str, title: str, text: str = "", icon: str = "search", level: int = 3) -> SafeString:
    """Nothing here: why, and one step. The content is the buttons.

    Inside `{% for %}` write `{% nothing … %}`: there `{% empty %}` belongs to the loop.
    """
    buttons = format_html('<div class="btns">{}</div>', content) if content.strip() else ""
    heading = format_html("<h{}>{}</h{}>", level, title, level)
    return format_html(
        '<div class="empty">{}{}<p>{}</p>{}</div>', draw_icon(icon, "xl"), heading, text, buttons
    )


@register.simple_tag(takes_context=True)
def pager(context: template.Context, page: Page[Any], name: str = "page") -> SafeString:
    """Links to the neighbouring pages; keeps the filter. Nothing where one page holds all."""
    if page.paginator.num_pages <= 1:
        return SafeString("")
    request: HttpRequest | None = context.get("request")
    base = request.GET.copy() if request is not None else QueryDict(mutable=True)

    def link(number: int, words: str, icon_name: str, before: bool) -> SafeString:
        base[name] = str(number)
        drawn = draw_icon(icon_name)
        return format_html(
            '<a class="btn" href="?{}">{}{}{}</a>',
            base.urlencode(),
            drawn if before else "",
            words,
            "" if before else drawn,
        )

    pieces: list[SafeString] = []
    if page.has_previous():
        pieces.append(link(page.previous_page_number(), "上一页", "chevron-left", before=True))
    pieces.append(
        format_html(
            '<span class="muted">第 {}/{} 页，共 {} 条</span>',
            page.number,
            page.paginator.num_pages,
            page.paginator.count,
        )
    )
    if page.has_next():
        pieces.append(link(page.next_page_number(), "下一页", "chevron-right", before=False))
    return format_html(
        '<nav class="pager" aria-label="分页">{}</nav>',
        format_html_join("", "{}", ((piece,) for piece in pieces)),
    )
