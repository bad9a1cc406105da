"""Exams of the demo district: finished finals that share items, an earlier exam, a village class, a draft.

Written by the same commands as in real life. Every school has composed its own final: the shared items
stand at different places and the others differ in difficulty.
"""

import tomllib
from datetime import date, timedelta
from importlib import resources
from typing import Any
from zlib import crc32

import numpy as np
from django.db import transaction

from smartschool.contexts.assessment.attempt_block import AttemptBlock
from smartschool.contexts.assessment.commands.blueprint import save_blueprint
from smartschool.contexts.assessment.commands.exams import create_exam
from smartschool.contexts.assessment.commands.marks import commit_marks
from smartschool.contexts.assessment.models import Attempt, Exam, Paper
from smartschool.contexts.assessment.public.contracts import BlueprintRow, ItemType, Nature
from smartschool.contexts.assessment.regulation import Proposal
from smartschool.contexts.assessment.seeds_answers import OPTIONS, invent
from smartschool.contexts.directory.public.contracts import OrganisationInfo, PupilInfo, TermInfo
from smartschool.contexts.directory.public.doors import (
    classes_of,
    current_term,
    pupils_of_classes,
    schools,
)
from smartschool.kernel import clock
from smartschool.kernel.actor import system_actor
from smartschool.kernel.scope import scope_of

SEED = 20261120
ACTOR = system_actor("demo")
JUNIOR_GRADE, VILLAGE_GRADE, VILLAGE_SIZE = 7, 6, 8
SHARED_TYPES = ("single", "multiple", "blank")  # of these the district's bank gave the items
MATHEMATICS, CHINESE, ENGLISH = "14", "13", "41"


def run(size: str) -> None:
    """Does nothing where exams exist."""
    places = schools()
    with transaction.atomic(), scope_of([place.id for place in places]):
        if not places or Exam.objects.exists():
            return
    papers = tomllib.loads(
        resources.files("smartschool.contexts.assessment").joinpath("demo_papers.toml").read_text("utf-8")
    )
    term = current_term()
    for place in places:
        with transaction.atomic(), scope_of([place.id]):
            _School(place, term, papers).write()


class _School:
    """The exams of one school; its random numbers depend on its code only."""

    def __init__(self, place: OrganisationInfo, term: TermInfo, papers: dict[str, Any]) -> None:
        self.place, self.term, self.papers = place, term, papers
        self.rng = np.random.default_rng([SEED, crc32(place.code.encode())])
        self.effect = float(self.rng.normal(0, 0.3))
        latest = min(clock.today() - timedelta(days=7), term.ends_on - timedelta(days=10))
        self.final_on = max(latest, term.starts_on + timedelta(days=2))
        self.midterm_on = max(self.final_on - timedelta(days=40), term.starts_on + timedelta(days=1))

    def write(self) -> None:
        juniors = self._pupils(JUNIOR_GRADE)
        if juniors:
            ability = self._ability(juniors)
            subjects = {MATHEMATICS: 100.0, CHINESE: 100.0, ENGLISH: 100.0}
            self._finished("junior_midterm", Nature.MIDTERM, self.midterm_on, juniors, ability - 0.1)
            exam = self._exam("七年级期末考试", Nature.FINAL, JUNIOR_GRADE, self.final_on, subjects)
            self._items(exam, "junior_final", juniors, ability, own=True)
            self._items(exam, "chinese_final", juniors, 0.6 * ability + self.rng.normal(0, 0.7, len(ability)))
            self._totals(exam, ENGLISH, juniors, ability)
            self._draft()
        village = self._pupils(VILLAGE_GRADE)
        if 0 < len(village) <= VILLAGE_SIZE:
            self._finished(
                "village_final", Nature.FINAL, self.final_on, village, self._ability(village), VILLAGE_GRADE
            )

    def _pupils(self, grade: int) -> list[PupilInfo]:
        classes = classes_of([self.place.id], grade=grade)
        seated = pupils_of_classes([one.id for one in classes])
        return [pupil for one in classes for pupil in seated[one.id]]

    def _ability(self, pupils: list[PupilInfo]) -> np.ndarray:
        classes = sorted({pupil.home_class_id for pupil in pupils})
        effect = dict(zip(classes, self.rng.normal(0, 0.2, len(classes)), strict=True))
        own = self.rng.normal(0.8, 0.9, len(pupils))
        return self.effect + np.array([effect[pupil.home_class_id] for pupil in pupils]) + own

    def _exam(
        self, name: str, nature: Nature, grade: int, held_on: date, subjects: dict[str, float], **more: str
    ) -> Exam:
        return create_exam(
            actor=ACTOR,
            organisation_id=self.place.id,
            term=self.term,
            proposal=Proposal(name, nature, grade, (self.term.school_year, self.term.number), **more),
            held_on=held_on,
            subjects=subjects,
        )

    def _finished(
        self,
        key: str,
        nature: Nature,
        held_on: date,
        pupils: list[PupilInfo],
        ability: np.ndarray,
        grade: int = JUNIOR_GRADE,
    ) -> None:
        plan = self.papers[key]
        name = plan["title"].replace("数学", "") + "考试"
        exam = self._exam(name, nature, grade, held_on, {plan["subject"]: float(plan["full"])})
        self._items(exam, key, pupils, ability)

    def _items(
        self, exam: Exam, key: str, pupils: list[PupilInfo], ability: np.ndarray, *, own: bool = False
    ) -> None:
        plan = self.papers[key]
        items = self._composed(plan["items"]) if own else plan["items"]
        paper = self._paper(exam, plan, items)
        answers = invent(items, ability, self.rng)
        choices = answers.choices if (answers.choices != "").any() else None
        self._commit(
            paper,
            pupils,
            AttemptBlock(
                *_who(pupils),
                answers.statuses,
                answers.marks,
                answers.states,
                choices,
                np.where(answers.statuses > 0, np.nan, answers.marks.sum(axis=1)),
            ),
        )

    def _composed(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The school's own order of the shared items, and own difficulty of the others."""
        found = [
            {**item, "shared": f"M7-{number:02d}" if item["type"] in SHARED_TYPES else ""}
            for number, item in enumerate(items, 1)
        ]
        labels = [item["label"] for item in found]
        for kind in SHARED_TYPES:
            places = [place for place, item in enumerate(found) if item["type"] == kind]
            moved = [found[places[i]] for i in self.rng.permutation(len(places))]
            for place, item in zip(places, moved, strict=True):
                found[place] = {**item, "label": labels[place]}
        return [
            item if item["shared"] else {**item, "difficulty": item["difficulty"] + self.rng.normal(0, 0.3)}
            for item in found
        ]

    def _paper(self, exam: Exam, plan: dict[str, Any], items: list[dict[str, Any]]) -> Paper:
        paper = Paper.objects.get(exam=exam, subject=plan["subject"])
        save_blueprint(
            actor=ACTOR,
            paper=paper,
            rows=[_row(item) for item in items],
            full_score=float(plan["full"]),
            base_revision=paper.revision,
        )
        paper.refresh_from_db()
        return paper

    def _totals(self, exam: Exam, subject: str, pupils: list[PupilInfo], ability: np.ndarray) -> None:
        """A subject of which only totals are known."""
        totals = 68 + 14 * (0.7 * ability + self.rng.normal(0, 0.7, len(ability)))
        size = len(pupils)
        block = AttemptBlock(
            *_who(pupils),
            np.zeros(size, np.int8),
            np.empty((size, 0)),
            np.empty((size, 0), np.int8),
            None,
            np.clip(np.round(totals * 2) / 2, 0, 100),
        )
        self._commit(Paper.objects.get(exam=exam, subject=subject), pupils, block)

    def _draft(self) -> None:
        """A paper whose marks wait for quick entry."""
        exam = self._exam(
            "七年级数学质量监测",
            Nature.MONITORING,
            JUNIOR_GRADE,
            self.final_on,
            {MATHEMATICS: 100.0},
            document_number="大教体监〔示例〕3 号",
            sampling_plan="七年级各班全体学生，示例数据",
        )
        self._paper(exam, self.papers["draft"], self.papers["draft"]["items"])

    def _commit(self, paper: Paper, pupils: list[PupilInfo], block: AttemptBlock) -> None:
        commit_marks(actor=ACTOR, paper=paper, block=block, source=Attempt.Source.SEED)


def _who(pupils: list[PupilInfo]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([pupil.enrolment_id for pupil in pupils], np.int64),
        np.array([pupil.home_class_id for pupil in pupils], np.int64),
        np.array([pupil.class_number for pupil in pupils], np.int16),
    )


def _row(item: dict[str, Any]) -> BlueprintRow:
    kind = ItemType(item["type"])
    return BlueprintRow(
        item["label"],
        kind,
        float(item["full"]),
        item["key"],
        OPTIONS if kind.objective else "",
        item["full"] / 2 if kind is ItemType.MULTIPLE else 0.0,
        item.get("shared", ""),
        tuple((code, float(weight)) for code, weight in item["points"]),
    )
