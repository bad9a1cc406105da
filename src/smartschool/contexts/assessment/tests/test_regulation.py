"""The rules of regulation.toml as cases: what may be held, what is refused and by which rule."""

from datetime import date

import pytest

from smartschool.contexts.assessment.public.contracts import Nature
from smartschool.contexts.assessment.regulation import Held, Proposal, in_force, refusals, versions

AUTUMN, SPRING = ("2026-2027", 1), ("2026-2027", 2)
NOW = in_force(date(2026, 11, 1))


def rules(
    nature: Nature, grade: int, term: tuple[str, int] = AUTUMN, held: tuple[Held, ...] = (), **more: str
) -> list[str]:
    proposal = Proposal(more.pop("name", "期末"), nature, grade, term, **more)
    return [refusal.rule for refusal in refusals(NOW, proposal, held)]


@pytest.mark.parametrize("grade", range(1, 10))
@pytest.mark.parametrize("nature", [Nature.MIDTERM, Nature.FINAL, Nature.MOCK])
def test_which_grade_may_hold_what(grade: int, nature: Nature) -> None:
    allowed = {Nature.FINAL: range(3, 10), Nature.MIDTERM: range(7, 10), Nature.MOCK: range(9, 10)}
    assert (rules(nature, grade, SPRING) == []) is (grade in allowed[nature])


def test_counts() -> None:
    final = Held(Nature.FINAL, AUTUMN)
    assert rules(Nature.FINAL, 5, AUTUMN, (final,)) == ["primary_final"]
    assert rules(Nature.FINAL, 5, SPRING, (final,)) == []
    assert rules(Nature.MIDTERM, 7, AUTUMN, (final,)) == []
    mocks = (Held(Nature.MOCK, SPRING), Held(Nature.MOCK, SPRING))
    assert rules(Nature.MOCK, 9, SPRING, mocks[:1]) == []
    assert rules(Nature.MOCK, 9, SPRING, mocks) == ["graduating_mock"]
    assert rules(Nature.MOCK, 9, ("2027-2028", 2), mocks) == []
    assert rules(Nature.MOCK, 9, AUTUMN) == ["graduating_mock"]


def test_joint_exams_only_in_the_graduating_grade() -> None:
    assert rules(Nature.FINAL, 8, joint_code="J1") == ["no_joint_exam"]
    assert rules(Nature.FINAL, 6, joint_code="J1") == ["no_joint_exam"]
    assert rules(Nature.MOCK, 9, SPRING, joint_code="J1") == []


@pytest.mark.parametrize("word", ["月考", "周考", "单元考", "测验", "限时练习", "学情调研"])
def test_exams_in_disguise(word: str) -> None:
    assert rules(Nature.FINAL, 8, name=f"十月{word}") == ["no_disguised_exam"]


def test_monitoring_needs_its_document_and_plan() -> None:
    assert rules(Nature.MONITORING, 2) == ["monitoring"]
    assert rules(Nature.MONITORING, 2, document_number="教监〔2026〕1号") == ["monitoring"]
    assert rules(Nature.MONITORING, 2, sampling_plan="抽 3 校") == ["monitoring"]
    assert rules(Nature.MONITORING, 2, document_number="教监〔2026〕1号", sampling_plan="抽 3 校") == []


def test_every_rule_has_its_clause_and_versions_follow_each_other() -> None:
    assert [v.valid_from for v in versions()] == sorted({v.valid_from for v in versions()})
    assert in_force(date(2022, 1, 1)) is versions()[0]
    assert "测验" not in versions()[0].banned_words
    for version in versions():
        assert all(len(a.source) > 10 for a in version.allowances)
        assert len(version.joint_source) > 10
    refused = refusals(NOW, Proposal("十月月考", Nature.MIDTERM, 2, AUTUMN), [])
    assert all(r.message and r.source for r in refused)
    assert "纸笔" in refused[-1].message
