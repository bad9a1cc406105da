"""Whoever waits is told that work goes on, and why the first time takes longer."""

from __future__ import annotations

import time

import pytest

from smartschool.cli.analyze import _must_compile
from smartschool.cli.patience import said_after


def test_long_work_says_that_it_goes_on(capsys):
    with said_after(0.01, "还在计算"):
        time.sleep(0.3)
    assert capsys.readouterr().err == "还在计算\n"


def test_short_work_says_nothing(capsys):
    with said_after(30.0, "还在计算"):
        pass
    with pytest.raises(ValueError, match="坏了"), said_after(30.0, "还在计算"):
        raise ValueError("坏了")
    time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_models_are_new_until_their_code_is_compiled(tmp_path):
    compiled = tmp_path / "compiled-1"
    assert _must_compile(["gdina"], compiled)
    assert not _must_compile(["dif"], compiled)
    (compiled / "cdm_0").mkdir(parents=True)
    assert not _must_compile(["gdina"], compiled)
    assert _must_compile(["auto", "gdina"], compiled)
    (compiled / "irt_0").mkdir()
    assert not _must_compile(["auto", "gdina", "dif"], compiled)
