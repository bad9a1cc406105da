"""ExamRegulation (考试规定): judges a proposed exam by the versioned rules of regulation.toml. Pure."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from smartschool.contexts.assessment.public.contracts import Nature

_GRADES = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Allowance:
    """An exam that may be held. A limit of 0 means: not counted."""

    key: str
    grades: tuple[int, ...]
    nature: Nature
    source: str
    per_term: int = 0
    per_year: int = 0
    terms: tuple[int, ...] = (1, 2)
    document: bool = False


@dataclass(frozen=True, slots=True)
class Regulation:
    """One version of the rules."""

    name: str
    valid_from: date
    allowances: tuple[Allowance, ...]
    joint_key: str
    joint_grades: tuple[int, ...]
    joint_source: str
    banned_key: str
    banned_words: tuple[str, ...]
    banned_source: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a school wants to hold. `term` is (school year, number)."""

    name: str
    nature: Nature
    grade: int
    term: tuple[str, int]
    joint_code: str = ""
    document_number: str = ""
    sampling_plan: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """An exam that the same grade of the same school already has."""

    nature: Nature
    term: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule that speaks against the proposal: its key, what is wrong, its clause."""

    rule: str
    message: str
    source: str


@cache
def versions() -> tuple[Regulation, ...]:
    """All versions, oldest first."""
    text = resources.files("smartschool.contexts.assessment").joinpath("regulation.toml").read_text("utf-8")
    made = []
    for raw in sorted(tomllib.loads(text)["version"], key=lambda version: version["valid_from"]):
        allowances = tuple(
            Allowance(
                key=row["key"],
                grades=tuple(row["grades"]),
                nature=Nature(row["nature"]),
                source=row["source"],
                per_term=row.get("per_term", 0),
                per_year=row.get("per_year", 0),
                terms=tuple(row.get("terms", (1, 2))),
                document=row.get("document", False),
            )
            for row in raw["allow"]
        )
        joint, banned = raw["joint"], raw["banned"]
        made.append(
            Regulation(
                raw["name"],
                raw["valid_from"],
                allowances,
                joint["key"],
                tuple(joint["grades"]),
                joint["source"],
                banned["key"],
                tuple(banned["words"]),
                banned["source"],
            )
        )
    return tuple(made)


def in_force(on: date) -> Regulation:
    """The version that holds on a day; the first one before its own day."""
    return next((v for v in reversed(versions()) if v.valid_from <= on), versions()[0])


def refusals(regulation: Regulation, proposal: Proposal, held: Iterable[Held]) -> list[Refusal]:
    """Every rule that speaks against the proposal; none means that it may be held."""
    found = []
    grade = f"{_GRADES[proposal.grade]}年级"
    words = [word for word in regulation.banned_words if word in proposal.name]
    if words:
        message = f"考试名称里有“{words[0]}”。平时的练习不能办成考试，请改用课堂作业和再练。"
        found.append(Refusal(regulation.banned_key, message, regulation.banned_source))
    joint = proposal.joint_code and proposal.nature is not Nature.MONITORING
    if joint and proposal.grade not in regulation.joint_grades:
        message = f"{grade}不能几所学校一起考。请由本校自己组卷，可以从区题库选题。"
        found.append(Refusal(regulation.joint_key, message, regulation.joint_source))
    allowances = [a for a in regulation.allowances if a.nature is proposal.nature]
    fitting = next((a for a in allowances if proposal.grade in a.grades), None)
    if fitting is None:
        if proposal.grade <= 2:
            message = f"{grade}不进行纸笔考试。请用游园、口头展示等方式了解学习情况。"
        else:
            message = f"{grade}不能举行{proposal.nature.zh}考试。"
        found.append(Refusal(allowances[0].key, message, allowances[0].source))
    else:
        found += _limits(fitting, proposal, list(held), grade)
    return found


def _limits(rule: Allowance, proposal: Proposal, held: list[Held], grade: str) -> list[Refusal]:
    same = [h for h in held if h.nature is proposal.nature]
    zh = proposal.nature.zh
    messages = []
    if proposal.term[1] not in rule.terms:
        messages.append(f"{zh}考试只能放在{'春季' if 2 in rule.terms else '秋季'}学期。")
    if rule.per_term and sum(h.term == proposal.term for h in same) >= rule.per_term:
        messages.append(f"{grade}这个学期已经有{zh}考试，每学期最多 {rule.per_term} 次。")
    if rule.per_year and sum(h.term[0] == proposal.term[0] for h in same) >= rule.per_year:
        messages.append(f"{grade}这个学年的{zh}考试已经有 {rule.per_year} 次，不能再加。")
    if rule.document and not (proposal.document_number and proposal.sampling_plan):
        messages.append("质量监测要填监测文件号和抽样方案。")
    return [Refusal(rule.key, message, rule.source) for message in messages]
