"""Charts: their numbers, their label, and nothing that the content security policy refuses."""

import re
from xml.etree import ElementTree

import pytest

from smartschool.web import charts


def pictures(html: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(f"<div>{html}</div>"))  # noqa: S314 -- our own output


def test_distribution_draws_heights_in_proportion_and_says_all_numbers() -> None:
    wide, narrow = pictures(
        charts.distribution([("40 以下", 1), ("40–49", 2), ("50–100", 8)], grade=[2, 2, 7], low=1)
    )
    for picture in (wide, narrow):
        label = picture.get("aria-label", "")
        assert label.startswith("分数段，11 人：40 以下 1，40–49 2，50–100 8。")
        assert "2，2，7" in label
        heights = [float(rect.get("height", "")) for rect in picture.iter("rect")]
        assert heights[2] / heights[0] == pytest.approx(8, abs=0.1)
        assert [rect.get("class") for rect in picture.iter("rect")] == ["fl", "f4", "f4"]
        dashes = [float(line.get("y1", "")) for line in picture.iter("line") if line.get("class") == "da"]
        assert dashes[0] == dashes[1] > dashes[2]
    assert wide.get("viewBox", "").startswith("0 0 620")
    assert narrow.get("viewBox", "").startswith("0 0 330")


def test_distribution_without_a_grade_has_no_line() -> None:
    html = charts.distribution([("40 以下", 0), ("40–49", 3)])
    assert 'class="da"' not in html
    assert "虚线" not in html


def test_distribution_refuses_a_line_of_another_length() -> None:
    with pytest.raises(ValueError, match="one value per band"):
        charts.distribution([("a", 1)], grade=[1, 2])


def test_option_bars_mark_the_key_by_word_and_sign() -> None:
    wide, _ = pictures(
        charts.option_bars([("A", 17, False), ("B", 20, True), ("C", 0, False)], what="第 9 题各选项人数")
    )
    assert wide.get("aria-label") == "第 9 题各选项人数，共 37 人：A 17 人，B（正确） 20 人，C 0 人。"
    widths = [float(rect.get("width", "")) for rect in wide.iter("rect")]
    assert widths[0] / widths[1] == pytest.approx(17 / 20, abs=0.01)
    assert widths[2] == 0
    assert [text.text for text in wide.iter("text") if "✓ 正确" in (text.text or "")] == ["20 人 54% ✓ 正确"]


def test_trend_needs_four_points() -> None:
    assert "<svg" not in charts.trend([("一", 61.0), ("二", None), ("三", 70.0), ("四", 72.0)])
    wide, _ = pictures(charts.trend([("一", 61.0), ("二", None), ("三", 70.0), ("四", 72.0), ("五", 80.5)]))
    assert "二 没有数据" in wide.get("aria-label", "")
    assert len(list(wide.iter("circle"))) == 4
    assert len([line for line in wide.iter("line") if line.get("class") == "ln"]) == 2  # the gap stays a gap
    assert [text.text for text in wide.iter("text")].count("80.5%") == 1


def test_curve_puts_shares_places_and_the_best_stretch_where_they_belong() -> None:
    path = [(-2.0, 0.1, 0.0, 0.2), (0.0, 0.5, 0.4, 0.6), (2.0, 0.9, 0.8, 1.0)]
    wide, narrow = pictures(
        charts.curve(path, ticks=[(0.0, "中等")], what="得分率", best=(0.0, 2.0), best_label="看得最清")
    )
    for picture in (wide, narrow):
        assert picture.get("aria-label") == "得分率"
        (line,) = picture.iter("polyline")
        xs, ys = zip(*(map(float, point.split(",")) for point in line.get("points", "").split()), strict=True)
        assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)
        assert ys[0] - ys[1] == pytest.approx(ys[1] - ys[2], abs=0.2)
        assert ys[0] > ys[2], "a higher share stands higher"
        (band,) = picture.iter("polygon")
        assert len(band.get("points", "").split()) == 6
        (best,) = picture.iter("rect")
        assert float(best.get("x", "")) == pytest.approx(xs[1], abs=0.2)
        assert float(best.get("width", "")) == pytest.approx(xs[2] - xs[1], abs=0.2)
        (dot,) = picture.iter("circle")
        assert float(dot.get("cx", "")) == pytest.approx(xs[1], abs=0.2)
    assert not list(pictures(charts.curve(path, ticks=[], what="得分率"))[0].iter("rect"))


def test_interval_bar_places_estimate_and_whisker() -> None:
    (picture,) = pictures(charts.interval_bar(0.48, 0.33, 0.63, label="掌握"))
    assert picture.get("aria-label") == "掌握 48%，可能在 33% 到 63% 之间"
    ends = [float(line.get("x1", "")) for line in picture.iter("line")][1:]
    assert ends == [66, 126]


def test_target_bar_never_rounds_up_to_the_target() -> None:
    wide, _ = pictures(charts.target_bar(0.4999, 0.5, label="建成率"))
    assert wide.get("aria-label") == "建成率：现在 49%，目标 50%"
    tick = next(line for line in wide.iter("line") if line.get("class") == "tg")
    assert float(tick.get("x1", "")) == 310


def test_parts_fill_the_bar_in_proportion() -> None:
    (picture,) = pictures(charts.parts([("已掌握", 3, "k3"), ("基本掌握", 0, "k2"), ("需巩固", 1, "k1")]))
    starts = [float(rect.get("x", "")) for rect in picture.iter("rect")]
    assert starts == [0, 225]


def test_words_are_escaped_everywhere() -> None:
    evil = '"><script>alert(1)</script>'
    drawn = [
        charts.distribution([(evil, 1)], what=evil),
        charts.option_bars([(evil, 1, True)], what=evil),
        charts.trend([(evil, 1.0)] * 4, what=evil),
        charts.trend([(evil, 1.0)], what=evil),
        charts.bar(0.3, label=evil),
        charts.interval_bar(0.3, 0.2, 0.4, label=evil),
        charts.parts([(evil, 1, evil)], what=evil),
        charts.progress(1, 2, label=evil),
        charts.target_bar(0.1, 0.2, label=evil),
        charts.curve(
            [(0.0, 0.1, 0.0, 0.2), (1.0, 0.2, 0.1, 0.3)],
            ticks=[(0.0, evil)],
            what=evil,
            best=(0.0, 1.0),
            best_label=evil,
        ),
    ]
    for html in drawn:
        assert "<script" not in html
        pictures(html)  # still well-formed


def test_no_chart_uses_what_the_security_policy_refuses() -> None:
    html = (
        charts.distribution([("a", 1)], grade=[1])
        + charts.option_bars([("a", 1, True)])
        + charts.target_bar(0.1, 0.2, label="x")
    )
    assert not re.search(r"\bstyle=|\bon\w+=", html)


@pytest.mark.parametrize("value", [-0.5, 0.0, 1.0, 7.0])
def test_bar_stays_within_its_track(value: float) -> None:
    (picture,) = pictures(charts.bar(value, label="得分率"))
    (rect,) = picture.iter("rect")
    assert 0 <= float(rect.get("width", "")) <= 100
