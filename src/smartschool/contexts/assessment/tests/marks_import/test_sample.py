"""The sample workbook of marks gives its truth."""

import json
import os
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from smartschool.contexts.assessment.tests.marks_import.files import codes, data_of, load, warnings
from smartschool.contexts.assessment.tests.world import build
from smartschool.contexts.directory.models import Enrolment
from smartschool.contexts.directory.public.hashes import id_hash

pytestmark = pytest.mark.django_db

SAMPLES = Path(os.environ.get("SMARTSCHOOL_DATA", "/nonexistent")) / "workbooks"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="SMARTSCHOOL_DATA names no folder with workbooks")
def test_the_sample_workbook_gives_its_truth() -> None:
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))["exam"]
    content = (SAMPLES / "exam_wide.xlsx").read_bytes()
    rows = CalamineWorkbook.from_path(str(SAMPLES / "exam_wide.xlsx")).get_sheet_by_index(0).to_python()
    numbers = [row[0] for row in rows if str(row[0]).startswith("G")]
    unknown = {fault["student"] for fault in truth["faults"] if fault["code"] == "unknown_pupil"}
    world = build(classes=3, pupils=20)
    with world.scope():
        for number, place in zip((n for n in numbers if n not in unknown), world.pupils, strict=False):
            Enrolment.objects.filter(pk=place.enrolment_id).update(id_hash=id_hash(str(number)[1:]))
        paper = world.paper([], full_score=60)
    report = load(world, paper, content)
    row_of = {row[0]: index + 1 for index, row in enumerate(rows)}
    assert sorted(codes(report)) == sorted(
        (row_of[fault["student"]], fault["column"], fault["code"]) for fault in truth["faults"]
    )
    assert report.rows == truth["pupils"]
    found = [code for _, _, code in warnings(report)]
    assert found.count("total_differs") == truth["total_differs"]
    assert found.count("blank_item") == truth["blank_items"]
    partly = load(world, paper, content, accept_partial=True)
    assert (partly.applied, partly.refused) == (truth["pupils"] - 3, 3)
    data = data_of(world, paper)
    assert (data.statuses == 1).sum() == truth["absent"]
    assert {item.label: item.full for item in data.items} == truth["full"]
