"""Import of knowledge trees: faults by line, upsert by code, and the shipped trees are sound."""

import pytest

from smartschool.contexts.curriculum.commands.points import import_points
from smartschool.contexts.curriculum.errors import TreeRefused
from smartschool.contexts.curriculum.knowledge_file import faults_of, read
from smartschool.contexts.curriculum.models import KnowledgePoint, Prerequisite
from smartschool.contexts.curriculum.public.doors import (
    match_points,
    points_of,
    prerequisites_of,
    search_points,
)
from smartschool.contexts.curriculum.shipped import trees
from smartschool.kernel.actor import system_actor

CSV = "编码,上级编码,名称\nX1,,数与式\nX11,X1,有理数\nX12,X1,整式\n"
ACTOR = system_actor("t")


def bring(text: str, subject: str = "23") -> tuple[int, int, int]:
    report = import_points(actor=ACTOR, subject=subject, stage="junior", source="t", rows=read(text))
    return report.added, report.changed, report.unchanged


def test_each_fault_names_its_line() -> None:
    text = "code,parent,name\nA,,一\nA,,二\nB,Z,三\nC,A,\nD,A,四\nE,D,五\nF,E,六\nG,F,七\n"
    assert [(fault.row, fault.code) for fault in faults_of(read(text))] == [
        (3, "duplicate"),
        (4, "unknown_parent"),
        (5, "required"),
        (9, "too_deep"),
    ]


def test_a_file_without_the_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="上级编码、名称"):
        read("编码,别的\n1,2\n")


def test_shipped_trees_are_sound() -> None:
    found = list(trees())
    assert len(found[0][3]) == 1040
    assert {(subject, stage) for subject, stage, _, _ in found} >= {("14", "junior"), ("13", "primary")}
    for _, _, _, rows in found:
        assert list(faults_of(rows)) == []
    codes = [row.code for _, _, _, rows in found for row in rows]
    assert len(codes) == len(set(codes))


@pytest.mark.django_db
def test_import_adds_then_recognises_then_renames() -> None:
    assert bring(CSV) == (3, 0, 0)
    assert bring(CSV) == (0, 0, 3)
    KnowledgePoint.objects.filter(code__startswith="X").update(reviewed=True)
    assert bring(CSV.replace("整式", "整式与分式")) == (0, 1, 2)
    reviewed = dict(KnowledgePoint.objects.filter(code__startswith="X").values_list("code", "reviewed"))
    assert reviewed == {"X1": True, "X11": True, "X12": False}


@pytest.mark.django_db
def test_a_code_of_another_tree_is_refused_and_nothing_written() -> None:
    bring(CSV)
    with pytest.raises(TreeRefused) as refused:
        bring("code,parent,name\nNEW1,,新\nX1,,抢\n", subject="24")
    assert "X1" in refused.value.message
    assert not KnowledgePoint.objects.filter(code="NEW1").exists()


@pytest.mark.django_db
def test_doors_read_in_one_query(django_assert_num_queries: object) -> None:
    bring(CSV)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert [p.path for p in points_of("23", "junior")][1] == ("数与式", "有理数")
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = match_points(["x12", "有理数", "没有的"], subject="23", stage="junior")
    assert {word: [p.code for p in points] for word, points in found.items()} == {
        "x12": ["X12"],
        "有理数": ["X11"],
        "没有的": [],
    }
    assert [p.code for p in search_points("式", subject="23", stage="junior")] == ["X1", "X12"]
    two, one = (KnowledgePoint.objects.get(code=code) for code in ("X12", "X11"))
    Prerequisite.objects.create(point=two, requires=one, source="t")
    assert prerequisites_of([one.pk, two.pk]) == {two.pk: (one.pk,)}
