"""Complete reports from real exams: figures equal to NumPy, one truth in JSON, workbook and page."""

from __future__ import annotations

import csv
import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from smartschool.analyze.tests.conftest import folder, strict

SHIPPED = ["frcsub", "lsat6", "lsat7"]
OTHERS = ["math1", "ecpe_q", "timss07_g4_q", "hci_options", "ctt_options", "science_ordinal"]
BANNED = re.compile("排名|名次|倒数|测试|测验|百分位|超过.{0,6}同学")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))


def marks_of(place: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Marks by a way of its own: plain float() and equality with the key."""
    table, items = rows(place / "responses.csv"), rows(place / "items.csv")
    full = np.array([float(row[2]) for row in items[1:]])
    out = np.full((len(table) - 1, len(full)), np.nan)
    for i, row in enumerate(table[1:]):
        for j, cell in enumerate(row[1:]):
            if cell:
                out[i, j] = full[j] * (cell == items[j + 1][3]) if len(items[0]) > 3 else float(cell)
    return out, full, table[0][1:]


@pytest.mark.parametrize("name", SHIPPED + OTHERS)
def test_every_exam_gives_a_complete_report(run, name):
    place = folder(name)
    result = run(place)
    assert result.code == 0, result.err
    marks, full, items = marks_of(place)
    report = result.report
    assert report["exam"]["n_pupils"] == int(np.isfinite(marks).any(axis=1).sum())
    assert [item["id"] for item in report["items"]] == items
    facility = np.nanmean(marks, axis=0) / full
    np.testing.assert_allclose([item["facility"] for item in report["items"]], facility, rtol=0, atol=1e-9)
    for pupil, row in zip(report["pupils"], marks, strict=True):
        assert pupil["total"] == pytest.approx(np.nansum(row), abs=1e-9)
    for j, item in enumerate(report["items"]):
        assert {entry["mark"]: entry["n"] for entry in item["marks"] if entry["n"]} == {
            value: int((marks[:, j] == value).sum())
            for value in np.unique(marks[np.isfinite(marks[:, j]), j])
        }
    if not np.isnan(marks).any():
        total = marks.sum(axis=1)
        for j, item in enumerate(report["items"]):
            expected = np.corrcoef(marks[:, j], total - marks[:, j])[0, 1]
            assert item["rest_correlation"]["estimate"] == pytest.approx(expected, abs=1e-9)
            assert item["rest_correlation"]["low"] < expected < item["rest_correlation"]["high"]
        k = len(full)
        alpha = k / (k - 1) * (1 - marks.var(axis=0, ddof=1).sum() / total.var(ddof=1))
        assert report["reliability"]["alpha"]["estimate"] == pytest.approx(alpha, abs=1e-9)
    if (place / "q.csv").exists():
        q = np.array([[float(x) for x in row[1:]] for row in rows(place / "q.csv")[1:]])
        weight = q / q.sum(axis=1, keepdims=True) * full[:, None]
        got, possible = np.nan_to_num(marks / full) @ weight, np.isfinite(marks) @ weight
        expected = got.sum(axis=0) / possible.sum(axis=0)
        np.testing.assert_allclose([p["estimate"] for p in report["points"]], expected, atol=1e-9)
        assert all(len(pupil["mastery"]) == q.shape[1] for pupil in report["pupils"])


@pytest.mark.parametrize("name", ["frcsub", "hci_options"])
def test_workbook_agrees_with_json(run, name):
    result = run(folder(name))
    book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
    sheet = book.get_sheet_by_name("试题").to_python()
    for row, item in zip(sheet[1:], result.report["items"], strict=True):
        assert row[0] == item["id"]
        assert row[5] == pytest.approx(item["facility"])
        assert row[8] == pytest.approx(item["discrimination"])
    pupils = book.get_sheet_by_name("学生").to_python()
    assert [row[0] for row in pupils[1:]] == [pupil["id"] for pupil in result.report["pupils"]]


class Page(HTMLParser):
    """Balance of tags, number of headings, addresses, words."""

    VOID = frozenset(("meta", "rect", "line", "circle", "polyline", "polygon", "path"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.h1 = 0
        self.addresses: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.h1 += tag == "h1"
        self.addresses += [v for k, v in attrs if k in ("href", "src") and v]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)


@pytest.mark.parametrize("name", ["frcsub", "hci_options", "timss07_g4_q"])
def test_page_is_whole_self_contained_and_without_banned_words(run, name):
    text = (run(folder(name)).folder / "report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.h1 == 1
    assert all(address.startswith("#") for address in page.addresses)
    assert "@import" not in text
    assert "url(" not in text
    words = "".join(page.words)
    assert not BANNED.search(words)
    assert not re.search(r"nan|inf\b|None|\{|\}", words)
    assert not re.search(r"[\u4e00-\u9fff][,:;?!()]|[,:;?!()][\u4e00-\u9fff]", words)


def test_the_error_of_a_total_is_said_of_the_mean_of_many_sittings_and_not_of_a_second_one(run):
    result = run(folder("frcsub"))
    page = Page()
    page.feed((result.folder / "report.html").read_text("utf-8"))
    words = "".join(page.words)
    width = 1.96 * result.report["reliability"]["sem"]["estimate"]
    assert f"±{width:.1f}" in words
    assert "平均总分多半在这次总分上下" in words
    assert "再考一次" not in words


def test_columns_rows_and_encoding_do_not_matter(run, exam):
    place = folder("frcsub")
    table = rows(place / "responses.csv")[:120]
    texts = {name: (place / f"{name}.csv").read_text("utf-8") for name in ("items", "q", "knowledge")}

    def text(rows_, separator=","):
        return "\r\n".join(separator.join(row) for row in rows_) + "\r\n"

    plain = run(exam(text(table), **texts)).report
    shuffle = random.Random(4)
    columns = list(range(1, len(table[0])))
    shuffle.shuffle(columns)
    columns.insert(5, 0)
    turned = [[row[c] for c in columns] for row in table]
    turned[0] = ["学号" if title == "student" else title for title in turned[0]]
    versions = {
        "turned": text(turned).encode(),
        "bom": b"\xef\xbb\xbf" + text(table).encode(),
        "gb18030": text(turned).encode("gb18030"),
        "utf16 tabs": text(table, "\t").encode("utf-16"),
        "full-width digits": text(
            [
                [c.translate({48: "０", 49: "１"}) if i else c for i, c in enumerate(r)] if k else r
                for k, r in enumerate(table)
            ]
        ).encode(),
        "blank lines": text([[], *table[:50], [""] * 21, *table[50:], []]).encode(),
    }
    for name, data in versions.items():
        other = run(exam(data, **texts)).report
        assert other is not None, name
        for part in ("items", "points", "pupils", "reliability"):
            assert other[part] == plain[part], (name, part)
    mixed = [table[0], *shuffle.sample(table[1:], len(table) - 1)]
    other = run(exam(text(mixed), **texts)).report
    for one, two in zip(plain["items"], other["items"], strict=True):
        assert two["facility"] == pytest.approx(one["facility"], abs=1e-12)
        assert two["discrimination"] == pytest.approx(one["discrimination"], abs=1e-9)
    by_id = {pupil["id"]: pupil["mastery"] for pupil in other["pupils"]}
    for pupil in plain["pupils"]:
        for one, two in zip(pupil["mastery"], by_id[pupil["id"]], strict=True):
            assert two["state"] == one["state"]
            assert two["estimate"] == pytest.approx(one["estimate"], abs=1e-9)


def test_order_of_pupils_is_that_of_the_file_whatever_their_marks(run, exam):
    """Nothing is ordered by marks: exchanging the marks of pupils leaves every list of pupils as it was."""
    rng = np.random.default_rng(1)
    marks = (rng.random((30, 8)) < 0.5).astype(int)
    q = "item,a,b\n" + "".join(f"q{j},{j % 2},{1 - j % 2}\n" for j in range(8))

    def make(table):
        head = "student," + ",".join(f"q{j}" for j in range(8))
        body = [f"P{i:02d}," + ",".join(map(str, row)) for i, row in enumerate(table)]
        result = run(exam("\n".join([head, *body]), q=q))
        page = (result.folder / "report.html").read_text("utf-8")
        book = CalamineWorkbook.from_path(str(result.folder / "report.xlsx"))
        sheet = [row[0] for row in book.get_sheet_by_name("学生").to_python()]
        return re.findall(r"P\d\d", page), sheet, [p["id"] for p in result.report["pupils"]]

    assert make(marks) == make(marks[rng.permutation(30)])


def test_starts_without_django(tmp_path):
    code = (
        "import sys; from smartschool.cli.__main__ import main; "
        f"rc = main(['analyze', {str(folder('lsat6'))!r}, '--out', {str(tmp_path)!r}]); "
        "assert rc == 0; assert 'django' not in sys.modules; assert 'numba' not in sys.modules; "
        "assert 'scipy.stats' not in sys.modules"
    )
    source = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(source), "PATH": ""})


def test_json_on_standard_output(run):
    result = run(folder("lsat7"), "--json", out=False)
    assert result.code == 0
    assert not result.folder.exists()
    assert strict(result.out)["exam"]["n_pupils"] == 1000


def test_a_point_that_a_doubtful_key_makes_weak_is_told_with_that_key(run, exam):
    rng = np.random.default_rng(5)
    ability = rng.normal(size=(400, 1))
    right = rng.random((400, 8)) < 1 / (1 + np.exp(-1.5 * (ability + 0.5)))
    chosen = np.where(right, "B", rng.choice(["A", "C", "D"], size=right.shape))
    table = ["student," + ",".join(f"q{j}" for j in range(8))]
    table += [f"S{i}," + ",".join(row) for i, row in enumerate(chosen)]
    key = ["item,type,full_score,key"] + [f"q{j},选择题,2,{'D' if j == 3 else 'B'}" for j in range(8)]
    q = ["item,K0,K1"] + [f"q{j},{int(j % 4 != 3)},{int(j % 4 == 3)}" for j in range(8)]
    parts = {"items": "\n".join(key), "q": "\n".join(q)}
    result = run(exam("\n".join(table), **parts))
    page = (result.folder / "report.html").read_text("utf-8")
    assert "其中第 q3 题的答案待核对，改正后会变" in page
    sound = run(exam("\n".join(table), **{**parts, "items": parts["items"].replace(",D", ",B")}))
    assert "待核对" not in (sound.folder / "report.html").read_text("utf-8")
