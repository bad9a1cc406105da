"""Classes and schools: natural order whatever the marks, figures as NumPy has them, small groups hidden."""

from __future__ import annotations

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from smartschool.analyze.homes import kind_of, natural

CLASSES = ["七（1）班", "七（2）班", "七（10）班"]


def responses(marks: np.ndarray, columns: dict[str, list[str]]) -> str:
    items = [f"q{j + 1}" for j in range(marks.shape[1])]
    lines = [",".join(["student", *columns, *items])]
    for i, row in enumerate(marks.astype(int).tolist()):
        lines.append(",".join([f"S{i}", *(labels[i] for labels in columns.values()), *map(str, row)]))
    return "\n".join(lines)


def draw(sizes: list[int], levels: list[float], items: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    home = np.repeat(np.arange(len(sizes)), sizes)
    ability = np.array(levels)[home] + rng.normal(size=len(home))
    chance = 1 / (1 + np.exp(-(ability[:, None] - np.linspace(-1, 1, items))))
    return (rng.random(chance.shape) < chance).astype(float), home


@pytest.mark.parametrize("levels", [[0.8, 0.0, -0.8], [-0.8, 0.0, 0.8]])
def test_classes_stand_in_natural_order_with_figures_of_numpy(run, exam, levels):
    marks, home = draw([30, 41, 38], levels)
    labels = [CLASSES[g] for g in home]
    shuffle = np.random.default_rng(2).permutation(len(home))
    text = responses(marks[shuffle], {"班级": [labels[i] for i in shuffle]})
    result = run(exam(text))
    (table,) = result.report["groups"]
    assert (table["kind"], table["title"]) == ("class", "班级")
    assert [row["label"] for row in table["rows"]] == CLASSES
    for g, row in enumerate(table["rows"]):
        share = marks[home == g].mean(axis=1)
        assert row["n"] == len(share)
        assert row["share"]["estimate"] == pytest.approx(share.mean())
        assert row["share"]["low"] < share.mean() < row["share"]["high"]
        gap = abs(share.mean() - marks.mean())
        assert abs(row["shrunken"]["estimate"] - marks.mean()) < gap + 0.005
    page = (result.folder / "report.html").read_text("utf-8")
    places = [page.index(f">{label}</th>") for label in CLASSES]
    assert places == sorted(places)
    sheet = CalamineWorkbook.from_path(str(result.folder / "report.xlsx")).get_sheet_by_name("班级")
    assert [row[0] for row in sheet.to_python()[1:]] == CLASSES
    assert not any(note["code"] == "columns_ignored" for note in result.report["notes"])


def test_small_classes_are_hidden_and_cannot_be_worked_out(run, exam):
    marks, home = draw([30, 3, 8, 40], [0, 0, 0, 0])
    result = run(exam(responses(marks, {"class": [f"{g + 1}班" for g in home]})))
    rows = result.report["groups"][0]["rows"]
    assert [row["n"] for row in rows] == [30, None, None, 40]
    assert rows[1]["share"] == {"insufficient": "small_group", "n": 0}
    assert "人数太少，不显示" in (result.folder / "report.html").read_text("utf-8")


def test_a_class_is_named_with_its_school_and_points_have_columns(run, exam):
    marks, home = draw([30, 30, 30, 30], [0.5, 0.2, -0.2, -0.5])
    groups = "\n".join(
        ["student,学校,班级"]
        + [f"S{i},{'东山' if g < 2 else '沈岗'},{g % 2 + 1}班" for i, g in enumerate(home)]
    )
    q = "\n".join(["item,a,b"] + [f"q{j + 1},{int(j < 6)},{int(j >= 4)}" for j in range(12)])
    result = run(exam(responses(marks, {}), groups=groups, q=q), "--model", "dif")
    schools, classes = result.report["groups"]
    assert [row["label"] for row in schools["rows"]] == ["东山", "沈岗"]
    assert [row["label"] for row in classes["rows"]] == ["东山 1班", "东山 2班", "沈岗 1班", "沈岗 2班"]
    weight = np.array([[1, 0]] * 4 + [[0.5, 0.5]] * 2 + [[0, 1]] * 6)
    mine = marks[home == 2] @ weight / weight.sum(axis=0)
    got = [point["share"]["estimate"] for point in classes["rows"][2]["points"]]
    np.testing.assert_allclose(got, mine.mean(axis=0))
    assert result.report["models"]["dif"] == [], "a class is no covariate of fairness"


def test_booklets_are_not_compared(run, exam):
    marks, home = draw([60, 60], [0, 0])
    text = responses(marks, {"班级": [f"{g + 1}班" for g in home]}).splitlines()
    cut = [
        ",".join(cell if k < 2 or (k + i) % 2 else "" for k, cell in enumerate(line.split(",")))
        for i, line in enumerate(text[1:])
    ]
    result = run(exam("\n".join([text[0], *cut])))
    table = result.report["groups"][0]
    assert not table["comparable"]
    assert {row["share"]["insufficient"] for row in table["rows"]} == {"not_comparable"}
    page = (result.folder / "report.html").read_text("utf-8")
    # Blanks may be another booklet or a pupil who wrote nothing: the file does not tell, so neither is said.
    assert "各班级的得分率不能相比" in page
    assert "同一份卷子" not in page
    assert "卷子不同，或者空着没做" in page


def test_pupils_without_a_class_are_counted_and_one_class_makes_no_table(run, exam):
    marks, home = draw([30, 30], [0, 0])
    labels = ["" if i < 4 else f"{g + 1}班" for i, g in enumerate(home)]
    result = run(exam(responses(marks, {"班级": labels})))
    assert [row["n"] for row in result.report["groups"][0]["rows"]] == [26, 30]
    assert any("4 名学生没有写班级" in note["text"] for note in result.report["notes"])
    assert run(exam(responses(marks, {"班级": ["1班"] * 60}))).report["groups"] == []


def test_intervals_of_items_allow_for_likeness_within_classes(run, exam):
    rng = np.random.default_rng(3)
    levels = rng.normal(0, 0.8, 30)
    marks, home = draw([25] * 30, levels.tolist())
    usual = run(exam(responses(marks, {})), "--model", "2pl").report["models"]["irt"]
    aware = run(exam(responses(marks, {"班级": [f"{g}班" for g in home]})), "--model", "2pl").report
    irt = aware["models"]["irt"]
    assert irt["loglik"] == pytest.approx(usual["loglik"], abs=1e-6)
    wider = [
        one["difficulties"][0]["se"] / other["difficulties"][0]["se"]
        for one, other in zip(irt["items"], usual["items"], strict=True)
    ]
    assert np.median(wider) > 1.2
    assert "sandwich" in irt["items"][0]["slope"]["method"]


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["十班", "二班", "一班", "十一班"], ["一班", "二班", "十班", "十一班"]),
        (["七（10）班", "七(2)班", "八（1）班"], ["七(2)班", "七（10）班", "八（1）班"]),
        (["二十一班", "九班", "二十班"], ["九班", "二十班", "二十一班"]),
        (["实验", "3", "12", "实验"], ["3", "12", "实验"]),
    ],
)
def test_natural_order(labels, order):
    assert natural(labels) == order


def test_titles_that_name_classes_and_schools():
    assert [kind_of(title) for title in ("班级", "Class", "学校", "SCHOOL", "性别", "班主任")] == [
        "class", "class", "school", "school", None, None,
    ]  # fmt: skip
