"""Examples in docstrings say what the code does."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "edumetrics.aggregates",
    "edumetrics.arrays",
    "edumetrics.exam",
    "edumetrics.levels",
    "edumetrics.mastery",
    "edumetrics.options",
    "edumetrics.suppression",
    "edumetrics.ctt.marks",
    "edumetrics.ctt.reliability",
    "edumetrics.ctt.scores",
    "smartschool.analyze.choices",
    "smartschool.analyze.markup",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
