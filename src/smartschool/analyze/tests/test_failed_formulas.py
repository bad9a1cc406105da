"""Formulas that failed, in workbooks of every format: a fault by row and column, never a blank."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from smartschool.analyze.compound_file import stream
from smartschool.analyze.formula_errors_xls import errors_of_sheet

BOOKS = Path(__file__).parent / "failed_formulas"


@pytest.mark.parametrize("book", ["old.xls", "open.ods"])
def test_a_formula_that_failed_in_another_format_is_no_blank(run, tmp_path, book):
    place = tmp_path / "exam"
    place.mkdir()
    shutil.copy(BOOKS / book, place / f"小题分{Path(book).suffix}")
    result = run(place, "--json")
    assert result.code == 1
    faults = json.loads(result.out)["faults"]
    assert [(fault["row"], fault["column"]) for fault in faults] == [(4, "1"), (4, "2")]
    assert "“#DIV/0!”" in faults[0]["message"]
    assert "“#N/A”" in faults[1]["message"]


@pytest.mark.parametrize("kept", [0, 40, 512, 600, 2000, 4000, 5600])
def test_an_old_workbook_cut_short_gives_no_crash(kept):
    data = (BOOKS / "old.xls").read_bytes()[:kept]
    list(errors_of_sheet(stream(data, ("Workbook", "Book")), 1))
