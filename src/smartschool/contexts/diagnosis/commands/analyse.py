"""Command analyse_paper: one version of all figures of one paper, stored set by set."""

import math
from typing import Any

import numpy as np

from smartschool.contexts.assessment.public import doors as assessment
from smartschool.contexts.assessment.public.contracts import PaperData
from smartschool.contexts.curriculum.public import doors as curriculum
from smartschool.contexts.diagnosis import figures as stored
from smartschool.contexts.diagnosis import sketch as sketches
from smartschool.contexts.diagnosis.compose import differences
from smartschool.contexts.diagnosis.compute.analyse import ALGORITHM, PaperAnalysis, analyse
from smartschool.contexts.diagnosis.compute.paper import Settings, digests, make_sketch
from smartschool.contexts.diagnosis.models import AnalysisRun, ClassFigure, ItemFigure, PupilReport, Release
from smartschool.contexts.diagnosis.queries import last_run
from smartschool.contexts.directory.public import codes
from smartschool.contexts.directory.public import doors as directory
from smartschool.kernel import bulk, clock
from smartschool.kernel.actor import Actor
from smartschool.kernel.command import command, done
from smartschool.kernel.ready import insert_row

Trigger = AnalysisRun.Trigger
CORRECTING = frozenset({Trigger.CORRECTION, Trigger.BLUEPRINT})


@command("diagnosis.analyse_paper")
def analyse_paper(
    *,
    actor: Actor,
    paper_id: int,
    trigger: Trigger = Trigger.MARKS,
    reason: str = "",
    settings: Settings | None = None,
) -> AnalysisRun | None:
    """Analyse a paper of the open scope; nothing is written where its input has not changed.

    Returns the version in force, or None where the paper has no attempt: a report that stood before its
    marks were taken back is withdrawn, and so is its release.
    """
    chosen = settings or Settings()
    last = last_run(paper_id)
    former = last if last is not None and last.current else None
    data = assessment.paper_for_analysis(paper_id)
    organisation = data.paper.exam.organisation_id
    if not len(data.attempt_ids):
        _withdraw(former)
        done(
            ("assessment.paper", paper_id),
            organisation_id=organisation,
            data={"attempts": 0, "withdrawn": former.number if former else None},
            event="diagnosis.report_withdrawn" if former else None,
            ids={"paper": paper_id, "former": former.pk} if former else None,
        )
        return None
    inputs = digests(data)
    if former is not None and _unchanged(former, inputs, chosen):
        done(former, organisation_id=organisation, data={"unchanged": True})
        return former
    points = curriculum.point_words(data.point_ids)
    # Codes follow the order of the tree, which is the order of teaching.
    order = sorted((code, key, name) for key, (code, name) in points.items())
    subject = codes.table("subject").name(data.paper.subject)
    sketch = make_sketch(data, subject, [(key, code, name) for code, key, name in order], chosen)
    enrolments = data.enrolment_ids.tolist()
    sex_of = directory.sexes_by_enrolment(enrolments)
    sexes = [sex_of.get(key, "") for key in enrolments]
    found = analyse(data, sketch, [key for _, key, _ in order], chosen, sexes)
    run = _write_run(
        data,
        found,
        former,
        trigger=trigger,
        reason=reason,
        settings=chosen.as_json(),
        inputs=inputs,
        number=1 if last is None else last.number + 1,
    )
    _write_groups(run, found)
    _write_items(run, data, found)
    _write_pupils(run, found)
    done(
        run,
        organisation_id=organisation,
        data={"paper": data.paper.code, "version": run.number, "trigger": run.trigger},
        event="diagnosis.paper_analysed",
        ids={"paper": paper_id, "run": run.pk, "former": former.pk if former else None},
    )
    return run


def _withdraw(former: AnalysisRun | None) -> None:
    """Nothing that has no marks behind it is shown: not to teachers, and not to families any more."""
    if former is None:
        return
    AnalysisRun.rows().filter(pk=former.pk).update(current=False)
    Release.rows().filter(paper_id=former.paper_id, withdrawn_at__isnull=True).update(
        withdrawn_at=clock.now(), withdrawn_reason="得分已经撤销，报告随之收回。"
    )


def _unchanged(former: AnalysisRun, inputs: dict[str, Any], settings: Settings) -> bool:
    return former.algorithm == ALGORITHM and former.inputs == inputs and former.settings == settings.as_json()


def _write_run(
    data: PaperData,
    found: PaperAnalysis,
    former: AnalysisRun | None,
    *,
    trigger: Trigger,
    reason: str,
    settings: dict[str, Any],
    inputs: dict[str, Any],
    number: int,
) -> AnalysisRun:
    changes = None
    if former is not None:
        if trigger in CORRECTING or _moved(former, data, found):
            changes = _changes(former, found)
        AnalysisRun.rows().filter(pk=former.pk).update(current=False)
    paper, exam = data.paper, data.paper.exam
    run = AnalysisRun(
        organisation_id=exam.organisation_id,
        paper_id=paper.id,
        paper_code=paper.code,
        number=number,
        paper_revision=paper.revision,
        algorithm=ALGORITHM,
        settings=settings,
        trigger=trigger,
        reason=reason,
        inputs=inputs,
        sketch=sketches.dump(found.sketch),
        exam_name=exam.name,
        held_on=exam.held_on,
        subject=paper.subject,
        stage=paper.stage,
        grade=paper.grade,
        term_id=exam.term_id,
        nature=exam.nature.value,
        n_pupils=found.whole.n_present,
        n_classes=len(found.classes),
        changes=changes,
    )
    insert_row(run)
    return run


def _moved(former: AnalysisRun, data: PaperData, found: PaperAnalysis) -> bool:
    """Whether what stood in the former version was put right: the two-way table, or a total that was known.

    The trigger alone does not say it: a correction that comes while an analysis waits is carried out by that
    one, and a workbook that is handed in again may hold other marks.
    """
    if data.paper.revision != former.paper_revision:
        return True
    known = PupilReport.rows().filter(run=former, share__isnull=False)
    now = dict(zip(found.pupils.enrolment_ids.tolist(), found.pupils.share.tolist(), strict=True))
    return any(
        not abs(now.get(pupil, math.nan) - share) < differences.LEAST  # NaN: there is no total any more
        for pupil, share in known.values_list("enrolment_id", "share")
    )


def _changes(former: AnalysisRun, found: PaperAnalysis) -> dict[str, Any]:
    """Differences of the whole paper; which pupils moved is read from the rows when somebody looks."""
    row = ClassFigure.rows().get(run=former, home_class__isnull=True)
    pair = (
        sketches.load(former.sketch),
        stored.load(row.numbers, row.words),
        found.sketch,
        stored.load(found.whole.numbers.tolist(), found.whole.words),
    )
    return {
        "items": differences.dump(differences.item_changes(*pair)),
        "points": differences.dump(differences.point_changes(*pair)),
    }


def _write_groups(run: AnalysisRun, found: PaperAnalysis) -> None:
    classes = directory.classes_by_id(found.classes, on=run.held_on)
    rows: list[tuple[int | None, str, str, stored.Stored]] = [(None, "", "", found.whole)]
    rows += [(key, classes[key].code, classes[key].name, group) for key, group in found.classes.items()]
    bulk.insert(
        ClassFigure,
        {
            "organisation_id": [run.organisation_id] * len(rows),
            "run_id": [run.pk] * len(rows),
            "home_class_id": [row[0] for row in rows],
            "class_code": [row[1] for row in rows],
            "class_name": [row[2] for row in rows],
            "subject": [run.subject] * len(rows),
            "n_present": [row[3].n_present for row in rows],
            "numbers": [row[3].numbers for row in rows],
            "words": [row[3].words for row in rows],
        },
    )


def _write_items(run: AnalysisRun, data: PaperData, found: PaperAnalysis) -> None:
    items = found.sketch.items
    count = len(items)
    bulk.insert(
        ItemFigure,
        {
            "organisation_id": [run.organisation_id] * count,
            "run_id": [run.pk] * count,
            "position": list(range(count)),
            "shared_item": [item.bank_code for item in items],
            "points": [[found.point_ids[k] for k in item.weights] for item in items],
            "weights": [list(item.weights.values()) for item in items],
            "full_score": [item.full for item in items],
            "n": found.items.n.tolist(),
            "share_sum": found.items.share_sum.tolist(),
            "share_squares": found.items.share_squares.tolist(),
        },
    )


def _write_pupils(run: AnalysisRun, found: PaperAnalysis) -> None:
    own = found.pupils
    count = len(own.enrolment_ids)
    taken = np.asarray((own.n_items > 0).any(axis=1))

    def arrays(block: np.ndarray[Any, Any]) -> Any:
        """The block as it is where all took part; nothing for those who did not."""
        if taken.all():
            return block
        return [row if has else row[:0] for row, has in zip(block, taken.tolist(), strict=True)]

    bulk.insert(
        PupilReport,
        {
            "organisation_id": [run.organisation_id] * count,
            "run_id": [run.pk] * count,
            "enrolment_id": own.enrolment_ids.tolist(),
            "home_class_id": own.class_ids.tolist(),
            "class_number": own.class_numbers.tolist(),
            "subject": [run.subject] * count,
            "status": own.statuses.tolist(),
            "level": [level if level >= 0 else None for level in own.level.tolist()],
            "share": [
                share if known else None
                for share, known in zip(own.share.tolist(), np.isfinite(own.share), strict=True)
            ],
            "states": arrays(own.states),
            "estimates": arrays(own.estimates),
            "lows": arrays(own.lows),
            "highs": arrays(own.highs),
            "sure": arrays(own.sure),
            "n_items": arrays(own.n_items),
        },
    )
